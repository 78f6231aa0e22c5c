import Bytes
import TraceModel

/// Decodes `TracesData`.
struct TraceDecoder {
    private var common: CommonDecoder

    init(memoryMax: Int) { common = CommonDecoder(memoryMax: memoryMax) }

    mutating func tracesData(_ reader: MessageReader) throws(OTLPError) -> [ResourceSpans] {
        var reader = reader
        var batch: [ResourceSpans] = []
        while let field = try reader.next() {
            if field == 1 { batch.append(try resourceSpans(reader.message("ResourceSpans"))) } else { try reader.skip() }
        }
        return batch
    }

    private mutating func resourceSpans(_ reader: MessageReader) throws(OTLPError) -> ResourceSpans {
        try common.charge(MemoryLayout<ResourceSpans>.stride)
        var reader = reader
        var result = ResourceSpans()
        while let field = try reader.next() {
            switch field {
            case 1: result.resource = try common.resource(reader.message("Resource"))
            case 2: result.scopes.append(try scopeSpans(reader.message("ScopeSpans")))
            case 3: result.schemaURL = try reader.string()
            default: try reader.skip()
            }
        }
        return result
    }

    private mutating func scopeSpans(_ reader: MessageReader) throws(OTLPError) -> ResourceSpans.ScopeSpans {
        try common.charge(MemoryLayout<ResourceSpans.ScopeSpans>.stride)
        var reader = reader
        var result = ResourceSpans.ScopeSpans()
        try common.reserve(&result.spans, reader.count(of: 2))
        while let field = try reader.next() {
            switch field {
            case 1: result.scope = try common.scope(reader.message("InstrumentationScope"))
            case 2: result.spans.append(try span(reader.message("Span")))
            case 3: result.schemaURL = try reader.string()
            default: try reader.skip()
            }
        }
        return result
    }

    private mutating func span(_ reader: MessageReader) throws(OTLPError) -> Span {
        var reader = reader
        var span = Span(traceID: TraceID(high: 0, low: 0), spanID: .none, name: "", startUnixNano: 0, endUnixNano: 0)
        try common.reserve(&span.attributes, reader.count(of: 9))
        while let field = try reader.next() {
            switch field {
            case 1: span.traceID = try traceID(reader.bytes())
            case 2: span.spanID = try spanID(reader.bytes(), "span_id")
            case 3: span.traceState = try reader.string()
            case 4: span.parentSpanID = try spanID(reader.bytes(), "parent_span_id")
            case 5: span.name = try reader.string()
            case 6: span.kind = Span.Kind(rawValue: UInt8(clamping: try reader.varint())) ?? .unspecified
            case 7: span.startUnixNano = try reader.fixed64()
            case 8: span.endUnixNano = try reader.fixed64()
            case 9: span.attributes.append(try common.attribute(reader.message("KeyValue"), depth: 0))
            case 10: span.droppedAttributesCount = try reader.uint32()
            case 11: span.events.append(try event(reader.message("Event")))
            case 12: span.droppedEventsCount = try reader.uint32()
            case 13: span.links.append(try link(reader.message("Link")))
            case 14: span.droppedLinksCount = try reader.uint32()
            case 15: span.status = try status(reader.message("Status"))
            case 16: span.flags = try reader.fixed32()
            default: try reader.skip()
            }
        }
        return span
    }

    private mutating func event(_ reader: MessageReader) throws(OTLPError) -> Span.Event {
        try common.charge(MemoryLayout<Span.Event>.stride)
        var reader = reader
        var event = Span.Event(timeUnixNano: 0, name: "")
        try common.reserve(&event.attributes, reader.count(of: 3))
        while let field = try reader.next() {
            switch field {
            case 1: event.timeUnixNano = try reader.fixed64()
            case 2: event.name = try reader.string()
            case 3: event.attributes.append(try common.attribute(reader.message("KeyValue"), depth: 0))
            case 4: event.droppedAttributesCount = try reader.uint32()
            default: try reader.skip()
            }
        }
        return event
    }

    private mutating func link(_ reader: MessageReader) throws(OTLPError) -> Span.Link {
        try common.charge(MemoryLayout<Span.Link>.stride)
        var reader = reader
        var link = Span.Link(traceID: TraceID(high: 0, low: 0), spanID: .none)
        try common.reserve(&link.attributes, reader.count(of: 4))
        while let field = try reader.next() {
            switch field {
            case 1: link.traceID = try traceID(reader.bytes())
            case 2: link.spanID = try spanID(reader.bytes(), "span_id")
            case 3: link.traceState = try reader.string()
            case 4: link.attributes.append(try common.attribute(reader.message("KeyValue"), depth: 0))
            case 5: link.droppedAttributesCount = try reader.uint32()
            case 6: link.flags = try reader.fixed32()
            default: try reader.skip()
            }
        }
        return link
    }

    private func status(_ reader: MessageReader) throws(OTLPError) -> Span.Status {
        var reader = reader
        var status = Span.Status()
        while let field = try reader.next() {
            switch field {
            case 2: status.message = try reader.string()
            case 3: status.code = Span.Status.Code(rawValue: UInt8(clamping: try reader.varint())) ?? .unset
            default: try reader.skip()
            }
        }
        return status
    }

    private func traceID(_ bytes: UnsafeBufferPointer<UInt8>) throws(OTLPError) -> TraceID {
        switch bytes.count {
        case 0: return TraceID(high: 0, low: 0)
        case 16:
            // SAFETY: 16 bytes were counted; unaligned loads.
            let raw = UnsafeRawBufferPointer(bytes)
            return TraceID(
                high: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        default: throw .invalidIDLength(field: "trace_id", expected: 16, found: bytes.count)
        }
    }

    private func spanID(_ bytes: UnsafeBufferPointer<UInt8>, _ field: String) throws(OTLPError) -> SpanID {
        switch bytes.count {
        case 0: return .none
        // SAFETY: 8 bytes were counted; unaligned load.
        case 8: return SpanID(UInt64(bigEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(as: UInt64.self)))
        default: throw .invalidIDLength(field: field, expected: 8, found: bytes.count)
        }
    }
}
