import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

struct ExemplarTests {
    private static let everything: [[Matcher]] = [[.equal("__name__", "x")]]

    private static func series(_ number: Int) -> Labels { Labels(["__name__": "x", "n": "\(number)"]) }

    private static func exemplar(_ time: Int64, _ value: Double = 1, _ trace: String = "t", hasTimestamp: Bool = true) -> Exemplar {
        Exemplar(labels: Labels(["trace_id": trace]), value: value, timestamp: time, hasTimestamp: hasTimestamp)
    }

    /// A batch of exemplars, each of a series that is named for it alone, and a sample for those that have a time.
    private static func batch(_ rows: [(series: Int, exemplar: Exemplar, sampleTime: Int64?)]) -> SampleBatch {
        var batch = SampleBatch()
        for row in rows {
            if let time = row.sampleTime {
                batch.append(series(row.series), timestamp: time, value: 1)
            } else {
                let key = series(row.series).packed
                batch.series.append(.init(keyOffset: batch.arena.count, keyLength: key.count, keyEncoding: .packed, samples: batch.values.count..<batch.values.count))
                batch.arena += key
            }
            batch.exemplars.append(.init(series: batch.series.count - 1, exemplar: row.exemplar))
        }
        return batch
    }

    private static func metric(_ store: MetricStore, _ name: String) -> Double? {
        store.metricFamilies().first { $0.name == "prometheus_tsdb_exemplar_" + name }?.points.first?.value
    }

    @Test("what is refused is told in Prometheus's words and spoils nothing")
    func refusals() async throws {
        let store = try StoreFixture.open { $0.maintenanceSeconds = 0 }
        let start = StoreFixture.start
        func add(_ exemplar: Exemplar, series: Int = 1, sampleTime: Int64? = nil) async throws -> AppendReport {
            let report = try await store.append(Self.batch([(series, exemplar, sampleTime)]), durability: .synced)
            #expect(report.refused == 0)
            return report
        }
        let unknown = try await add(Self.exemplar(start))
        #expect(unknown.exemplarsInvalid == 1 && unknown.firstExemplarRefusal?.hasPrefix("unknown HeadSeriesRef when trying to add exemplar") == true)
        #expect(try StoreFixture.read(store).isEmpty, "an exemplar made a series")
        #expect(try await add(Self.exemplar(start, 2), sampleTime: start).exemplarsAppended == 1)
        // The newest told again is no error, with its time or — when neither says one — without.
        #expect(try await add(Self.exemplar(start, 2)).firstExemplarRefusal == nil)
        #expect(try await add(Self.exemplar(start + 1, 3, hasTimestamp: false)).exemplarsAppended == 1)
        #expect(try await add(Self.exemplar(start + 2, 3, hasTimestamp: false)).exemplarsAppended == 0)
        let late = try await add(Self.exemplar(start, 1))
        #expect(late.exemplarsOutOfOrder == 1 && late.firstExemplarRefusal?.hasPrefix("out of order exemplar") == true)
        #expect(try await add(Self.exemplar(start + 1, 2.5)).exemplarsOutOfOrder == 1, "at one time values rise")
        #expect(try await add(Self.exemplar(start + 1, 3.5)).exemplarsAppended == 1)
        // 8 + 120 characters fit, of however many bytes; one more does not.
        let long = String(repeating: "é", count: 120)
        #expect(try await add(Self.exemplar(start + 5, 1, long)).exemplarsAppended == 1)
        let tooLong = try await add(Self.exemplar(start + 6, 1, long + "x"))
        #expect(tooLong.firstExemplarRefusal?.hasPrefix("label length for exemplar exceeds maximum of 128 UTF-8 characters") == true)
        // What comes late within one request is found out when it is kept, and only that is counted, as upstream does.
        #expect(Self.metric(store, "out_of_order_exemplars_total") == 0)
        let both = try await store.append(Self.batch([(1, Self.exemplar(start + 9), nil), (1, Self.exemplar(start + 8), nil)]), durability: .synced)
        #expect(both.exemplarsAppended == 1 && both.exemplarsOutOfOrder == 1)
        #expect(Self.metric(store, "out_of_order_exemplars_total") == 1)
        #expect(try store.exemplars(Self.everything, time: .min ... .max).first?.exemplars.map(\.timestamp) == [start, start + 1, start + 1, start + 5, start + 9])
        #expect(Self.metric(store, "exemplars_appended_total") == 5 && Self.metric(store, "exemplars_in_storage") == 5)
        #expect(Self.metric(store, "max_exemplars") == 100_000 && Self.metric(store, "last_exemplars_timestamp_seconds") == Double(start) / 1000)
        store.setExemplarsMax(0)
        #expect(try await add(Self.exemplar(start + 20)).exemplarsAppended == 0)
        #expect(try store.exemplars(Self.everything, time: .min ... .max).isEmpty)
        store.close()
    }

    @Test("exemplars of one time and value are in the order of XXH64 of their labels")
    func tieBreak() async throws {
        // Values of a label `a`, and the hash of what is packed of it, by the reference implementation.
        let hashes: [(String, UInt64)] = [
            ("a", 0x5940A12159A66CD2),
            ("abcd", 0xFD68CA0D5C88081C),
            ("0123456789abcdef", 0x430580BFCE5A2422),
            ("0123456789abcdef0123456789abcdef", 0x2EFC1FF452AB1D0F),
            ("trace of a request, 40 bytes and a few", 0xB319942DCE0CCF7B),
            ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-+", 0xF2F05902C1D12127),
        ]
        for (first, firstHash) in hashes {
            for (second, secondHash) in hashes where first != second {
                let store = try StoreFixture.open { $0.maintenanceSeconds = 0 }
                func exemplar(_ text: String) -> Exemplar { Exemplar(labels: Labels(["a": text]), value: 1, timestamp: StoreFixture.start, hasTimestamp: true) }
                _ = try await store.append(Self.batch([(1, exemplar(first), StoreFixture.start)]), durability: .logged)
                let report = try await store.append(Self.batch([(1, exemplar(second), nil)]), durability: .logged)
                #expect((report.exemplarsAppended == 1) == (secondHash > firstHash), "\(first), \(second)")
                store.close()
            }
        }
    }

