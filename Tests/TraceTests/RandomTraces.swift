import Testbed
import TraceModel
import TraceStore

/// Traces and searches from a small world, so that searches find some and miss some.
struct RandomTraces {
    var generator: SeededGenerator
    private var sent = 0

    init(seed: UInt64) { generator = SeededGenerator(seed) }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }

    static let time: UInt64 = 1_700_000_000_000_000_000

    mutating func resource() -> Resource {
        var attributes = [Attribute("host.name", .string(pick(["h1", "h2"])))]
        if !chance(5) { attributes.append(Attribute("service.name", pick([.string("a"), .string("b"), .string("c/d"), .string(""), .int(7)]))) }
        return Resource(attributes: attributes, droppedAttributesCount: chance(10) ? 3 : 0)
    }

    mutating func value(depth: Int = 0) -> AttributeValue {
        switch below(depth > 2 ? 6 : 8) {
        case 0: .string(pick(["x", "y", "1", "true", "1.5"]))
        case 1: .int(Int64(below(3)))
        case 2: .bool(chance(50))
        case 3: .double(pick([1.5, 1, -0.0, 1e22, .infinity]))
        case 4: .empty
        case 5: .bytes([UInt8(below(3))])
        case 6: .array((0..<below(3)).map { _ in value(depth: depth + 1) })
        default: .keyValues((0..<below(3)).map { _ in Attribute(pick(["p", "q"]), value(depth: depth + 1)) })
        }
    }

    mutating func attributes() -> [Attribute] {
        (0..<below(4)).map { _ in Attribute(pick(["k1", "k2", "k3", "error", "span.kind", "host.name"]), value()) }
    }

    /// A trace id of a few, so that traces grow over time.
    mutating func traceID(of count: Int) -> TraceID { TraceID(high: chance(50) ? 0 : 1, low: UInt64(below(count))) }

    mutating func span(_ id: TraceID) -> Span {
        sent += 1
        let start = Self.time + UInt64(below(1000)) * 1_000_000
        var attributes = attributes()
        attributes.append(Attribute("uid", .string("u\(sent)")))
        return Span(
            traceID: id, spanID: SpanID(UInt64(below(50))), parentSpanID: chance(40) ? .none : SpanID(UInt64(below(60))), traceState: chance(10) ? "s=1" : "",
            flags: chance(30) ? 0x101 : 0, name: pick(["get", "put", "", "delete"]), kind: pick(Span.Kind.allCases), startUnixNano: start,
            endUnixNano: chance(3) ? start - 5 : start + UInt64(below(50)) * 100_000, attributes: attributes, droppedAttributesCount: chance(5) ? 2 : 0,
            events: (0..<(chance(20) ? below(3) : 0)).map { _ in
                Span.Event(timeUnixNano: start + UInt64(below(100)), name: pick(["exception", "retry", ""]), attributes: self.attributes(), droppedAttributesCount: 1)
            },
            droppedEventsCount: chance(5) ? 1 : 0,
            links: (0..<(chance(15) ? 1 : 0)).map { _ in
                Span.Link(traceID: TraceID(high: 5, low: 6), spanID: SpanID(7), traceState: "t", attributes: self.attributes(), flags: 1)
            },
            status: Span.Status(code: pick([.unset, .unset, .ok, .error]), message: chance(10) ? pick(["boom", "late"]) : ""))
    }

    mutating func batch(spans: Int, traces: Int) -> [ResourceSpans] {
        var left = spans
        var batch: [ResourceSpans] = []
        while left > 0 {
            let count = min(left, 1 + below(8))
            left -= count
            let scope = InstrumentationScope(name: pick(["", "lib", "net"]), version: pick(["", "1.0"]), attributes: chance(20) ? attributes() : [])
            batch.append(ResourceSpans(
                resource: resource(), schemaURL: chance(20) ? "https://example.org/1" : "",
                scopes: [.init(scope: scope, schemaURL: chance(10) ? "https://example.org/2" : "", spans: (0..<count).map { _ in span(traceID(of: traces)) })]))
        }
        return batch
    }

    mutating func search() -> TraceSearch {
        var search = TraceSearch(limit: chance(70) ? 1000 : 1 + below(4))
        if chance(40) { search.service = pick(["a", "b", "c/d", "missing-service-name", "empty-service-name", "service-name-wrong-type", "nobody"]) }
        if chance(30) { search.operation = pick(["get", "put", "empty-span-name", "nothing"]) }
        for _ in 0..<(chance(70) ? below(3) : 0) {
            switch below(8) {
            case 0: search.tags.append(("error", pick(["true", "false", "x", "1"])))
            case 1: search.tags.append(("span.kind", pick(["server", "client", "unspecified", "x"])))
            case 2: search.tags.append(("uid", "u\(1 + below(max(sent, 1)))"))
            case 3: search.tags.append((pick(["otel.status_code", "span.status"]), pick(["OK", "ERROR", "UNSET", "error"])))
            case 4: search.tags.append((pick(["scope.name", "otel.scope.name", "scope.version"]), pick(["lib", "", "1.0"])))
            case 5: search.tags.append((pick(["event", "otel.status_description", "w3c.tracestate"]), pick(["retry", "boom", "s=1", "late"])))
            case 6: search.tags.append((pick(["resource.host.name", "resource.k1"]), pick(["h1", "h2", "x"])))
            default: search.tags.append((pick(["k1", "k2", "k3", "host.name", "none"]), pick(["x", "1", "true", "1.5", "-0", "", "[]", "{}", "AQ==", "h1", "1e+22"])))
            }
        }
        if chance(30) {
            let from = Self.time + UInt64(below(1000)) * 1_000_000
            search.startUnixNano = from ... from + UInt64(below(500)) * 1_000_000
        }
        if chance(20) { search.durationMinNanos = UInt64(below(40)) * 100_000 }
        if chance(20) { search.durationMaxNanos = UInt64(below(40)) * 100_000 }
        return search
    }
}
