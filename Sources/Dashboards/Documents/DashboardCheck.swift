import Bytes

/// Whether a JSON document can be a dashboard. It looks at the keys that a dashboard is shown by and lets all others be, so that
/// documents of every Grafana since version 4 (`rows` instead of `panels`) pass.
struct DashboardCheck {
    /// Named in errors.
    let file: String?

    private static let titleCharactersMax = 5_000
    private static let uidCharactersMax = 40
    private static let panelsMax = 1_000

    func check(_ json: JSONValue) throws(DashboardsError) -> DashboardDocument {
        guard json.object != nil else { throw wrong("(document)", "a JSON object was expected, not \(Self.kind(json))") }
        guard let title = json["title"], !title.isNull else { throw wrong("title", "a dashboard must have a title") }
        guard let text = title.string else { throw wrong("title", "text was expected, not \(Self.kind(title))") }
        let trimmed = Self.trimmed(text)
        guard !trimmed.isEmpty else { throw wrong("title", "Dashboard title cannot be empty") }
        guard trimmed.count <= Self.titleCharactersMax else { throw wrong("title", "longer than \(Self.titleCharactersMax) characters") }
        try member("id", of: json, is: "a number") { $0.int != nil }
        try member("version", of: json, is: "a number") { $0.int != nil }
        try member("time", of: json, is: "an object") { $0.object != nil }
        try member("refresh", of: json, is: "text such as \"10s\"") { $0.string != nil || $0.bool != nil }
        try member("schemaVersion", of: json, is: "a number") { $0.int != nil }
        try checkVariables(json)
        var count = 0
        try checkPanels(json["panels"], at: "panels", count: &count)
        for (index, row) in try list(json["rows"], at: "rows").enumerated() { try checkPanels(row["panels"], at: "rows[\(index)].panels", count: &count) }
        return DashboardDocument(json: json, title: trimmed, uid: try Self.uid(json["uid"], wrong), tags: try tags(json))
    }

    /// A uid as Grafana takes it: at most 40 of `a-z A-Z 0-9 - _`; empty for none.
    static func uid(_ value: JSONValue?, _ wrong: (String, String) -> DashboardsError) throws(DashboardsError) -> String {
        guard let value, !value.isNull else { return "" }
        guard let text = value.string else { throw wrong("uid", "text was expected, not \(kind(value))") }
        let uid = trimmed(text)
        guard uid.utf8.allSatisfy({ isUIDByte($0) }) else { throw wrong("uid", "uid contains illegal characters; a-z A-Z 0-9 - _ are taken") }
        guard uid.utf8.count <= uidCharactersMax else { throw wrong("uid", "uid too long, max \(uidCharactersMax) characters") }
        return uid
    }

    private static func isUIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private func tags(_ json: JSONValue) throws(DashboardsError) -> [String] {
        var tags: [String] = []
        guard let value = json["tags"], !value.isNull else { return tags }
        guard let elements = value.array else { throw wrong("tags", "a list of texts was expected, not \(Self.kind(value))") }
        for (index, element) in elements.enumerated() {
            guard let tag = element.string else { throw wrong("tags[\(index)]", "text was expected, not \(Self.kind(element))") }
            if !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }

    private func checkVariables(_ json: JSONValue) throws(DashboardsError) {
        for (index, variable) in try list(json["templating"]?["list"], at: "templating.list").enumerated() {
            let key = "templating.list[\(index)]"
            guard let name = variable["name"]?.string, !name.isEmpty else { throw wrong("\(key).name", "a variable must have a name") }
            guard variable["type"]?.string != nil else { throw wrong("\(key).type", "variable \"\(name)\" must have a type such as \"query\"") }
        }
    }

    private func checkPanels(_ value: JSONValue?, at key: String, count: inout Int) throws(DashboardsError) {
        for (index, panel) in try list(value, at: key).enumerated() {
            count += 1
            guard count <= Self.panelsMax else { throw wrong(key, "more than \(Self.panelsMax) panels") }
            let key = "\(key)[\(index)]"
            guard panel["type"]?.string != nil || panel["libraryPanel"] != nil else { throw wrong("\(key).type", "a panel must have a type such as \"timeseries\"") }
            try checkPosition(panel["gridPos"], at: "\(key).gridPos")
            _ = try list(panel["targets"], at: "\(key).targets")
            try checkPanels(panel["panels"], at: "\(key).panels", count: &count)
        }
    }

    private func checkPosition(_ value: JSONValue?, at key: String) throws(DashboardsError) {
        guard let value, !value.isNull else { return }
        guard value.object != nil else { throw wrong(key, "an object with h, w, x and y was expected, not \(Self.kind(value))") }
        for side in ["h", "w", "x", "y"] {
            guard let number = value[side], !number.isNull else { continue }
            guard let number = number.double, (0...100_000).contains(number) else { throw wrong("\(key).\(side)", "a number of grid cells was expected") }
        }
    }

    /// The objects of a list; empty when the key is absent.
    private func list(_ value: JSONValue?, at key: String) throws(DashboardsError) -> [JSONValue] {
        guard let value, !value.isNull else { return [] }
        guard let elements = value.array else { throw wrong(key, "a list was expected, not \(Self.kind(value))") }
        for (index, element) in elements.enumerated() where element.object == nil {
            throw wrong("\(key)[\(index)]", "an object was expected, not \(Self.kind(element))")
        }
        return elements
    }

    private func member(_ key: String, of json: JSONValue, is what: String, _ accepts: (JSONValue) -> Bool) throws(DashboardsError) {
        guard let value = json[key], !value.isNull, !accepts(value) else { return }
        throw wrong(key, "\(what) was expected, not \(Self.kind(value))")
    }

    private func wrong(_ key: String, _ reason: String) -> DashboardsError { .invalidDocument(file: file, key: key, reason: reason) }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
