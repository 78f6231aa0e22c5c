import Tracing

/// Spans as OTLP protobuf: `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.
///
/// Source: https://github.com/open-telemetry/opentelemetry-proto
enum OTLPSpanEncoder {
    /// The body of one export: ended spans of one scope. `resource` is what `encode(resource:)` made.
    static func request(resource: [UInt8], scope: String, version: String, _ spans: [RecordedSpan]) -> [UInt8] {
        var out = ProtobufWriter()
        out.message(1) { resourceSpans in
            resourceSpans.blob(1, resource)
            resourceSpans.message(2) { scopeSpans in
                scopeSpans.message(1) { message in
                    message.text(1, scope)
                    message.text(2, version)
                }
                for span in spans { scopeSpans.message(2) { write(span, to: &$0) } }
            }
        }
        return out.bytes
    }

    /// What all spans of a process share, as a `Resource` message.
    static func encode(resource: [RecordedSpan.Field]) -> [UInt8] {
        var out = ProtobufWriter()
        write(resource, field: 1, to: &out)
        return out.bytes
    }

    /// How many spans an `ExportTraceServiceResponse` says were not taken: `partial_success.rejected_spans`; 0 of what cannot be read.
    ///
    /// Only the layout that exporters are answered with is understood: the partial success first, its count first in it.
    static func rejectedSpans(_ answer: [UInt8]) -> UInt64 {
        guard answer.count >= 4, answer[0] == 0x0A, answer[2] == 0x08 else { return 0 }
        var value: UInt64 = 0
        for (index, byte) in answer[3...].prefix(10).enumerated() {
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        return 0
    }

    private static func write(_ span: RecordedSpan, to out: inout ProtobufWriter) {
        let state = span.state
        write(span.traceID, span.spanID, to: &out)
        if let traceState = span.traceState { out.text(3, traceState) }
        if let parent = span.parentID {
            out.raw([4 << 3 | 2, 8])
            out.bigEndian(parent.number)
        }
        out.text(5, state.name)
        out.integer(6, number(of: span.kind))
        out.fixed(7, span.startUnixNanos)
        out.fixed(8, state.endUnixNanos)
        write(state.fields, field: 9, to: &out)
        for event in state.events {
            out.message(11) { message in
                message.fixed(1, event.unixNanos)
                message.text(2, event.name)
                write(event.fields, field: 3, to: &message)
            }
        }
        for link in state.links {
            out.message(13) { message in
                write(link.traceID, link.spanID, to: &message)
                if let traceState = link.traceState { message.text(3, traceState) }
                write(link.fields, field: 4, to: &message)
            }
        }
        guard state.status != .unset else { return }
        out.message(15) { message in
            if !state.statusMessage.isEmpty { message.text(2, state.statusMessage) }
            message.integer(3, state.status.rawValue)
        }
    }

    /// Fields 1 and 2 of a span and of a link alike.
    private static func write(_ trace: TraceID, _ span: SpanID, to out: inout ProtobufWriter) {
        out.raw([1 << 3 | 2, 16])
        out.bigEndian(trace.high)
        out.bigEndian(trace.low)
        out.raw([2 << 3 | 2, 8])
        out.bigEndian(span.number)
    }

    private static func number(of kind: SpanKind) -> UInt64 {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }

    private static func write(_ fields: [RecordedSpan.Field], field number: UInt64, to out: inout ProtobufWriter) {
        for field in fields {
            out.message(number) { pair in
                pair.text(1, field.key)
                pair.message(2) { write(field.value, to: &$0) }
            }
        }
    }

    /// An `AnyValue`.
    private static func write(_ value: SpanAttribute, to out: inout ProtobufWriter) {
        switch value {
        case .string(let text): out.text(1, text)
        case .bool(let flag): out.integer(2, flag ? 1 : 0)
        case .int32(let number): out.integer(3, UInt64(bitPattern: Int64(number)))
        case .int64(let number): out.integer(3, UInt64(bitPattern: number))
        case .double(let number): out.double(4, number)
        case .stringConvertible(let thing): out.text(1, String(describing: thing).cut)
        case .int32Array(let all): write(all.map { .int32($0) }, to: &out)
        case .int64Array(let all): write(all.map { .int64($0) }, to: &out)
        case .doubleArray(let all): write(all.map { .double($0) }, to: &out)
        case .boolArray(let all): write(all.map { .bool($0) }, to: &out)
        case .stringArray(let all): write(all.map { .string($0.cut) }, to: &out)
        case .stringConvertibleArray(let all): write(all.map { .string(String(describing: $0).cut) }, to: &out)
        default: out.text(1, "")
        }
    }

    private static func write(_ values: [SpanAttribute], to out: inout ProtobufWriter) {
        out.message(5) { array in
            for value in values.prefix(RecordedSpan.fieldsMax) { array.message(1) { write(value, to: &$0) } }
        }
    }
}
