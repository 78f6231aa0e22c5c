import MetricModel
import MetricStore
import Platform
import Testing

/// The store against a model that is too simple to be wrong: a dictionary of sorted samples.
@Suite struct ModelTests {
    private typealias Sample = StoreFixture.Sample

    @Test("thousands of random appends, queries, deletions, compactions, snapshots, restarts and power cuts agree with a naive model", arguments: 0..<6)
    func agrees(seed: Int) async throws {
        var generator = SeededGenerator(UInt64(seed) &* 7919)
        var disk = SimulatedDisk()
        let range: Int64 = 60_000
        let open = { (disk: SimulatedDisk) in
            try StoreFixture.open(disk) {
                $0.blockRangeMillis = range
                $0.maintenanceSeconds = 0
                $0.retentionMillis = 0
                $0.logSegmentBytes = 32 << 10
            }
        }
        var store = try open(disk)
        var model: [Labels: [Sample]] = [:]
        /// What decides whether a sample is taken, deleted or not.
        var latest: [Labels: Sample] = [:]
        let names = (0..<40).map { Labels(["__name__": "m\($0 % 4)", "n": "\($0)", "odd": $0 % 2 == 0 ? "" : "yes"]) }
        let keys = names.map { StoreFixture.protobufKey($0.pairs.map { ($0.name, $0.value) }.shuffled(using: &generator)) }
        var now = StoreFixture.start
        for step in 0..<1500 {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<75:
                now += Int64.random(in: 0...400, using: &generator)
                var batch = SampleBatch()
                var expected = AppendReport()
                for _ in 0..<Int.random(in: 1...25, using: &generator) {
                    let series = Int.random(in: 0..<names.count, using: &generator)
                    let time = now - (Int.random(in: 0..<8, using: &generator) == 0 ? Int64.random(in: 0...range / 4, using: &generator) : 0)
                    let value = Double(Int.random(in: 0..<4, using: &generator))
                    if Bool.random(using: &generator) {
                        batch.append(names[series], timestamp: time, value: value)
                    } else {
                        let at = batch.arena.count
                        batch.arena += keys[series]
                        batch.series.append(.init(keyOffset: at, keyLength: keys[series].count, keyEncoding: .protobuf, samples: batch.values.count..<batch.values.count + 1))
                        batch.timestamps.append(time)
                        batch.values.append(value)
                    }
                }
                // A store takes a batch shard by shard, but the samples of one series in their order.
                for series in batch.series {
                    let name = names.first { name in
                        series.keyEncoding == .packed ? name.packed.elementsEqual(batch.arena[series.keyOffset..<series.keyOffset + series.keyLength])
                            : keys[names.firstIndex(of: name) ?? 0].elementsEqual(batch.arena[series.keyOffset..<series.keyOffset + series.keyLength])
                    }
                    let sample = Sample(batch.timestamps[series.samples.lowerBound], batch.values[series.samples.lowerBound])
                    let known = latest[try #require(name)]
                    if let known, sample.time < known.time { expected.outOfOrder += 1 } else if let known, sample.time == known.time {
                        if known.bits == sample.bits { expected.appended += 1 } else { expected.duplicate += 1 }
                    } else {
                        expected.appended += 1
                        model[try #require(name), default: []].append(sample)
                        latest[try #require(name)] = sample
                    }
                }
                let report = try await store.append(batch, durability: .synced)
                #expect(report.appended == expected.appended && report.outOfOrder == expected.outOfOrder && report.duplicate == expected.duplicate, "step \(step)")
            case 75..<93:
                let low = Int64.random(in: StoreFixture.start...now, using: &generator)
                let time = low...Int64.random(in: low...now, using: &generator)
                let matchers: [Matcher] = switch Int.random(in: 0..<4, using: &generator) {
                case 0: []
                case 1: [.equal("__name__", "m\(Int.random(in: 0..<5, using: &generator))")]
                case 2: [try Matcher(.regex, "n", "1.*|2"), try Matcher(.notEqual, "odd", "yes")]
                default: [try Matcher(.regex, "odd", ".+"), try Matcher(.notRegex, "__name__", "m[01]")]
                }
                var expected: [Labels: [Sample]] = [:]
                for (labels, samples) in model where matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }) {
                    let part = samples.filter { time.contains($0.time) }
                    if !part.isEmpty { expected[labels] = part }
                }
                // A series whose chunk meets the time but whose samples do not may be returned empty.
                let read = try StoreFixture.read(store, matchers, time).filter { !$0.value.isEmpty }
                #expect(read == expected, "step \(step)")
            case 93..<95: try store.maintain()
            case 95:
                let low = Int64.random(in: StoreFixture.start...now, using: &generator)
                let time = low...Int64.random(in: low...min(now, low + 3 * range), using: &generator)
                let matchers: [Matcher] = [[], [.equal("__name__", "m\(step % 5)")], [try Matcher(.regex, "n", "1.*|2")]][step % 3]
                try await store.delete(matchers, time: time)
                for (labels, samples) in model where matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }) { model[labels] = samples.filter { !time.contains($0.time) } }
            case 96 where step % 3 == 0: try await store.cleanTombstones()
            case 96:
                let name = try await store.snapshot(includingHead: true)
                let snapshot = try StoreFixture.open(disk, "/data/snapshots/\(name)") { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
                #expect(try StoreFixture.read(snapshot).filter { !$0.value.isEmpty } == model.filter { !$0.value.isEmpty }, "step \(step)")
                snapshot.close()
                try disk.removeTree("/data/snapshots")
            case 97..<99:
                store.close()
                store = try open(disk)
            default:
                let survivor = disk.losingPower(using: &generator)
                store.close()
                disk = survivor
                store = try open(disk)
            }
        }
        #expect(try StoreFixture.read(store).filter { !$0.value.isEmpty } == model.filter { !$0.value.isEmpty })
        #expect(try disk.list("/data").filter { $0.count == 26 }.count > 1)
        store.close()
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
