import Bytes
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

@Suite(.ownThread) struct CompactionTests {
    private typealias Sample = StoreFixture.Sample
    private static let start = StoreFixture.start
    /// A multiple of every range in use.
    private static let range: Int64 = 60_000

    private static func open(_ disk: any FileSystem, longest: Int64 = 9 * range, _ change: (inout MetricStore.Options) -> Void = { _ in }) throws -> MetricStore {
        try StoreFixture.open(disk) {
            $0.blockRangeMillis = range
            $0.blockMillisMax = longest
            $0.retentionMillis = 0
            $0.maintenanceSeconds = 0
            $0.logSegmentBytes = 32 << 10
            change(&$0)
        }
    }

    private static let names = (0..<12).map { Labels(["__name__": "m\($0 % 3)", "n": "\($0)"]) }

    /// A sample a second of most series.
    private static func fill(_ store: MetricStore, seconds: Range<Int>) async throws {
        for second in seconds {
            let time = start + Int64(second) * 1000
            let batch = names.indices.filter { ($0 + second / 100) % 5 != 0 }.map { (names[$0], time, Double(second * ($0 + 1))) }
            #expect(try await store.append(StoreFixture.batch(batch), durability: .synced).refused == 0)
        }
    }

    private static func blocks(_ disk: any FileSystem, _ directory: String = "/data") throws -> [BlockMeta] {
        try disk.list(directory).filter { BlockID($0) != nil }.map { try BlockMeta(json: try disk.contents("\(directory)/\($0)/meta.json") ?? []) }.sorted { $0.minTime < $1.minTime }
    }

    private static func metric(_ store: MetricStore, _ name: String) -> Double? {
        store.metricFamilies().flatMap(\.points).first { $0.name == name }?.value
    }

