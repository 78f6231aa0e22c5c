import MetricModel
import Yams

/// A mapping of a YAML file, read key by key; a key that nobody asked for is an error that names it and its line.
struct YAMLSection {
    let file: String
    /// Where in the document, for messages: `scrape_configs[2]`; empty at the top.
    let path: String
    private let pairs: [(key: String, value: Node, line: Int?)]
    private let line: Int?
    private var asked: Set<String> = []

    /// The top of a document. An empty document is an empty mapping.
    static func document(_ text: String, file: String) throws(ConfigurationError) -> YAMLSection {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            let (line, reason) = problem(of: error)
            throw ConfigurationError(file: file, line: line, reason: reason)
        }
        guard let node else { return YAMLSection(file: file, path: "", pairs: [], line: 1) }
        return try YAMLSection(file: file, path: "", node: node)
    }

    private init(file: String, path: String, pairs: [(key: String, value: Node, line: Int?)], line: Int?) {
        self.file = file
        self.path = path
        self.pairs = pairs
        self.line = line
    }

    /// - Parameter line: where its key stands; without one it begins where the node does.
    init(file: String, path: String, node: Node, line: Int? = nil) throws(ConfigurationError) {
        if case .scalar(let scalar) = node, scalar.string.isEmpty || scalar.string == "null" || scalar.string == "~" {
            self.init(file: file, path: path, pairs: [], line: line ?? node.mark?.line)
            return
        }
        guard case .mapping(let mapping) = node else {
            throw ConfigurationError(file: file, line: node.mark?.line, reason: "\(path.isEmpty ? "the document" : path) must be a mapping of keys to values")
        }
        var pairs: [(key: String, value: Node, line: Int?)] = []
        for (key, value) in YAMLPairs.of(mapping) {
            guard let name = key.string, !Self.isBinary(key) else { throw ConfigurationError(file: file, line: key.mark?.line, reason: "a key must be text") }
            if pairs.contains(where: { $0.key == name }) {
                throw ConfigurationError(file: file, line: key.mark?.line, reason: "key \"\(name)\" already set in \(path.isEmpty ? "the document" : path)")
            }
            pairs.append((name, value, key.mark?.line))
        }
        self.init(file: file, path: path, pairs: pairs, line: line ?? node.mark?.line)
    }

    /// Bytes in base64 (`!!binary`), which no key and no value here is.
    private static func isBinary(_ node: Node) -> Bool { node.tag.description.hasSuffix(":binary") }

    /// What makes a text no YAML, and in which line.
    static func problem(of error: any Error) -> (line: Int?, reason: String) {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _), YamlError.composer(_, let problem, let mark, _):
            (mark.line, "not valid YAML: \(problem)")
        case is YamlError: (nil, "not valid YAML: \(error)")
        default: (nil, "\(error)")
        }
    }

    /// The dotted name of `key`, for messages.
    func name(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func error(_ key: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(file: file, line: pairs.first { $0.key == key }?.line ?? line, reason: "\(name(of: key)): \(reason)")
    }

    /// Whether the key is there, be it null.
    func has(_ key: String) -> Bool { pairs.contains { $0.key == key } }

    /// The raw value; nil when the key is absent or null.
    mutating func node(_ key: String) -> Node? {
        asked.insert(key)
        guard let value = pairs.first(where: { $0.key == key })?.value else { return nil }
        return value.null != nil && value.scalar?.style == .plain ? nil : value
    }

    mutating func string(_ key: String) throws(ConfigurationError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string, !Self.isBinary(node) else { throw error(key, "must be text") }
        return text
    }

    mutating func bool(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let text = try string(key) else { return nil }
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw error(key, "\"\(text)\" is neither true nor false")
        }
    }

    mutating func int(_ key: String) throws(ConfigurationError) -> Int? {
        guard let text = try string(key) else { return nil }
        guard let value = Int(text) else { throw error(key, "\"\(text)\" is not a whole number") }
        return value
    }

    mutating func double(_ key: String) throws(ConfigurationError) -> Double? {
        guard let text = try string(key) else { return nil }
        guard let value = Double(text), value.isFinite else { throw error(key, "\"\(text)\" is not a number") }
        return value
    }

    /// A list of texts.
    mutating func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let sequence) = node else { throw error(key, "must be a list") }
        var texts: [String] = []
        for element in sequence {
            guard let text = element.scalar?.string else { throw error(key, "must be a list of texts") }
            texts.append(text)
        }
        return texts
    }

    /// A mapping of texts to texts, in the file's order.
    mutating func texts(_ key: String) throws(ConfigurationError) -> [(String, String)]? {
        guard let section = try section(key) else { return nil }
        var texts: [(String, String)] = []
        for pair in section.pairs {
            guard let text = pair.value.scalar?.string else { throw section.error(pair.key, "must be text") }
            texts.append((pair.key, text))
        }
        return texts
    }

    /// A mapping of texts to lists of texts.
    mutating func lists(_ key: String) throws(ConfigurationError) -> [(String, [String])]? {
        guard var section = try section(key) else { return nil }
        var lists: [(String, [String])] = []
        for pair in section.pairs { lists.append((pair.key, try section.strings(pair.key) ?? [])) }
        return lists
    }

    mutating func section(_ key: String) throws(ConfigurationError) -> YAMLSection? {
        guard let node = node(key) else { return nil }
        return try YAMLSection(file: file, path: name(of: key), node: node, line: pairs.first { $0.key == key }?.line)
    }

    /// The mapping under `key`; an empty one where nothing stands there.
    mutating func sectionOrEmpty(_ key: String) throws(ConfigurationError) -> YAMLSection {
        try section(key) ?? YAMLSection(file: file, path: name(of: key), pairs: [], line: pairs.first { $0.key == key }?.line ?? line)
    }

    /// The keys, in the file's order. They are not asked for by this.
    var keys: [String] { pairs.map(\.key) }

    /// An error of the mapping as a whole.
    func error(_ reason: String) -> ConfigurationError { ConfigurationError(file: file, line: line, reason: path.isEmpty ? reason : "\(path): \(reason)") }

    mutating func sections(_ key: String) throws(ConfigurationError) -> [YAMLSection]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let sequence) = node else { throw error(key, "must be a list") }
        var sections: [YAMLSection] = []
        for (index, element) in sequence.enumerated() {
            if element.null != nil, element.scalar?.style == .plain { throw error(key, "empty or null section in \(key)") }
            sections.append(try YAMLSection(file: file, path: "\(name(of: key))[\(index)]", node: element))
        }
        return sections
    }

    /// A Prometheus duration: `15s`, `1m30s`, `0`.
    mutating func duration(_ key: String) throws(ConfigurationError) -> ModelDuration? {
        guard let text = try string(key) else { return nil }
        guard let duration = ModelDuration(text) else { throw error(key, "\"\(text)\" is not a duration such as 15s or 1m30s") }
        return duration
    }

    /// A size such as `10MB` or `512KiB`; both mean powers of 1024, as in Prometheus. Nothing but 0 needs no unit.
    mutating func bytes(_ key: String) throws(ConfigurationError) -> Int? {
        guard let text = try string(key) else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).uppercased().filter { $0 != "I" }
        guard let count = Int(digits), let power = ["", "K", "M", "G", "T", "P", "E"].firstIndex(where: { unit == $0 + "B" || (unit == "" && $0 == "" && count == 0) }),
            case let (size, overflow) = count.multipliedReportingOverflow(by: 1 << (10 * power)), !overflow
        else { throw error(key, "\"\(text)\" is not a size such as 512KB or 10MB") }
        return size
    }

    /// Keys that no reader asked for, in the file's order.
    var unasked: [String] { pairs.lazy.map(\.key).filter { !asked.contains($0) } }

    /// Refuses keys that no reader asked for.
    func refuseUnknown() throws(ConfigurationError) {
        guard let unknown = pairs.first(where: { !asked.contains($0.key) }) else { return }
        throw ConfigurationError(file: file, line: unknown.line, reason: "field \(unknown.key) is not known in \(path.isEmpty ? "the document" : path)")
    }
}
