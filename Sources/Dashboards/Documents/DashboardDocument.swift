import Bytes

/// A dashboard as its author wrote it: Grafana's JSON, kept whole and in order, with what the store needs read out of it.
package struct DashboardDocument: Sendable, Equatable {
    /// The document, unchanged.
    package let json: JSONValue
    /// Trimmed, not empty.
    package let title: String
    /// Empty when the author gave none.
    package private(set) var uid: String
    /// The numeric id of the Grafana it was exported from, 0 for none.
    package private(set) var id: Int
    /// 0 for none.
    package let version: Int
    package let tags: [String]

    /// Checks the document and reads it. `{"dashboard": {…}}`, as the API and provisioning files wrap it, is unwrapped.
    package init(_ json: JSONValue, file: String? = nil) throws(DashboardsError) {
        self = try DashboardCheck(file: file).check(Self.unwrapped(json))
    }

    init(json: JSONValue, title: String, uid: String, tags: [String]) {
        self.json = json
        self.title = title
        self.uid = uid
        self.tags = tags
        id = json["id"]?.int ?? 0
        version = json["version"]?.int ?? 0
    }

    /// The same document to be stored under `uid`, whatever id it was exported with.
    func identified(by uid: String) -> DashboardDocument {
        var copy = self
        copy.uid = uid
        copy.id = 0
        return copy
    }

    private static func unwrapped(_ json: JSONValue) -> JSONValue {
        guard let inner = json["dashboard"], inner.object != nil, json["panels"] == nil, json["title"] == nil else { return json }
        return inner
    }

    /// Reads a file's bytes; `file` is named in errors.
    package init(bytes: [UInt8], file: String) throws(DashboardsError) {
        let json: JSONValue
        do {
            json = try JSONParser.parse(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes)
        } catch {
            throw .invalidDocument(file: file, key: "line \(error.line)", reason: "not JSON: \(error.reason)")
        }
        try self.init(json, file: file)
    }

    /// The last part of a dashboard's URL: its title in lower case, everything but ASCII letters and digits as single hyphens.
    package static func slug(of title: String) -> String {
        var slug = ""
        for scalar in title.lowercased().unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9", "_": slug.unicodeScalars.append(scalar)
            default: if !slug.isEmpty, slug.last != "-" { slug.append("-") }
            }
        }
        while slug.last == "-" { slug.removeLast() }
        return slug.isEmpty ? "-" : slug
    }
}
