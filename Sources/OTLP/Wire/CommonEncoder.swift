import Bytes
import TraceModel

/// Writes what all signals share. Fields with their default value are left out, set members of a `oneof` never.
extension ByteWriter {
    mutating func appendResource(_ field: UInt32, _ resource: Resource) {
        appendMessage(field) { out in
            out.appendAttributes(1, resource.attributes)
            out.appendNonZero(2, resource.droppedAttributesCount)
        }
    }

    mutating func appendScope(_ field: UInt32, _ scope: InstrumentationScope) {
        appendMessage(field) { out in
            out.appendNonEmpty(1, scope.name)
            out.appendNonEmpty(2, scope.version)
            out.appendAttributes(3, scope.attributes)
            out.appendNonZero(4, scope.droppedAttributesCount)
        }
    }

    mutating func appendAttributes(_ field: UInt32, _ attributes: [Attribute]) {
        for attribute in attributes {
            appendMessage(field) { out in
                out.appendNonEmpty(1, attribute.key)
                out.appendMessage(2) { $0.appendValue(attribute.value) }
            }
        }
    }

    private mutating func appendValue(_ value: AttributeValue) {
        switch value {
        case .empty: break
        case .string(let text): appendField(1, string: text)
        case .bool(let flag): appendField(2, varint: flag ? 1 : 0)
        case .int(let number): appendField(3, varint: UInt64(bitPattern: number))
        case .double(let number): appendField(4, double: number)
        case .array(let elements):
            appendMessage(5) { out in for element in elements { out.appendMessage(1) { $0.appendValue(element) } } }
        case .keyValues(let members): appendMessage(6) { $0.appendAttributes(1, members) }
        case .bytes(let bytes): bytes.withUnsafeBufferPointer { appendField(7, bytes: $0) }
        }
    }

    mutating func appendNonEmpty(_ field: UInt32, _ text: String) {
        if !text.isEmpty { appendField(field, string: text) }
    }

    mutating func appendNonZero(_ field: UInt32, _ number: UInt32) {
        if number != 0 { appendField(field, varint: UInt64(number)) }
    }

    mutating func appendNonZero(_ field: UInt32, fixed64 number: UInt64) {
        if number != 0 { appendField(field, fixed64: number) }
    }

    mutating func appendNonZero(_ field: UInt32, fixed32 number: UInt32) {
        if number != 0 { appendField(field, fixed32: number) }
    }
}
