import OTLP
import TraceModel

/// A span as the stack's own decoder reads it out of what was sent.
struct ReceivedSpan {
    let traceID: String
    let spanID: String
    /// Empty of a root.
    let parentID: String
    let traceState: String
    let name: String
    let kind: String
    let start: UInt64
    let end: UInt64
    /// Values as text; lists in brackets.
    let attributes: [String: String]
    let events: [(name: String, attributes: [String: String])]
    let links: [(traceID: String, spanID: String)]
    /// `unset`, `ok` or `error`.
    let status: String
    let statusMessage: String
    let resource: [String: String]
    let scope: String

    static func decode(_ body: [UInt8]) throws -> [ReceivedSpan] {
        try OTLPTraces.decode(protobuf: body).flatMap { resource in
            resource.scopes.flatMap { scope in
                scope.spans.map { span in
                    ReceivedSpan(
                        traceID: "\(span.traceID)", spanID: "\(span.spanID)", parentID: span.parentSpanID.isNone ? "" : "\(span.parentSpanID)", traceState: span.traceState,
                        name: span.name, kind: span.kind.text, start: span.startUnixNano, end: span.endUnixNano, attributes: texts(span.attributes),
                        events: span.events.map { ($0.name, texts($0.attributes)) }, links: span.links.map { ("\($0.traceID)", "\($0.spanID)") },
                        status: "\(span.status.code)", statusMessage: span.status.message, resource: texts(resource.resource.attributes), scope: scope.scope.name)
                }
            }
        }
    }

    private static func texts(_ attributes: [Attribute]) -> [String: String] {
        Dictionary(attributes.map { ($0.key, text($0.value)) }) { first, _ in first }
    }

    private static func text(_ value: AttributeValue) -> String {
        switch value {
        case .empty: "empty"
        case .string(let text): text
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bytes(let bytes): "\(bytes)"
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .keyValues(let pairs): "\(texts(pairs))"
        }
    }
}

/// The spans below `parent`, by their start, each with those below it: `first(second third(fourth))`.
func tree(_ spans: [ReceivedSpan], below parent: String = "") -> String {
    spans.filter { $0.parentID == parent }.sorted { $0.start < $1.start }.map { span in
        let inner = tree(spans, below: span.spanID)
        return inner.isEmpty ? span.name : "\(span.name)(\(inner))"
    }.joined(separator: " ")
}
