import Bytes
import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

@Suite(.ownThread, .enabled(if: Conformance.isPresent, Conformance.absent))
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

    /// Where the spans of the fixtures are when they are looked for.
    enum Place: String, CaseIterable, Sendable { case head, segment, manySegments, reopened }

    /// Runs `body` over a store with every trace of the fixtures, each written by itself.
    private static func withFixtures(_ place: Place, _ body: (TraceStore) async throws -> Void) async throws {
        let disk = SimulatedDisk()
        func fill(_ store: TraceStore) async throws {
            for name in Conformance.traceNames {
                try await store.write(Conformance.trace(name))
                if place == .manySegments { try await store.seal() }
            }
            if place == .segment { try await store.seal() }
        }
        guard place == .reopened else {
            return try await withStore(disk) { store in
                try await fill(store)
                try await body(store)
            }
        }
        try await withStore(disk) { try await fill($0) }
        try await withStore(disk) { try await body($0) }
    }

    @Test("a search finds exactly the traces it should, in full, wherever they are", arguments: queries, Place.allCases)
    func search(_ query: Query, in place: Place) async throws {
        try await Self.withFixtures(place) { store in
            let found = try store.find(query.search)
            let expected = try query.expected.map { FlatSpan.counts(try Conformance.trace($0)) }
            #expect(Set(found.map(\.counts)) == Set(expected))
            #expect(found.count == query.expected.count)
        }
    }

    @Test("the same holds without naming the service, where the tags tell enough apart",
          arguments: queries.filter { $0.search.tags.contains { $0.key.contains("link") } }, Place.allCases)
    func searchEverywhere(_ query: Query, in place: Place) async throws {
        try await Self.withFixtures(place) { store in
            var search = query.search
            search.service = nil
            let (found, expected) = (try store.find(search).map(\.counts), try query.expected.map { FlatSpan.counts(try Conformance.trace($0)) })
            #expect(found == expected)
        }
    }

    @Test("every trace comes back by its id, whole", arguments: Place.allCases)
    func fetch(from place: Place) async throws {
        try await Self.withFixtures(place) { store in
            for name in Conformance.traceNames {
                for (id, spans) in try Conformance.trace(name).byTrace { #expect(try store.trace(id)?.counts == FlatSpan.counts(spans)) }
            }
        }
    }

    @Test("services and the operations of one, with and without kind, are those of Jaeger's example")
    func operations() async throws {
        try await withStore(SimulatedDisk()) { store in
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
}

extension Substring {
    fileprivate func padding(to count: Int) -> Int { (Int(self) ?? 0) * (0..<count - self.count).reduce(1) { power, _ in power * 10 } }
}
