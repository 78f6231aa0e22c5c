import Bytes
import Yams

/// YAML as the value that the same document would have in JSON, for files that may be written in either.
enum YAMLDocument {
    static func json(_ bytes: [UInt8]) throws -> JSONValue {
        guard let node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else { return .null }
        return value(node)
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
