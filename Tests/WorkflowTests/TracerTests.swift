import ObservabilityIntegration
import Testbed
import Testing
import Tracing

/// Headers as a dictionary.
private struct Headers: Injector, Extractor {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

@Suite("Spans by swift-distributed-tracing", .ownWaitingThread)
struct TracerTests {
    private let tracer = StackTracer()

    @Test("an id of any form names one trace", arguments: [
        ("req-123", "4e4af1e8fe818e12e32bac7236e10825"), ("0AF7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319c"),
        ("", "e3b0c44298fc1c149afbf4c8996fb924"), (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209"),
    ])
    func ids(text: String, hex: String) {
        #expect(TraceID(naming: text).hex == hex)
    }

    @Test("an id of zeros is none")
    func zeros() {
        #expect(TraceID(naming: String(repeating: "0", count: 32)).hex != String(repeating: "0", count: 32))
        #expect(SpanID(hex: "0000000000000000") == nil)
        #expect(Set((0..<1_000).map { _ in SpanID.random() }).count == 1_000)
    }

    @Test("a traceparent is read as the specification has it", arguments: [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true), ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false),
        (" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03 ", true), ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-will-come", true),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", nil), ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil),
        ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil), ("00-00000000000000000000000000000000-b7ad6b7169203331-01", nil),
        ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", nil), ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", nil),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", nil), ("", nil), ("0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil),
    ] as [(String, Bool?)])
    func traceparent(header: String, isSampled: Bool?) {
        let parent = TraceParent(header: header)
        #expect(parent?.isSampled == isSampled)
        if let parent { #expect((parent.traceID.hex, parent.spanID.hex) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")) }
    }

    @Test("spans are below one another, with what was said of them")
    func spans() async throws {
        let observed = try Observed()
        defer { observed.close() }
        await #expect(throws: Trouble.self) {
            try await observed.run {
                try tracer.withSpan("outer", ofKind: .server) { outer in
                    outer.attributes["text"] = "größe"
                    outer.attributes["number"] = -7
                    outer.attributes["real"] = 0.5
                    outer.attributes["flag"] = true
                    outer.attributes.set("texts", value: .stringArray(["a", "b"]))
                    outer.attributes.set("numbers", value: .int32Array([1, -2]))
                    outer.operationName = "renamed"
                    outer.addEvent(SpanEvent(name: "happened", attributes: ["n": 1]))
                    tracer.withSpan("inner", ofKind: .client) { inner in
                        inner.addLink(outer)
                        inner.setStatus(SpanStatus(code: .ok))
                    }
                    throw Trouble("no")
                }
            }
        }
        let spans = try observed.spans()
        #expect(tree(spans) == "renamed(inner)")
        let (outer, inner) = (try #require(spans.first { $0.name == "renamed" }), try #require(spans.first { $0.name == "inner" }))
        #expect((outer.kind, outer.status, outer.statusMessage) == ("server", "error", "no"))
        #expect(outer.attributes == ["text": "größe", "number": "-7", "real": "0.5", "flag": "true", "texts": "[a, b]", "numbers": "[1, -2]"])
        #expect(outer.events.map(\.name) == ["happened", "exception"])
        #expect(outer.events[0].attributes == ["n": "1"])
        #expect(outer.events[1].attributes["exception.message"] == "no")
        #expect((inner.kind, inner.status) == ("client", "ok"))
        #expect(inner.links.map(\.spanID) == [outer.spanID])
    }

    @Test("a caller's span goes in by a header, and comes out of the next request")
    func propagation() async throws {
        let observed = try Observed()
        defer { observed.close() }
        var context = ServiceContext.topLevel
        context.observabilitySession = observed.session
        tracer.extract(["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b"], into: &context, using: Headers())
        let outgoing = tracer.withSpan("server", context: context) { span in
            var headers: [String: String] = [:]
            tracer.inject(span.context, into: &headers, using: Headers())
            return headers
        }
        let span = try #require(try observed.spans().first)
        #expect((span.traceID, span.parentID, span.traceState) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "a=b"))
        #expect(outgoing == ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-\(span.spanID)-01", "tracestate": "a=b"])
    }

    @Test("what the caller does not record is not recorded, and passed on as such")
    func unsampled() async throws {
        let observed = try Observed()
        defer { observed.close() }
        var context = ServiceContext.topLevel
        context.observabilitySession = observed.session
        tracer.extract(["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"], into: &context, using: Headers())
        var headers: [String: String] = [:]
        tracer.withSpan("server", context: context) { span in
            #expect(!span.isRecording)
            tracer.inject(span.context, into: &headers, using: Headers())
        }
        #expect(headers["traceparent"]?.hasSuffix("-00") == true)
        #expect(headers["traceparent"]?.contains("b7ad6b7169203331") == false)
        #expect(try observed.spans().isEmpty)
    }

    @Test("a header that is none leaves the context as it was")
    func garbage() {
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": "garbage"], into: &context, using: Headers())
        #expect(context.isEmpty)
        var headers: [String: String] = [:]
        tracer.inject(context, into: &headers, using: Headers())
        #expect(headers.isEmpty)
    }
}