    @Test("small blocks become larger ones, level by level, and hold the same samples")
    func levels() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk)
        try await Self.fill(store, seconds: 0..<1300)
        let before = try StoreFixture.read(store)
        try store.maintain()
        #expect(try StoreFixture.read(store) == before)
        let metas = try Self.blocks(disk)
        #expect(metas.map { ($0.maxTime - $0.minTime) / Self.range } == [9, 9, 1, 1, 1])
        #expect(metas.map(\.level) == [3, 3, 1, 1, 1])
        #expect(metas.map(\.sources.count) == [9, 9, 1, 1, 1])
        #expect(metas.map(\.parents.count) == [3, 3, 0, 0, 0])
        #expect(metas.reduce(0) { $0 + $1.sampleCount } == before.values.flatMap { $0 }.count { $0.time < metas.last?.maxTime ?? 0 })
        #expect(Self.metric(store, "prometheus_tsdb_compactions_total") == 29)
        #expect(Self.metric(store, "prometheus_tsdb_blocks_loaded") == 5)
        store.close()
        let again = try Self.open(disk)
        #expect(try StoreFixture.read(again) == before)
        #expect(again.opening.blockDamage.isEmpty)
        again.close()
    }

    @Test("readers who began before a compaction finish on the blocks that it replaced")
    func readersGoOn() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk, longest: Self.range)
        try await Self.fill(store, seconds: 0..<400)
        try store.maintain()
        let selected = try store.select(SeriesSelection([], time: .min ... .max))
        let expected = try StoreFixture.read(store)
        try await store.delete([], time: .min ... .max)
        try await store.cleanTombstones()
        // The one that says where the head begins stays, without a sample that is not deleted.
        #expect(try Self.blocks(disk).map(\.maxTime) == [Self.start + 360_000])
        var buffer = SampleBuffer()
        for series in selected {
            buffer.removeAll()
            try series.read(.min ... .max, into: &buffer)
            #expect((0..<buffer.count).map { Sample(buffer.timestamps[$0], buffer.values[$0]) } == expected[series.labels])
        }
        #expect(try StoreFixture.read(store).isEmpty)
        store.close()
        let again = try Self.open(disk, longest: Self.range)
        #expect(try StoreFixture.read(again).isEmpty, "the log brings back what is deleted")
        again.close()
    }

    @Test("a power cut between any two steps of compacting, cleaning and deleting loses nothing, brings nothing back and serves nothing twice", arguments: 0..<3)
    func cuts(seed: Int) async throws {
        let disk = CuttingDisk(seed: UInt64(seed))
        let store = try Self.open(disk, longest: Self.range)
        try await Self.fill(store, seconds: 0..<500)
        try store.maintain()
        try await store.delete([.equal("__name__", "m1")], time: Self.start + 30_500...Self.start + 200_000)
        try await store.delete([.equal("n", "3")], time: .min ... .max)
        try await store.delete([], time: Self.start + 60_000...Self.start + 119_999)
        let expected = try StoreFixture.read(store)
        store.close()

        func check(_ survivors: [SimulatedDisk]) throws {
            #expect(survivors.count > 10)
            for (number, survivor) in survivors.enumerated() {
                let again = try Self.open(survivor)
                #expect(again.opening.blockDamage.isEmpty, "cut \(number)")
                #expect(try StoreFixture.read(again) == expected, "cut \(number)")
                again.close()
                #expect(try survivor.list("/data").allSatisfy { !$0.contains(".tmp") }, "cut \(number)")
                // Nothing comes back at the opening after that either.
                if number % 7 == 0 {
                    let third = try Self.open(survivor)
                    #expect(try StoreFixture.read(third) == expected, "cut \(number)")
                    third.close()
                }
            }
        }

        let compacting = try Self.open(disk)
        try check(try await disk.survivors { try compacting.maintain() })
        #expect(try Self.blocks(disk).first?.level == 2)
        #expect(try StoreFixture.read(compacting) == expected)
        compacting.close()
        let cleaning = try Self.open(disk, longest: Self.range)
        try await cleaning.delete([.equal("n", "3")], time: .min ... .max)
        let survivors = try await disk.survivors { try await cleaning.cleanTombstones() }
        try check(survivors)
        #expect(try Self.blocks(disk).allSatisfy { $0.tombstoneCount == 0 })
        cleaning.close()
    }

    @Test("deleting is of the series and times asked for, in blocks and head, and survives restarts, compaction and cleaning")
    func deleting() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        try await Self.fill(store, seconds: 0..<400)
        try store.maintain()
        var expected = try StoreFixture.read(store)
        let time = Self.start + 90_500...Self.start + 380_000
        try await store.delete([try Matcher(.regex, "__name__", "m[01]"), try Matcher(.notEqual, "n", "4")], time: time)
        for (labels, samples) in expected where labels["__name__"] != "m2" && labels["n"] != "4" { expected[labels] = samples.filter { !time.contains($0.time) } }
        #expect(try StoreFixture.read(store) == expected)
        #expect(try Self.blocks(disk).contains { $0.tombstoneCount > 0 })
        // A series without a sample left is not found.
        try await store.delete([.equal("n", "7")], time: .min ... .max)
        expected[Self.names[7]] = nil
        #expect(try StoreFixture.read(store) == expected)
        // What comes later is not deleted.
        try await Self.fill(store, seconds: 400..<410)
        expected = try StoreFixture.read(store)
        #expect(expected[Self.names[7]]?.count == 10)
        for step in 0..<4 {
            switch step {
            case 0, 2:
                store.close()
                store = try Self.open(disk)
                #expect(store.opening.log.damage.isEmpty)
            case 1:
                try await Self.fill(store, seconds: 410..<500)
                expected = try StoreFixture.read(store)
                try store.maintain()
            default:
                try await store.cleanTombstones()
                #expect(try Self.blocks(disk).allSatisfy { $0.tombstoneCount == 0 })
                #expect(Self.metric(store, "prometheus_tsdb_tombstone_cleanup_seconds_count") == 1)
            }
            #expect(try StoreFixture.read(store).filter { !$0.value.isEmpty } == expected, "step \(step)")
        }
        store.close()
    }

    @Test("blocks that overlap become one, of samples at the same time the first block's")
    func vertical() async throws {
        let disk = SimulatedDisk()
        let first = try Self.open(disk, longest: Self.range)
        try await Self.fill(first, seconds: 0..<300)
        try first.maintain()
        first.close()
        // The same time again under other names, and partly other values, beside the first.
        let other = SimulatedDisk()
        let second = try Self.open(other, longest: Self.range)
        for step in 0..<300 {
            let samples = Self.names.prefix(6).enumerated().map { ($1, Self.start + 20_000 + Int64(step) * 500 + Int64($0 % 2), -1.0) } + [(Labels(["__name__": "only"]), Self.start + 20_000 + Int64(step) * 500, 5.0)]
            _ = try await second.append(StoreFixture.batch(samples), durability: .logged)
        }
        try second.maintain()
        second.close()
        for name in try other.list("/data") where BlockID(name) != nil {
            try disk.makeDirectory("/data/\(name)/chunks")
            for file in ["meta.json", "index", "tombstones", "chunks/000001"] { try disk.publish("/data/\(name)/\(file)", try other.contents("/data/\(name)/\(file)") ?? []) }
        }
        let store = try Self.open(disk, longest: Self.range)
        let expected = try StoreFixture.read(store)
        #expect(expected[Labels(["__name__": "only"])]?.isEmpty == false)
        let count = try Self.blocks(disk).count
        try store.maintain()
        #expect(try StoreFixture.read(store) == expected)
        let metas = try Self.blocks(disk)
        #expect(metas.count < count)
        #expect(zip(metas, metas.dropFirst()).allSatisfy { $0.maxTime <= $1.minTime })
        #expect(Self.metric(store, "prometheus_tsdb_vertical_compactions_total") ?? 0 > 0)
        store.close()
    }

    @Test("a snapshot is a store of its own, with the head or without, and what happens later does not change it", arguments: [true, false])
    func snapshots(includingHead: Bool) async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk)
        try await Self.fill(store, seconds: 0..<400)
        try store.maintain()
        try await store.delete([.equal("n", "2")], time: .min ... Self.start + 100_000)
        let end = try Self.blocks(disk).map(\.maxTime).max() ?? 0
        let expected = try StoreFixture.read(store, [], .min ... (includingHead ? .max : end - 1))
        let name = try await store.snapshot(includingHead: includingHead)
        #expect(name.wholeMatch(of: /20260101T000000Z-[0-9a-f]{16}/) != nil, "\(name)")
        try await store.delete([], time: .min ... .max)
        try await store.cleanTombstones()
        #expect(try StoreFixture.read(store).isEmpty)
        store.close()
        let snapshot = try StoreFixture.open(disk, "/data/snapshots/\(name)") { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        #expect(try StoreFixture.read(snapshot).filter { !$0.value.isEmpty } == expected)
        snapshot.close()
    }

    @Test("the oldest blocks go when log and blocks are larger than they may be")
    func sizeRetention() async throws {
        let disk = SimulatedDisk()
        let whole = try Self.open(disk, longest: Self.range)
        try await Self.fill(whole, seconds: 0..<800)
        try whole.maintain()
        let sizes = Self.metric(whole, "prometheus_tsdb_storage_blocks_bytes") ?? 0
        let log = Self.metric(whole, "prometheus_tsdb_wal_storage_size_bytes") ?? 0
        let metas = try Self.blocks(disk)
        whole.close()
        let limit = Int(log + sizes / 2)
        let store = try Self.open(disk, longest: Self.range) { $0.retentionBytes = limit }
        try store.maintain()
        let left = try Self.blocks(disk)
        #expect(!left.isEmpty && left.count < metas.count)
        #expect(left == Array(metas.suffix(left.count)))
        #expect(Self.metric(store, "prometheus_tsdb_size_retentions_total") == 1)
        #expect(Self.metric(store, "prometheus_tsdb_time_retentions_total") == 0)
        #expect((Self.metric(store, "prometheus_tsdb_storage_blocks_bytes") ?? 0) + (Self.metric(store, "prometheus_tsdb_wal_storage_size_bytes") ?? 0) <= Double(limit) + log)
        store.close()
    }

    @Test("a block with a file that is missing or flipped is left out and named, and the rest serves", arguments: ["index", "chunks/000001", "meta.json", "tombstones", "flip index", "flip chunks/000001", "flip tombstones"])
    func damaged(what: String) async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk, longest: Self.range)
        try await Self.fill(store, seconds: 0..<400)
        try store.maintain()
        let expected = try StoreFixture.read(store)
        store.close()
        let meta = try #require(try Self.blocks(disk).dropFirst().first)
        let file = "/data/\(meta.id)/\(what.replacing("flip ", with: ""))"
        let size = try disk.status(file)?.size ?? 0
        if what.hasPrefix("flip") { disk.flip(file, at: size / 2, mask: 0x10) } else { try disk.removeFile(file) }
        let again = try Self.open(disk, longest: Self.range)
        func without(_ samples: [Labels: [Sample]]) -> [Labels: [Sample]] { samples.mapValues { $0.filter { $0.time < meta.minTime || $0.time >= meta.maxTime } } }
        if again.opening.blockDamage.isEmpty {
            // Found when it is read: an error, or nothing wrong at all.
            if what == "tombstones" {
                #expect(try StoreFixture.read(again) == expected)
            } else {
                #expect(throws: MetricStoreError.self) { try StoreFixture.read(again) }
                #expect(without(try StoreFixture.read(again, [], meta.maxTime ... .max)) == without(expected).mapValues { $0.filter { $0.time >= meta.maxTime } }.filter { !$0.value.isEmpty })
            }
        } else {
            #expect(again.opening.blockDamage.count == 1)
            #expect(again.opening.blockDamage[0].contains(meta.id.description))
            #expect(try StoreFixture.read(again) == without(expected))
        }
        again.close()
    }

    @Test("blocks that cannot be compacted are marked, left alone and go on serving what can be read")
    func failing() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk, longest: Self.range)
        try await Self.fill(store, seconds: 0..<500)
        try store.maintain()
        store.close()
        let metas = try Self.blocks(disk)
        let file = "/data/\(metas[1].id)/chunks/000001"
        disk.flip(file, at: (try disk.status(file)?.size ?? 0) / 2, mask: 1)
        let again = try Self.open(disk)
        let late = try StoreFixture.read(again, [], metas[2].minTime ... .max)
        #expect(throws: MetricStoreError.self) { try again.maintain() }
        #expect(try Self.blocks(disk).map(\.hasFailed) == metas.indices.map { $0 < 3 })
        #expect(Self.metric(again, "prometheus_tsdb_compactions_failed_total") == 1)
        try again.maintain()
        #expect(try Self.blocks(disk).prefix(3).map(\.id) == metas.prefix(3).map(\.id))
        #expect(try StoreFixture.read(again, [], metas[2].minTime ... .max) == late)
        #expect(try disk.list("/data").allSatisfy { !$0.contains(".tmp") })
        again.close()
    }
}
