import Bytes
import TraceModel

/// Reads a blob forward. Blobs are written by this process or checked by a page's checksum; one that breaks off all the same throws.
struct BlobCursor {
    var cursor: ByteCursor

    /// SAFETY: as `ByteCursor.init`.
    init(_ blob: UnsafeBufferPointer<UInt8>) { cursor = ByteCursor(blob) }

    mutating func number() throws(ByteError) -> UInt32 { UInt32(truncatingIfNeeded: try cursor.readUvarint()) }

    mutating func count() throws(ByteError) -> Int {
        let count = try cursor.readUvarint()
        // Whatever is counted takes at least a byte.
        guard count <= UInt64(cursor.remaining) else { throw .truncated(offset: cursor.offset, needed: Int(clamping: count) - cursor.remaining) }
        return Int(count)
    }

    mutating func tag() throws(ByteError) -> ValueTag {
        let at = cursor.offset
        let byte = try cursor.readUInt8()
        guard let tag = ValueTag(rawValue: byte) else { throw .invalidTag(offset: at, tag: UInt64(byte)) }
        return tag
    }

    mutating func extra() throws(ByteError) -> SpanBlob.Extra { SpanBlob.Extra(rawValue: try cursor.readUInt8()) }

    mutating func skipValue(_ tag: ValueTag) throws(ByteError) {
        switch tag {
        case .empty: break
        case .string, .int: _ = try cursor.readUvarint()
        case .bool: try cursor.skip(1)
        case .double: try cursor.skip(8)
        case .bytes: _ = try cursor.readUvarintBytes()
        case .array: for _ in 0..<(try count()) { try skipValue(try self.tag()) }
        case .keyValues: try skipAttributes()
        }
    }

    mutating func skipAttributes() throws(ByteError) {
        for _ in 0..<(try count()) {
            _ = try cursor.readUvarint()
            try skipValue(try tag())
        }
    }

    /// Passes over the fields that `extra` announces.
    mutating func skipExtras(_ extra: SpanBlob.Extra) throws(ByteError) {
        if extra.contains(.flags) { _ = try cursor.readUvarint() }
        if extra.contains(.traceState) { _ = try cursor.readUvarint() }
        if extra.contains(.statusMessage) { _ = try cursor.readUvarint() }
        if extra.contains(.droppedAttributes) { _ = try cursor.readUvarint() }
        if extra.contains(.events) {
            for _ in 0..<(try count()) {
                for _ in 0..<3 { _ = try cursor.readUvarint() }
                try skipAttributes()
            }
            _ = try cursor.readUvarint()
        }
        if extra.contains(.links) {
            for _ in 0..<(try count()) {
                try cursor.skip(24)
                for _ in 0..<3 { _ = try cursor.readUvarint() }
                try skipAttributes()
            }
            _ = try cursor.readUvarint()
        }
    }

    mutating func value(_ tag: ValueTag, _ strings: StringEntries) throws(ByteError) -> AttributeValue {
        switch tag {
        case .empty: return .empty
        case .string: return .string(strings[try number()])
        case .bool: return .bool(try cursor.readUInt8() != 0)
        case .int: return .int(try cursor.readVarint())
        case .double: return .double(Double(bitPattern: try cursor.readLittleEndian()))
        case .bytes: return .bytes([UInt8](try cursor.readUvarintBytes()))
        case .array:
            var values: [AttributeValue] = []
            for _ in 0..<(try count()) { values.append(try value(try self.tag(), strings)) }
            return .array(values)
        case .keyValues: return .keyValues(try attributes(strings))
        }
    }

    mutating func attributes(_ strings: StringEntries) throws(ByteError) -> [Attribute] {
        let count = try count()
        var attributes: [Attribute] = []
        attributes.reserveCapacity(count)
        for _ in 0..<count {
            let key = strings[try number()]
            attributes.append(Attribute(key, try value(try tag(), strings)))
        }
        return attributes
    }

    mutating func scope(_ strings: StringEntries) throws(ByteError) -> SpanScope {
        let resource = Resource(attributes: try attributes(strings), droppedAttributesCount: try number())
        let resourceSchemaURL = strings[try number()]
        var scope = InstrumentationScope(name: strings[try number()], version: strings[try number()])
        scope.attributes = try attributes(strings)
        scope.droppedAttributesCount = try number()
        return SpanScope(resource: resource, resourceSchemaURL: resourceSchemaURL, scope: scope, scopeSchemaURL: strings[try number()])
    }

    /// The whole span of which `row` is the fixed part.
    mutating func span(_ row: SpanRow, _ traceID: TraceID, _ strings: StringEntries) throws(ByteError) -> Span {
        var span = Span(
            traceID: traceID, spanID: SpanID(row.spanID), parentSpanID: SpanID(row.parentSpanID), name: strings[row.name],
            kind: Span.Kind(rawValue: row.kind) ?? .unspecified, startUnixNano: row.startUnixNano, endUnixNano: row.endUnixNano,
            status: Span.Status(code: Span.Status.Code(rawValue: row.status) ?? .unset))
        span.attributes = try attributes(strings)
        let extra = try extra()
        if extra.contains(.flags) { span.flags = try number() }
        if extra.contains(.traceState) { span.traceState = strings[try number()] }
        if extra.contains(.statusMessage) { span.status.message = strings[try number()] }
        if extra.contains(.droppedAttributes) { span.droppedAttributesCount = try number() }
        if extra.contains(.events) {
            for _ in 0..<(try count()) {
                var event = Span.Event(timeUnixNano: row.startUnixNano &+ UInt64(bitPattern: try cursor.readVarint()), name: strings[try number()])
                event.droppedAttributesCount = try number()
                event.attributes = try attributes(strings)
                span.events.append(event)
            }
            span.droppedEventsCount = try number()
        }
        if extra.contains(.links) {
            for _ in 0..<(try count()) {
                let traceID = TraceID(high: try cursor.readBigEndian(), low: try cursor.readBigEndian())
                var link = Span.Link(traceID: traceID, spanID: SpanID(try cursor.readBigEndian()))
                link.traceState = strings[try number()]
                link.flags = try number()
                link.droppedAttributesCount = try number()
                link.attributes = try attributes(strings)
                span.links.append(link)
            }
            span.droppedLinksCount = try number()
        }
        return span
    }
}
