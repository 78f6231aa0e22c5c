import Bytes
import Platform
import Testing
import TraceModel
import TraceStore

@Suite(.enabled(if: Conformance.isPresent, Conformance.absent))
struct SearchConformanceTests {
    struct Query: Sendable, CustomTestStringConvertible {
        var caption: String
        var search: TraceSearch
        var expected: [String]
        var testDescription: String { caption }
    }

    static let queries: [Query] = {
        guard Conformance.isPresent, let list = try? Conformance.json("queries.json").array else { return [] }
        return list.map { item in
            let query = item["Query"] ?? .null
            let tags = (query["Tags"]?.object ?? []).map { (key: $0.key, value: Self.text($0.value)) }
            func nonEmpty(_ name: String) -> String? { query[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
            func nanos(_ name: String) -> UInt64? { query[name]?.int.flatMap { $0 > 0 ? UInt64($0) : nil } }
            return Query(
                caption: item["Caption"]?.string ?? "",
                search: TraceSearch(
                    service: nonEmpty("ServiceName"), operation: nonEmpty("OperationName"), tags: tags,
                    startUnixNano: Self.time(query["StartTimeMin"]) ... Self.time(query["StartTimeMax"]), durationMinNanos: nanos("DurationMin"),
                    durationMaxNanos: nanos("DurationMax"), limit: query["NumTraces"]?.int ?? 0),
                expected: (item["ExpectedFixtures"]?.array ?? []).compactMap(\.string))
        }
    }()

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: ""
        }
    }

    /// `2017-01-26T15:46:31.639875Z` in nanoseconds since the epoch.
    private static func time(_ value: JSONValue?) -> UInt64 {
        let numbers = (value?.string ?? "").split { !$0.isNumber }
        guard numbers.count == 7 else { return 0 }
        let parts = numbers.prefix(6).compactMap { Int($0) }
        // Days from the civil calendar (Howard Hinnant's algorithm).
        let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
        let yearOfEra = year % 400
        let dayOfYear = (153 * (parts[1] + (parts[1] > 2 ? -3 : 9)) + 2) / 5 + parts[2] - 1
        let days = year / 400 * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
        let seconds = ((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]
        let fraction = numbers[6].padding(to: 9)
        return UInt64(seconds) * 1_000_000_000 + UInt64(fraction)
    }

    /// The store with every trace of the fixtures, each written by itself.
    private static func filled(_ disk: SimulatedDisk) async throws -> TraceStore {
        let (store, _) = try TraceStore.open("/traces", on: disk)
        for name in Conformance.traceNames { try await store.write(Conformance.trace(name)) }
        return store
    }

    @Test("a search finds exactly the traces it should, in full", arguments: queries)
    func search(_ query: Query) async throws {
        let store = try await Self.filled(SimulatedDisk())
        defer { store.close() }
        let found = try store.find(query.search)
        let expected = try query.expected.map { FlatSpan.counts(try Conformance.trace($0)) }
        #expect(Set(found.map { FlatSpan.counts($0.resourceSpans) }) == Set(expected))
        #expect(found.count == query.expected.count)
    }

    @Test("the same holds without naming the service, where the tags tell enough apart", arguments: queries.filter { $0.search.tags.contains { $0.key.contains("link") } })
    func searchEverywhere(_ query: Query) async throws {
        let store = try await Self.filled(SimulatedDisk())
        defer { store.close() }
        var search = query.search
        search.service = nil
        let found = try store.find(search)
        #expect(try found.map { FlatSpan.counts($0.resourceSpans) } == query.expected.map { FlatSpan.counts(try Conformance.trace($0)) })
    }

    @Test("every trace comes back by its id, whole", arguments: Conformance.traceNames)
    func fetch(_ name: String) async throws {
        let store = try await Self.filled(SimulatedDisk())
        defer { store.close() }
        for (id, spans) in try Conformance.trace(name).byTrace {
            #expect(try store.trace(id).map { FlatSpan.counts($0.resourceSpans) } == FlatSpan.counts(spans))
        }
    }

    @Test("services and the operations of one, with and without kind, are those of Jaeger's example")
    func operations() async throws {
        let (store, _) = try TraceStore.open("/traces", on: SimulatedDisk())
        defer { store.close() }
        try await store.write(Conformance.trace("example_trace"))
        #expect(try store.services() == ["example-service-1", "example-service-2", "example-service-3"])
        let all = [
            TraceOperation(name: "example-operation-1", kind: .unspecified), TraceOperation(name: "example-operation-3", kind: .server),
            TraceOperation(name: "example-operation-4", kind: .client),
        ]
        #expect(try store.operations(service: "example-service-1", kind: nil) == all)
        #expect(try store.operations(service: "example-service-1", kind: .server) == [all[1]])
        #expect(try store.operations(service: "nobody", kind: nil).isEmpty)
    }
}

extension Substring {
    fileprivate func padding(to count: Int) -> Int { (Int(self) ?? 0) * (0..<count - self.count).reduce(1) { power, _ in power * 10 } }
}
