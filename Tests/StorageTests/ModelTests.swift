import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// The store against a model that is too simple to be wrong: a dictionary of samples.
@Suite(.ownThread) struct ModelTests {
    /// Every seed does so many operations; `OBSTACK_MODEL_OPERATIONS` says how many all do together.
    private static let operationsPerSeed = 1500
    private static let seeds = 0..<(environmentNumber("OBSTACK_MODEL_OPERATIONS").map { ($0 + operationsPerSeed - 1) / operationsPerSeed } ?? 12)

    @Test("thousands of random appends of floats and histograms, late ones too, queries, deletions, compactions, snapshots, restarts and power cuts agree with a naive model", arguments: seeds)
    func agrees(seed: Int) async throws {
        // In every other run nothing may be late.
        var run = try ModelRun(seed: seed, window: seed % 2 == 0 ? 0 : 4 * ModelRun.range)
        for step in 0..<Self.operationsPerSeed { try await run.step(step) }
        try run.finish()
    }

    @Test("old blocks are deleted, the log is shortened, and dropped series are forgotten and can come back")
    func bounded() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk) {
            $0.blockRangeMillis = 60_000
            $0.retentionMillis = 300_000
            $0.maintenanceSeconds = 0
            $0.logSegmentBytes = 32 << 10
        }
        let early = Labels(["__name__": "early"])
        for step in 0..<2000 {
            let time = StoreFixture.start + Int64(step) * 1000
            var samples = (0..<30).map { (Labels(["__name__": "m", "n": "\($0)", "step": "\(step / 50)"]), time, Double(step)) }
            if step < 10 || step == 1999 { samples.append((early, time, 1)) }
            _ = try await store.append(StoreFixture.batch(samples), durability: .logged)
            if step % 20 == 19 { try store.maintain() }
        }
        let blocks = try disk.list("/data").filter { $0.count == 26 }
        #expect((4...6).contains(blocks.count))
        let segments = try disk.list("/data/wal")
        #expect(segments.contains { $0.hasPrefix("checkpoint.") })
        #expect(segments.count < 12, "\(segments)")
        let read = try StoreFixture.read(store)
        #expect(read[early] == [.init(StoreFixture.start + 1_999_000, 1)])
        #expect(read.values.flatMap { $0 }.map(\.time).min() ?? 0 > StoreFixture.start + 1_500_000)
        store.close()
        let again = try StoreFixture.open(disk) { $0.blockRangeMillis = 60_000; $0.maintenanceSeconds = 0 }
        #expect(try StoreFixture.read(again) == read)
        #expect(again.opening.samplesOfUnknownSeries == 0)
        #expect(again.opening.series < 200)
        again.close()
    }
}
