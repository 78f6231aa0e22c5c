import MetricModel
import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite(.ownThread) struct StoreModelTests {
    /// Compares everything that can be asked, and some searches.
    private func compare(_ store: TraceStore, _ model: NaiveStore, _ random: inout RandomTraces, searches: Int, _ context: String) throws {
        #expect(try store.services() == model.services, "\(context)")
        for service in model.services { #expect(try Set(store.operations(service: service, kind: nil)) == model.operations(service), "\(context)") }
        for id in model.traceIDs { #expect(try store.trace(id)?.counts == model.counts(of: id), "\(context): trace \(id)") }
        for _ in 0..<searches {
            let search = random.search()
            let found = try store.find(search)
            #expect(found.map(\.id) == model.find(search), "\(context): \(search)")
            for trace in found { #expect(trace.counts == model.counts(of: trace.id), "\(context)") }
        }
    }

    @Test("a store that writes, seals, closes and opens again answers as a plain list of spans does", arguments: 1...6)
    func model(seed: Int) async throws {
        var random = RandomTraces(seed: UInt64(seed))
        let disk = SimulatedDisk()
        var model = NaiveStore()
        for round in 0..<6 {
            try await withStore(disk) { store in
                for _ in 0..<4 {
                    let batch = random.batch(spans: 1 + random.below(seed % 3 == 0 ? 150 : 15), traces: 20)
                    try await store.write(batch)
                    model.write(batch)
                    if random.chance(40) { try await store.seal() }
                }
                try compare(store, model, &random, searches: 40, "seed \(seed), round \(round)")
            }
        }
    }

    @Test("segments of many pages answer as the list does", arguments: [1])
    func pages(seed: Int) async throws {
        var random = RandomTraces(seed: UInt64(seed) &* 977)
        var model = NaiveStore()
        try await withStore(SimulatedDisk()) { store in
            for _ in 0..<2 {
                let batch = random.batch(spans: 5000, traces: 400)
                try await store.write(batch)
                model.write(batch)
                try await store.seal()
            }
            for _ in 0..<40 {
                let search = random.search()
                #expect(try store.find(search).map(\.id) == model.find(search), "seed \(seed): \(search)")
            }
            for id in model.traceIDs.prefix(50) { #expect(try store.trace(id)?.counts == model.counts(of: id)) }
        }
    }

    @Test("a search for a value that few spans have reads few pages")
    func filters() async throws {
        var random = RandomTraces(seed: 8)
        try await withStore(SimulatedDisk()) { store in
            try await store.write(random.batch(spans: 40_000, traces: 4000))
            try await store.seal()
            func pagesRead() -> Double { store.metricFamilies().first { $0.name == "obstack_traces_pages_read_total" }?.points.first?.value ?? -1 }
            for uid in [17, 20_000, 39_999] {
                let before = pagesRead()
                #expect(try store.find(TraceSearch(tags: [("uid", "u\(uid)")])).count == 1)
                // Of about twenty; a filter may err.
                #expect(pagesRead() - before <= 2)
            }
            let before = pagesRead()
            #expect(try store.find(TraceSearch(tags: [("uid", "nobody")])).isEmpty)
            #expect(pagesRead() - before <= 1)
        }
    }

    @Test("strings that are equal to Unicode and differ in bytes are kept and found apart")
    func bytesDecide() async throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        try await withStore(SimulatedDisk()) { store in
            for (number, text) in [composed, decomposed].enumerated() {
                let span = Span(
                    traceID: TraceID(high: 1, low: UInt64(number)), spanID: SpanID(1), name: text, startUnixNano: 5, endUnixNano: 6, attributes: [Attribute("k", .string(text))])
                try await store.write([ResourceSpans(resource: Resource(attributes: [Attribute("r", .string(text))]), scopes: [.init(spans: [span])])])
            }
            for _ in 0..<2 {
                for (number, text) in [composed, decomposed].enumerated() {
                    for search in [TraceSearch(tags: [("k", text)]), TraceSearch(tags: [("r", text)]), TraceSearch(operation: text)] {
                        let found = try store.find(search)
                        #expect(found.map(\.id.low) == [UInt64(number)])
                        let resource = found.first?.resourceSpans.first?.resource.attributes.first?.value.text ?? ""
                        #expect(Array(resource.utf8) == Array(text.utf8))
                    }
                }
                try await store.seal()
            }
        }
    }

    @Test("calls between services are counted in the head, in a segment and after opening again alike", arguments: 1...3)
    func dependencies(seed: Int) async throws {
        var random = RandomTraces(seed: UInt64(seed) &* 31)
        let disk = SimulatedDisk()
        var model = NaiveStore()
        let batch = random.batch(spans: 300, traces: 20)
        model.write(batch)
        try await withStore(disk) { store in
            try await store.write(batch)
            #expect(try store.dependencies(startUnixNano: 0 ... .max) == model.calls)
            try await store.seal()
            #expect(try store.dependencies(startUnixNano: 0 ... .max) == model.calls)
            #expect(try store.dependencies(startUnixNano: 0 ... RandomTraces.time - 120_000_000_000).isEmpty)
        }
        let calls = try await withStore(disk) { try $0.dependencies(startUnixNano: RandomTraces.time ... .max) }
        #expect(calls == model.calls)
    }

    @Test("a trace larger than an answer may be keeps its first spans and says how many are missing", arguments: [false, true])
    func largeTrace(isSealed: Bool) async throws {
        let id = TraceID(high: 1, low: 2)
        let spans = (0..<10).map { Span(traceID: id, spanID: SpanID(UInt64($0 + 1)), name: "n", startUnixNano: UInt64(1000 + $0), endUnixNano: 2000) }
        try await withStore(SimulatedDisk(), options: TraceStoreOptions(spansPerTraceMax: 4)) { store in
            try await store.write([ResourceSpans(scopes: [.init(spans: spans)])])
            if isSealed { try await store.seal() }
            let trace = try #require(try store.trace(id))
            #expect(FlatSpan.all(trace.resourceSpans).map(\.span) == Array(spans.prefix(4)))
            #expect(trace.omittedSpanCount == 6)
        }
    }
}
