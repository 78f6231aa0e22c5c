import Bytes
import MetricModel
import MetricStore
import Platform
import SegmentLog
import Testbed
import Testing

/// What was committed, read behind the writer.
@Suite(.ownThread) struct CommitReaderTests {
    private static let range: Int64 = 60_000
    private static let start = StoreFixture.start

    private static func open(_ disk: any FileSystem, window: Int64 = 0) throws -> MetricStore {
        try StoreFixture.open(disk) {
            $0.blockRangeMillis = range
            $0.maintenanceSeconds = 0
            $0.retentionMillis = 0
            $0.outOfOrderWindowMillis = window
            $0.logSegmentBytes = 32 << 10
        }
    }

    private static func labels(_ series: Int) -> Labels { Labels([("__name__", "m"), ("series", "\(series)"), ("filling", String(repeating: "x", count: 100))]) }

    /// A value that does not compress.
    private static func value(_ series: Int, _ offset: Int64) -> Double { Double(bitPattern: UInt64(series + 1) &* UInt64(offset + 7) &* 0x9E37_79B9_7F4A_7C15 >> 2) }

    /// One sample of each of some series, at `start` + `offset` ms.
    private static func append(_ store: MetricStore, _ series: Range<Int>, at offset: Int64) async throws {
        let report = try await store.append(StoreFixture.batch(series.map { (labels($0), start + offset, value($0, offset)) }), durability: .synced)
        #expect(report.refused == 0)
    }

    /// The samples of a batch as text, series by series.
    private static func samples(_ batch: SampleBatch) -> [String] {
        batch.series.flatMap { series in
            let name = Labels(unchecked: Array(batch.arena[series.keyOffset..<series.keyOffset + series.keyLength]))["series"] ?? "?"
            return series.samples.map { "\(name) \(batch.values[$0])@\(batch.timestamps[$0] - start)" }
        }
    }

