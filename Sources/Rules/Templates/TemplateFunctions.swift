import MetricModel
import PromQL

/// The functions of templates that compute without asking anybody: Go's own (text/template/funcs.go) and upstream's.
package enum TemplateFunctions {
    static let names: Set<String> = [
        "and", "args", "eq", "externalURL", "first", "ge", "graphLink", "gt", "html", "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "index", "js",
        "label", "le", "len", "lt", "match", "ne", "not", "now", "or", "parseDuration", "pathPrefix", "print", "printf", "println", "query", "reReplaceAll", "safeHtml", "slice", "sortByLabel",
        "stripDomain", "stripPort", "strvalue", "tableLink", "title", "toDuration", "toLower", "toTime", "toUpper", "urlQueryEscape", "urlquery", "value",
    ]

    /// How many arguments a function takes at least and at most, nil for any number.
    static func arity(_ name: String) -> (Int, Int?) {
        switch name {
        case "and", "or", "eq", "index", "slice", "printf": (1, nil)
        case "args", "print", "println", "html", "js", "urlquery": (0, nil)
        case "ne", "lt", "le", "gt", "ge", "label", "match", "sortByLabel": (2, 2)
        case "reReplaceAll": (3, 3)
        case "externalURL", "pathPrefix", "now": (0, 0)
        default: (1, 1)
        }
    }

    /// What stands around a template: the server's address and the time.
    package struct Context {
        var externalURL: String
        var atMillis: Int64

        package init(externalURL: String = "", atMillis: Int64 = 0) {
            self.externalURL = externalURL
            self.atMillis = atMillis
        }
    }

    /// Arguments are as many as `arity` says. `query`, `and` and `or` are the executor's.
    static func call(_ name: String, _ arguments: [TemplateValue], _ context: Context) throws(TemplateError) -> TemplateValue {
        switch name {
        case "first":
            guard let first = try samples(arguments[0]).first else { throw TemplateError("first() called on vector with no elements") }
            return first
        case "label": return .string(try labels(arguments[1])[try text(arguments[0])] ?? "")
        case "strvalue": return .string(try labels(arguments[0])["__value__"] ?? "")
        case "value":
            guard case .sample(_, let value) = arguments[0] else { throw wrongType(arguments[0], "*template.sample") }
            return value
        case "sortByLabel":
            let name = try text(arguments[0])
            let keyed = try samples(arguments[1]).map { (key: try? labels($0)[name], sample: $0) }
            return .samples(keyed.enumerated().sorted { a, b in
                let (x, y) = (a.element.key ?? "", b.element.key ?? "")
                return x == y ? a.offset < b.offset : x.utf8.lexicographicallyPrecedes(y.utf8)
            }.map(\.element.sample))
        case "args": return .map(Dictionary(uniqueKeysWithValues: arguments.enumerated().map { ("arg\($0.offset)", $0.element) }))
        case "humanize": return .string(Humanize.metric(try Humanize.number(arguments[0])))
        case "humanize1024": return .string(Humanize.binary(try Humanize.number(arguments[0])))
        case "humanizeDuration": return .string(Humanize.duration(try Humanize.number(arguments[0])))
        case "humanizePercentage": return .string(Humanize.percentage(try Humanize.number(arguments[0])))
        case "humanizeTimestamp": return .string(try Humanize.timestamp(try Humanize.number(arguments[0])))
        case "toTime": return .time(try Humanize.nanos(try Humanize.number(arguments[0])))
        case "toDuration": return .duration(GoNumber64.truncated(try Humanize.number(arguments[0]) * 1e9))
        case "now": return .float(Double(context.atMillis) / 1_000)
        case "parseDuration": return .float(try duration(try text(arguments[0])))
        case "match": return .bool(try TextPattern(try text(arguments[0])).isFound(in: try text(arguments[1])))
        case "reReplaceAll": return .string(try TextPattern(try text(arguments[0])).replacing(in: try text(arguments[2]), with: try text(arguments[1])))
        case "title": return .string(titled(try text(arguments[0])))
        case "toUpper": return .string(try text(arguments[0]).uppercased())
        case "toLower": return .string(try text(arguments[0]).lowercased())
        case "safeHtml": return .string(try text(arguments[0]))
        case "stripPort":
            let text = try text(arguments[0])
            return .string(HostPort(text)?.host ?? text)
        case "stripDomain": return .string(HostPort.withoutDomain(try text(arguments[0])))
        case "graphLink": return .string(GoURL.graphLink(try text(arguments[0])))
        case "tableLink": return .string(GoURL.tableLink(try text(arguments[0])))
        case "pathPrefix": return .string(GoURL.path(context.externalURL))
        case "externalURL": return .string(context.externalURL)
        case "urlQueryEscape": return .string(GoURL.escaped(try text(arguments[0])))
        case "urlquery": return .string(GoURL.escaped(printed(arguments)))
        case "html": return .string(escaped(printed(arguments), ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&#34;", "'": "&#39;"]))
        case "js": return .string(escaped(printed(arguments), ["\\": "\\\\", "'": "\\'", "\"": "\\\"", "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D", "\n": "\\u000A"]))
        case "print": return .string(printed(arguments))
        case "println": return .string(arguments.map(GoPrint.text).joined(separator: " ") + "\n")
        case "printf": return .string(GoPrint.format(try text(arguments[0]), Array(arguments.dropFirst())))
        case "not": return .bool(!arguments[0].isTrue)
        case "len": return .int(try length(arguments[0]))
        case "index": return try index(arguments)
        case "slice": return try slice(arguments)
        default: return .bool(try TemplateComparison.call(name, arguments))
        }
    }

    static func wrongType(_ value: TemplateValue, _ expected: String) -> TemplateError {
        if case .none = value { return TemplateError("invalid value; expected \(expected)") }
        return TemplateError("wrong type for value; expected \(expected); got \(value.typeName)")
    }

    static func text(_ value: TemplateValue) throws(TemplateError) -> String {
        guard case .string(let text) = value else { throw wrongType(value, "string") }
        return text
    }

    private static func samples(_ value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
        guard case .samples(let samples) = value else { throw wrongType(value, "template.queryResult") }
        return samples
    }

    private static func labels(_ value: TemplateValue) throws(TemplateError) -> [String: String] {
        guard case .sample(let labels, _) = value else { throw wrongType(value, "*template.sample") }
        return labels
    }

    /// Go's `Sprint`: spaces between operands when neither is a text.
    private static func printed(_ values: [TemplateValue]) -> String {
        var out = ""
        var wasText = true
        for (index, value) in values.enumerated() {
            let isText = if case .string = value { true } else { false }
            if index > 0, !isText, !wasText { out += " " }
            out += GoPrint.text(value)
            wasText = isText
        }
        return out
    }

    private static func escaped(_ text: String, _ replacements: [Character: String]) -> String { text.map { replacements[$0] ?? String($0) }.joined() }

    /// Every word with a capital, the other letters as they are.
    private static func titled(_ text: String) -> String {
        var out = ""
        var isInside = false
        for character in text {
            out += isInside || !character.isLetter ? String(character) : character.uppercased()
            isInside = character.isLetter || character.isNumber || character == "'" && isInside
        }
        return out
    }

    /// Seconds of `1h30m`, with a sign or without.
    private static func duration(_ text: String) throws(TemplateError) -> Double {
        let isNegative = text.hasPrefix("-")
        guard let duration = ModelDuration(isNegative ? String(text.dropFirst()) : text) else {
            throw TemplateError(text.isEmpty ? "empty duration string" : "not a valid duration string: \(LabelName.quoted(text))")
        }
        return isNegative ? -duration.seconds : duration.seconds
    }

    private static func length(_ value: TemplateValue) throws(TemplateError) -> Int64 {
        switch value {
        case .string(let text): return Int64(text.utf8.count)
        case .labels(let labels): return Int64(labels.count)
        case .map(let map): return Int64(map.count)
        case .samples(let list), .list(let list): return Int64(list.count)
        case .none: throw TemplateError("len of nil pointer")
        default: throw TemplateError("len of type \(value.typeName)")
        }
    }

    private static func index(_ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        var item = arguments[0]
        for index in arguments.dropFirst() {
            switch item {
            case .labels(let labels): item = .string(labels[try text(index)] ?? "")
            case .map(let map): item = map[try text(index)] ?? .none
            case .samples(let list), .list(let list): item = list[try place(index, list.count)]
            case .string(let text): item = .uint(UInt64(Array(text.utf8)[try place(index, text.utf8.count)]))
            case .none: throw TemplateError("index of untyped nil")
            default: throw TemplateError("can't index item of type \(item.typeName)")
            }
        }
        return item
    }

    private static func place(_ value: TemplateValue, _ count: Int) throws(TemplateError) -> Int {
        let number: Int64
        switch value {
        case .int(let int): number = int
        case .uint(let uint): number = Int64(clamping: uint)
        case .none: throw TemplateError("cannot index slice/array with nil")
        default: throw TemplateError("cannot index slice/array with type \(value.typeName)")
        }
        guard number >= 0, number < Int64(count) else { throw TemplateError("index out of range: \(number)") }
        return Int(number)
    }

    private static func slice(_ arguments: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        guard arguments.count <= 3 else { throw TemplateError("too many slice indexes: \(arguments.count - 1)") }
        func range(_ count: Int) throws(TemplateError) -> Range<Int> {
            let lower = arguments.count > 1 ? try place(arguments[1], count + 1) : 0
            let upper = arguments.count > 2 ? try place(arguments[2], count + 1) : count
            guard lower <= upper else { throw TemplateError("invalid slice index: \(lower) > \(upper)") }
            return lower..<upper
        }
        switch arguments[0] {
        case .string(let text): return .string(String(decoding: Array(text.utf8)[try range(text.utf8.count)], as: UTF8.self))
        case .samples(let list): return .samples(Array(list[try range(list.count)]))
        case .list(let list): return .list(Array(list[try range(list.count)]))
        case .none: throw TemplateError("slice of untyped nil")
        default: throw TemplateError("can't slice item of type \(arguments[0].typeName)")
        }
    }
}

/// Conversions that never trap.
enum GoNumber64 {
    /// Whole, towards zero, held within 64 bits; 0 for what is no number.
    static func truncated(_ value: Double) -> Int64 { value.isNaN ? 0 : value >= 0x1p63 ? .max : value <= -0x1p63 ? .min : Int64(value) }
}
