import MetricFormats
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// Native histograms through compaction, deletion and snapshots: nothing of them is lost.
@Suite(.ownThread) struct HistogramCompactionTests {
    private static let range: Int64 = 600_000

    private static func open(_ disk: any FileSystem, _ directory: String, longest: Int64) throws -> MetricStore {
        try StoreFixture.open(disk, directory) {
            $0.blockRangeMillis = range
            $0.blockMillisMax = longest
            $0.retentionMillis = 0
            $0.maintenanceSeconds = 0
        }
    }

    private static let names = HistogramScenario.Character.allCases.map { Labels(["__name__": "h", "kind": "\($0)"]) }

    private static func fill(_ store: MetricStore, seed: UInt64, from start: Int64, steps: Int) async throws {
        // Prometheus before 3.6 puts observations into wrong buckets when empty ones come and go (prometheus/prometheus#16894).
        var scenarios = HistogramScenario.Character.allCases.enumerated().map { HistogramScenario($1, seed: seed + UInt64($0), hasEmptyBuckets: false) }
        for step in 0..<steps {
            for index in scenarios.indices {
                let sample = MixedSample(time: start + Int64(step) * 10_000 + Int64(index), value: scenarios[index].next())
                let report = try await store.append(try RemoteWriteRequest.decode(StoreFixture.remoteWrite([(names[index], [sample])])).batch, durability: .logged)
                #expect(report.refused == 0, "\(report.firstRefusal ?? "")")
            }
        }
    }

    @Test("blocks with histograms become larger ones, cut by deletions, cleaned and snapshot, with every sample that is left")
    func levels() async throws {
        let folder = try TemporaryFolder()
        let directory = folder.path + "/data"
        var store = try Self.open(Disk(), directory, longest: Self.range)
        try await Self.fill(store, seed: 40, from: StoreFixture.start, steps: 480)
        try store.maintain()
        let whole = StoreFixture.lines(try StoreFixture.readMixed(store))
        store.close()
        #expect(try Disk().list(directory).filter { BlockID($0) != nil }.count == 7)
        store = try Self.open(Disk(), directory, longest: 9 * Self.range)
        try store.maintain()
        #expect(StoreFixture.lines(try StoreFixture.readMixed(store)) == whole)
        #expect(try StoreVerification(directory: directory).problems == [])
        try await store.delete([try Matcher(.regex, "kind", "counter|mixed|custom")], time: StoreFixture.start + 313_000...StoreFixture.start + 2_000_000)
        let samples = try StoreFixture.readMixed(store)
        let left = StoreFixture.lines(samples)
        #expect(left != whole)
        try await store.cleanTombstones()
        #expect(StoreFixture.lines(try StoreFixture.readMixed(store)) == left)
        #expect(try StoreVerification(directory: directory).problems == [])
        let name = try await store.snapshot(includingHead: true)
        store.close()
        store = try Self.open(Disk(), "\(directory)/snapshots/\(name)", longest: 9 * Self.range)
        StoreFixture.expectSame(StoreFixture.lines(try StoreFixture.readMixed(store)), left)
        store.close()
        guard Peer.path("promtool") != nil else { return }
        StoreFixture.expectSame(try Peer.mixedDump("\(directory)/snapshots/\(name)"), StoreFixture.cutLines(samples))
    }
}
