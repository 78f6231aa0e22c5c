import Bytes
import TraceModel

/// The variable part of a span as bytes: attributes, then what few spans have. Strings stand as their numbers.
///
///     blob       = attributes extras
///     attributes = uvarint count, count × (uvarint key, value)
///     value      = tag byte (`ValueTag`), content
///     extras     = mask byte (`Extra`), for each bit set, lowest first, its field
///     scope      = resource's attributes, uvarint dropped, string schema, string name, string version, attributes, uvarint dropped, string schema
enum SpanBlob {
    /// Fields beyond the attributes. Each is present when its bit is set.
    struct Extra: OptionSet {
        let rawValue: UInt8
        /// uvarint.
        static let flags = Extra(rawValue: 1)
        /// A string's number.
        static let traceState = Extra(rawValue: 2)
        /// A string's number.
        static let statusMessage = Extra(rawValue: 4)
        /// uvarint.
        static let droppedAttributes = Extra(rawValue: 8)
        /// uvarint count, count × (varint time after the span's start, uvarint name, uvarint dropped, attributes), uvarint dropped.
        static let events = Extra(rawValue: 16)
        /// uvarint count, count × (16 bytes, 8 bytes, uvarint trace state, uvarint flags, uvarint dropped, attributes), uvarint dropped.
        static let links = Extra(rawValue: 32)
    }

    static func write(_ span: borrowing Span, into out: inout ByteWriter, _ strings: inout StringTable) {
        write(span.attributes, into: &out, &strings)
        var extra: Extra = []
        if span.flags != 0 { extra.insert(.flags) }
        if !span.traceState.isEmpty { extra.insert(.traceState) }
        if !span.status.message.isEmpty { extra.insert(.statusMessage) }
        if span.droppedAttributesCount != 0 { extra.insert(.droppedAttributes) }
        if !span.events.isEmpty || span.droppedEventsCount != 0 { extra.insert(.events) }
        if !span.links.isEmpty || span.droppedLinksCount != 0 { extra.insert(.links) }
        out.append(extra.rawValue)
        if extra.contains(.flags) { out.appendUvarint(UInt64(span.flags)) }
        if extra.contains(.traceState) { out.appendUvarint(UInt64(strings.intern(span.traceState))) }
        if extra.contains(.statusMessage) { out.appendUvarint(UInt64(strings.intern(span.status.message))) }
        if extra.contains(.droppedAttributes) { out.appendUvarint(UInt64(span.droppedAttributesCount)) }
        if extra.contains(.events) {
            out.appendUvarint(UInt64(span.events.count))
            for event in span.events {
                out.appendVarint(Int64(bitPattern: event.timeUnixNano &- span.startUnixNano))
                out.appendUvarint(UInt64(strings.intern(event.name)))
                out.appendUvarint(UInt64(event.droppedAttributesCount))
                write(event.attributes, into: &out, &strings)
            }
            out.appendUvarint(UInt64(span.droppedEventsCount))
        }
        if extra.contains(.links) {
            out.appendUvarint(UInt64(span.links.count))
            for link in span.links {
                out.appendBigEndian(link.traceID.high)
                out.appendBigEndian(link.traceID.low)
                out.appendBigEndian(link.spanID.value)
                out.appendUvarint(UInt64(strings.intern(link.traceState)))
                out.appendUvarint(UInt64(link.flags))
                out.appendUvarint(UInt64(link.droppedAttributesCount))
                write(link.attributes, into: &out, &strings)
            }
            out.appendUvarint(UInt64(span.droppedLinksCount))
        }
    }

    static func write(_ scope: SpanScope, into out: inout ByteWriter, _ strings: inout StringTable) {
        write(scope.resource.attributes, into: &out, &strings)
        out.appendUvarint(UInt64(scope.resource.droppedAttributesCount))
        out.appendUvarint(UInt64(strings.intern(scope.resourceSchemaURL)))
        out.appendUvarint(UInt64(strings.intern(scope.scope.name)))
        out.appendUvarint(UInt64(strings.intern(scope.scope.version)))
        write(scope.scope.attributes, into: &out, &strings)
        out.appendUvarint(UInt64(scope.scope.droppedAttributesCount))
        out.appendUvarint(UInt64(strings.intern(scope.scopeSchemaURL)))
    }

    static func write(_ attributes: [Attribute], into out: inout ByteWriter, _ strings: inout StringTable) {
        out.appendUvarint(UInt64(attributes.count))
        for attribute in attributes {
            out.appendUvarint(UInt64(strings.intern(attribute.key)))
            write(attribute.value, into: &out, &strings)
        }
    }

    static func write(_ value: AttributeValue, into out: inout ByteWriter, _ strings: inout StringTable) {
        switch value {
        case .empty: out.append(ValueTag.empty.rawValue)
        case .string(let text):
            out.append(ValueTag.string.rawValue)
            out.appendUvarint(UInt64(strings.intern(text)))
        case .bool(let flag):
            out.append(ValueTag.bool.rawValue)
            out.append(flag ? 1 : 0)
        case .int(let number):
            out.append(ValueTag.int.rawValue)
            out.appendVarint(number)
        case .double(let number):
            out.append(ValueTag.double.rawValue)
            out.appendLittleEndian(number.bitPattern)
        case .bytes(let bytes):
            out.append(ValueTag.bytes.rawValue)
            out.appendUvarint(UInt64(bytes.count))
            out.append(bytes)
        case .array(let values):
            out.append(ValueTag.array.rawValue)
            out.appendUvarint(UInt64(values.count))
            for value in values { write(value, into: &out, &strings) }
        case .keyValues(let pairs):
            out.append(ValueTag.keyValues.rawValue)
            write(pairs, into: &out, &strings)
        }
    }
}
