/// A key and its value on a resource, scope, span, event or link. Order is the sender's and is kept.
package struct Attribute: Hashable, Sendable {
    package var key: String
    package var value: AttributeValue

    package init(_ key: String, _ value: AttributeValue) {
        self.key = key
        self.value = value
    }
}

/// OTLP's `AnyValue` (opentelemetry/proto/common/v1/common.proto).
package indirect enum AttributeValue: Hashable, Sendable {
    case empty
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case bytes([UInt8])
    case array([AttributeValue])
    case keyValues([Attribute])
}

extension [Attribute] {
    /// The first value under `key`.
    package subscript(key: String) -> AttributeValue? { first { $0.key == key }?.value }
}
