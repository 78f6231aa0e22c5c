import TraceModel

/// Spans of every shape, told by a seed.
struct RandomSpans {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func text() -> String {
        let words = ["", "a", "http.method", "GET /api/workflows/{id}", "größe", "日本語", "line\nbreak \"quoted\" \\", "\u{0}\u{1F}", "🙂🙃"]
        return words[below(words.count)]
    }

    mutating func number() -> UInt64 {
        switch below(4) {
        case 0: 0
        case 1: next() & 0x7F
        case 2: next()
        default: .max
        }
    }

    mutating func count32() -> UInt32 { UInt32(truncatingIfNeeded: number()) }

    mutating func value(depth: Int = 0) -> AttributeValue {
        switch below(depth > 3 ? 6 : 8) {
        case 0: return .empty
        case 1: return .string(text())
        case 2: return .bool(below(2) == 0)
        case 3: return .int(Int64(bitPattern: number()))
        case 4: return .double([0, -0.0, 0.1, 1e300, -5, .infinity, -.infinity, .leastNonzeroMagnitude][below(8)])
        case 5: return .bytes((0..<below(5)).map { _ in UInt8(truncatingIfNeeded: next()) })
        case 6: return .array((0..<below(4)).map { _ in value(depth: depth + 1) })
        default: return .keyValues(attributes(depth: depth + 1))
        }
    }

    mutating func attributes(depth: Int = 0) -> [Attribute] { (0..<below(4)).map { _ in Attribute(text(), value(depth: depth)) } }

    mutating func traceID() -> TraceID { below(5) == 0 ? TraceID(high: 0, low: 0) : TraceID(high: number(), low: next()) }
    mutating func spanID() -> SpanID { SpanID(number()) }

    mutating func span() -> Span {
        Span(
            traceID: traceID(), spanID: spanID(), parentSpanID: spanID(), traceState: text(), flags: count32(), name: text(),
            kind: Span.Kind(rawValue: UInt8(below(6)))!, startUnixNano: number(), endUnixNano: number(), attributes: attributes(),
            droppedAttributesCount: count32(),
            events: (0..<below(3)).map { _ in
                Span.Event(timeUnixNano: number(), name: text(), attributes: attributes(), droppedAttributesCount: count32())
            },
            droppedEventsCount: count32(),
            links: (0..<below(3)).map { _ in
                Span.Link(traceID: traceID(), spanID: spanID(), traceState: text(), attributes: attributes(), droppedAttributesCount: count32(), flags: count32())
            },
            droppedLinksCount: count32(), status: Span.Status(code: Span.Status.Code(rawValue: UInt8(below(3)))!, message: text()))
    }

    mutating func batch() -> [ResourceSpans] {
        (0..<below(3)).map { _ in
            ResourceSpans(
                resource: Resource(attributes: attributes(), droppedAttributesCount: count32()), schemaURL: text(),
                scopes: (0..<below(3)).map { _ in
                    ResourceSpans.ScopeSpans(
                        scope: InstrumentationScope(name: text(), version: text(), attributes: attributes(), droppedAttributesCount: count32()),
                        schemaURL: text(), spans: (0..<below(4)).map { _ in span() })
                })
        }
    }
}