    @Test("all that is committed is read once, in order, over the ends of segments, whatever the bound on rows and wherever a reader begins anew")
    func everythingOnce() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk)
        defer { store.close() }
        var position = store.openingPosition
        var seen: [String] = []
        var expected: [String] = []
        var steps: [(from: CommitPosition, to: CommitPosition, samples: [String])] = []
        for round in 0..<600 {
            let series = (round * 3) % 40..<(round * 3) % 40 + 30
            try await Self.append(store, series, at: Int64(round) * 100)
            expected += series.map { "\($0) \(Self.value($0, Int64(round) * 100))@\(round * 100)" }
            guard round % 37 == 36 || round == 599 else { continue }
            // A reader of its own has to find the labels that an earlier one knows.
            let reader = CommitReader(store)
            while store.bytesCommitted(behind: position) > 0 {
                let commits = try reader.read(from: position, rowsMax: 50)
                #expect(commits.segmentsLost == 0 && commits.rowsOfUnknownSeries == 0)
                #expect(commits.inOrder.values.count < 50 + 30, "the bound is passed by one record at most")
                steps.append((position, commits.end, Self.samples(commits.inOrder)))
                position = commits.end
            }
        }
        seen = steps.flatMap(\.samples)
        #expect(position.log.segment > 2)
        #expect(seen.count == expected.count && Set(seen) == Set(expected))
        for (_, times) in Dictionary(grouping: seen, by: { $0.prefix { $0 != " " } }) {
            let order = times.compactMap { $0.split(separator: "@").last.flatMap { Int($0) } }
            #expect(order == order.sorted(), "a series' samples come in order")
        }
        for step in steps {
            let kept = try #require(CommitPosition(step.from.description)), end = try #require(CommitPosition(step.to.description))
            #expect(Self.samples(try CommitReader(store).read(from: kept, to: end, rowsMax: 1).inOrder) == step.samples, "the same positions give the same rows")
        }
    }

    @Test("positions stay good over a kill and a restart, though the log's last segment is repaired; nothing read before comes again")
    func restart() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        for round in 0..<5 { try await Self.append(store, 0..<20, at: Int64(round) * 100) }
        let first = try CommitReader(store).read(from: store.openingPosition, rowsMax: 60)
        let path = "/data/wal/00000000"
        store.close()
        // A byte of an early record, read already: the repair drops that record, and all others stand elsewhere.
        disk.flip(path, at: 40, mask: 0xFF)
        store = try Self.open(disk)
        defer { store.close() }
        #expect(!store.opening.log.damage.isEmpty)
        try await Self.append(store, 0..<20, at: 500)
        let rest = try CommitReader(store).read(from: first.end, rowsMax: .max)
        let times = Set(Self.samples(rest.inOrder).compactMap { $0.split(separator: "@").last.flatMap { Int($0) } })
        let before = Set(Self.samples(first.inOrder).compactMap { $0.split(separator: "@").last.flatMap { Int($0) } })
        #expect(times.isDisjoint(with: before))
        #expect(times.contains(500) || rest.rowsOfUnknownSeries > 0)
    }

    @Test("late samples come by themselves; histograms and exemplars come with their series")
    func kinds() async throws {
        let store = try Self.open(SimulatedDisk(), window: 10 * Self.range)
        defer { store.close() }
        try await Self.append(store, 0..<3, at: 50_000)
        try await Self.append(store, 0..<2, at: 10_000)
        var batch = SampleBatch()
        let histogram = NativeHistogram(sum: 3, positiveSpans: [.init(offset: 0, length: 1)], counts: .integer(.init(count: 2, zeroCount: 1, positive: [1], negative: [])))
        batch.append(Labels(["__name__": "h"]), timestamp: Self.start + 51_000, histogram: histogram)
        batch.exemplars = [.init(series: 0, exemplar: Exemplar(labels: Labels(["trace_id": "1"]), value: 2, timestamp: Self.start + 51_000, hasTimestamp: true))]
        _ = try await store.append(batch, durability: .synced)
        let commits = try CommitReader(store).read(from: store.openingPosition, rowsMax: .max)
        #expect(Self.samples(commits.inOrder) == (0..<3).map { "\($0) \(Self.value($0, 50_000))@50000" })
        #expect(Set(Self.samples(commits.late)) == Set((0..<2).map { "\($0) \(Self.value($0, 10_000))@10000" }))
        #expect(commits.inOrder.histograms.map(\.histogram) == [histogram])
        #expect(commits.inOrder.exemplars.map(\.exemplar.value) == [2])
        #expect(store.bytesCommitted(behind: commits.end) == 0)
        let more = try CommitReader(store).read(from: commits.end, rowsMax: .max)
        #expect(more.isEmpty && more.end == commits.end)
    }

    @Test("segments that were removed before they were read are counted, and the rest is read with labels from the checkpoint")
    func removedSegments() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk)
        defer { store.close() }
        let position = store.openingPosition
        for round in 0..<200 {
            try await Self.append(store, 0..<40, at: Int64(round) * 1_000)
            if round % 40 == 39 { try store.maintain() }
        }
        let directory = SegmentDirectory(disk: disk, path: "/data/wal")
        let gone = try #require(try directory.checkpoints().last, "maintenance made no checkpoint")
        let commits = try CommitReader(store).read(from: position, rowsMax: .max)
        #expect(commits.segmentsLost == gone + 1)
        #expect(commits.rowsOfUnknownSeries == 0)
        #expect(Self.samples(commits.inOrder).contains("39 \(Self.value(39, 199_000))@199000"))
        #expect(store.bytesCommitted(behind: commits.end) == 0)
    }

    @Test("text that is no position is refused")
    func positions() {
        for text in ["", "1:2/-", "1:2:3", "1:2:3/", "-1:2:3/-", "1:2:3/4:5", "a:b:c/-", "1:2:3/-/-"] { #expect(CommitPosition(text) == nil, "\(text)") }
        #expect(CommitPosition("1:2:3/4:5:6")?.description == "1:2:3/4:5:6" && CommitPosition("1:2:3/-")?.late == nil)
    }
}