    /// A ring as simple as can be: all that was kept, the latest last.
    private struct Model {
        var capacity: Int
        var kept: [(series: Int, exemplar: Exemplar)] = []

        func isTaken(_ series: Int, _ new: Exemplar) -> Bool {
            guard capacity > 0 else { return false }
            guard let newest = kept.last(where: { $0.series == series })?.exemplar else { return true }
            if newest.labels == new.labels, newest.value == new.value, newest.timestamp == new.timestamp || !newest.hasTimestamp && !new.hasTimestamp { return false }
            return new.timestamp > newest.timestamp || new.timestamp == newest.timestamp && new.value > newest.value
        }

        mutating func add(_ rows: [(series: Int, exemplar: Exemplar)]) {
            for row in rows.filter({ isTaken($0.series, $0.exemplar) }) where isTaken(row.series, row.exemplar) {
                kept.append(row)
                trim()
            }
        }

        mutating func trim() { kept.removeFirst(max(0, kept.count - capacity)) }

        func read(_ time: ClosedRange<Int64>) -> [SeriesExemplars] {
            Dictionary(grouping: kept.filter { time.contains($0.exemplar.timestamp) }, by: \.series)
                .map { SeriesExemplars(labels: ExemplarTests.series($0), exemplars: $1.map(\.exemplar)) }.sorted { $0.labels < $1.labels }
        }
    }

    @Test("the ring is what a list of the latest is, whatever comes, however large it is", arguments: [1, 2, 3, 4])
    func model(seed: UInt64) async throws {
        var generator = SeededGenerator(seed)
        let store = try StoreFixture.open { $0.maintenanceSeconds = 0; $0.exemplarsMax = 40 }
        var model = Model(capacity: 40)
        _ = try await store.append(StoreFixture.batch((0..<30).map { (Self.series($0), StoreFixture.start, 1) }), durability: .logged)
        var clock = StoreFixture.start
        for step in 0..<1_500 {
            let rows = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                clock += Int64.random(in: 0...3, using: &generator)
                let value = Double(Int.random(in: 0...2, using: &generator))
                let series = Int.random(in: 0..<(step % 300 < 150 ? 30 : 3), using: &generator)
                let time = clock - (Int.random(in: 0...4, using: &generator) == 0 ? Int64.random(in: 0...20, using: &generator) : 0)
                return (series: series, exemplar: Self.exemplar(time, value, "\(value)", hasTimestamp: Bool.random(using: &generator)))
            }
            _ = try await store.append(Self.batch(rows.map { ($0.series, $0.exemplar, nil) }), durability: .logged)
            model.add(rows)
            if step % 97 == 96 {
                model.capacity = [0, 1, 5, 39, 40, 41, 60].randomElement(using: &generator) ?? 40
                model.trim()
                store.setExemplarsMax(model.capacity)
            }
            let low = clock - Int64.random(in: 0...100, using: &generator)
            let time = step % 5 == 0 ? Int64.min...Int64.max : low...(low + Int64.random(in: 0...50, using: &generator))
            try #require(try store.exemplars(Self.everything, time: time) == model.read(time), "step \(step)")
            try #require(Self.metric(store, "exemplars_in_storage") == Double(model.kept.count))
            try #require(Self.metric(store, "series_with_exemplars_in_storage") == Double(Set(model.kept.map(\.series)).count))
            try #require(Self.metric(store, "last_exemplars_timestamp_seconds") == Double(model.kept.first?.exemplar.timestamp ?? 0) / 1000)
        }
        store.close()
    }

    @Test("exemplars come back from the log, and from checkpoints those that blocks do not stand for")
    func comesBack() async throws {
        let disk = SimulatedDisk()
        func open() throws -> MetricStore { try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.blockRangeMillis = 60_000; $0.logSegmentBytes = 1 << 17 } }
        var store = try open()
        var clock = StoreFixture.start
        for round in 0..<6 {
            for _ in 0..<400 {
                clock += 100
                let rows = (0..<20).map { (series: $0, exemplar: Self.exemplar(clock, Double($0), "trace of \(clock) and \($0)"), sampleTime: Optional(clock)) }
                #expect(try await store.append(Self.batch(rows), durability: .logged).exemplarsAppended == 20)
            }
            let before = try store.exemplars(Self.everything, time: .min ... .max)
            #expect(before.count == 20 && before.allSatisfy { $0.exemplars.count > 400 || round == 0 })
            try store.maintain()
            store.close()
            store = try open()
            #expect(store.opening.recordsSkipped.isEmpty && store.opening.exemplarsOfUnknownSeries == 0)
            let firstTime = try #require(StoreFixture.read(store, [.equal("n", "1")]).values.first?.last).time
            #expect(firstTime == clock)
            // What is left begins where the blocks end.
            let after = try store.exemplars(Self.everything, time: .min ... .max)
            let begin = try #require(after.first?.exemplars.first).timestamp
            #expect(begin <= clock - 30_000 || round == 0)
            #expect(after.map { $0.exemplars.map(\.labels) } == before.map { $0.exemplars.filter { $0.timestamp >= begin }.map(\.labels) })
        }
        #expect(try disk.list("/data/wal").contains { $0.hasPrefix("checkpoint.") })
        store.close()
    }
}
