import Bytes
import TraceModel

/// Writes the messages of opentelemetry/proto/trace/v1/trace.proto.
extension ByteWriter {
    mutating func appendResourceSpans(_ field: UInt32, _ resourceSpans: ResourceSpans) {
        appendMessage(field) { out in
            out.appendResource(1, resourceSpans.resource)
            for scope in resourceSpans.scopes {
                out.appendMessage(2) { out in
                    out.appendScope(1, scope.scope)
                    for span in scope.spans { out.appendMessage(2) { $0.appendSpan(span) } }
                    out.appendNonEmpty(3, scope.schemaURL)
                }
            }
            out.appendNonEmpty(3, resourceSpans.schemaURL)
        }
    }

    private mutating func appendSpan(_ span: Span) {
        appendTraceID(1, span.traceID)
        appendSpanID(2, span.spanID)
        appendNonEmpty(3, span.traceState)
        appendSpanID(4, span.parentSpanID)
        appendNonEmpty(5, span.name)
        appendNonZero(6, UInt32(span.kind.rawValue))
        appendNonZero(7, fixed64: span.startUnixNano)
        appendNonZero(8, fixed64: span.endUnixNano)
        appendAttributes(9, span.attributes)
        appendNonZero(10, span.droppedAttributesCount)
        for event in span.events {
            appendMessage(11) { out in
                out.appendNonZero(1, fixed64: event.timeUnixNano)
                out.appendNonEmpty(2, event.name)
                out.appendAttributes(3, event.attributes)
                out.appendNonZero(4, event.droppedAttributesCount)
            }
        }
        appendNonZero(12, span.droppedEventsCount)
        for link in span.links {
            appendMessage(13) { out in
                out.appendTraceID(1, link.traceID)
                out.appendSpanID(2, link.spanID)
                out.appendNonEmpty(3, link.traceState)
                out.appendAttributes(4, link.attributes)
                out.appendNonZero(5, link.droppedAttributesCount)
                out.appendNonZero(6, fixed32: link.flags)
            }
        }
        appendNonZero(14, span.droppedLinksCount)
        if span.status != Span.Status() {
            appendMessage(15) { out in
                out.appendNonEmpty(2, span.status.message)
                out.appendNonZero(3, UInt32(span.status.code.rawValue))
            }
        }
        appendNonZero(16, fixed32: span.flags)
    }

    /// An id of zeros is absent.
    private mutating func appendTraceID(_ field: UInt32, _ id: TraceID) {
        guard !id.isZero else { return }
        appendTag(field, .lengthDelimited)
        appendUvarint(16)
        appendBigEndian(id.high)
        appendBigEndian(id.low)
    }

    private mutating func appendSpanID(_ field: UInt32, _ id: SpanID) {
        guard !id.isNone else { return }
        appendTag(field, .lengthDelimited)
        appendUvarint(8)
        appendBigEndian(id.value)
    }
}
