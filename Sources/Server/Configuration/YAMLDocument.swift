import Bytes
import Yams

/// YAML as the value that the same document would have in JSON, for files that may be written in either.
enum YAMLDocument {
    static func json(_ bytes: [UInt8]) throws -> JSONValue {
        guard let node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else { return .null }
        return value(node)
    }

    /// What a configuration keeps to itself: keys whose texts Prometheus shows as `<secret>`.
    private static let secretKeys: Set<String> = [
        "password", "credentials", "bearer_token", "client_secret", "secret_key", "secrets", "auth_token", "token", "application_secret", "application_credential_secret", "secret",
    ]

    /// The same document without its secrets, for showing; where it has none, the text as it is. Source: prometheus/common config `Secret`, `URL.Redacted`.
    static func redacted(_ text: String) -> String {
        guard let node = try? Yams.compose(yaml: text) else { return text }
        var isChanged = false
        let shown = redacted(node, under: "", isSecret: false, &isChanged)
        return isChanged ? (try? Yams.serialize(node: shown, sortKeys: false)) ?? "" : text
    }

    private static func redacted(_ node: Node, under parent: String, isSecret: Bool, _ isChanged: inout Bool) -> Node {
        switch node {
        case .scalar(let scalar):
            if isSecret, !scalar.string.isEmpty {
                isChanged = true
                return Node("<secret>")
            }
            guard let shown = withoutPassword(scalar.string) else { return node }
            isChanged = true
            return Node(shown)
        case .sequence(let sequence):
            return Node(sequence.map { redacted($0, under: parent, isSecret: isSecret, &isChanged) })
        case .mapping(let mapping):
            var pairs: [(Node, Node)] = []
            for (key, value) in mapping {
                let name = key.string ?? ""
                let hidesKey = name == "key" && parent == "tls_config"
                // A mapping under such a name (`secrets` beside it) is not itself one.
                pairs.append((key, redacted(value, under: name, isSecret: secretKeys.contains(name) || hidesKey, &isChanged)))
            }
            return Node(pairs)
        case .alias: return node
        }
    }

    /// A URL whose password is shown as `xxxxx`; nil for every other text.
    private static func withoutPassword(_ text: String) -> String? {
        guard let scheme = text.firstRange(of: "://"), text[..<scheme.lowerBound].allSatisfy(\.isLetter) else { return nil }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return nil }
        return text[...colon] + "xxxxx" + text[at...]
    }

    private static func value(_ node: Node) -> JSONValue {
        switch node {
        case .mapping(let mapping): .object(mapping.map { JSONValue.Member($0.key.string ?? "", value($0.value)) })
        case .sequence(let sequence): .array(sequence.map(value))
        case .scalar(let scalar):
            if node.null != nil, scalar.style == .plain { .null }
            else if let flag = node.bool, scalar.style == .plain { .bool(flag) }
            else if scalar.style == .plain, let number = Double(scalar.string), number.isFinite { .number(JSONWriter.digits(number)) }
            else { .string(scalar.string) }
        case .alias: .null
        }
    }
}
