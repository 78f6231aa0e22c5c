import Bytes
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

@Suite(.ownThread) struct MetricStoreTests {
    private static let start = StoreFixture.start
    private typealias Sample = StoreFixture.Sample

    @Test("samples come back bit for bit, over chunk cuts, stale markers and every kind of jump")
    func roundTrip() async throws {
        let store = try StoreFixture.open { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        let labels = Labels(["__name__": "m", "a": "b"])
        var generator = SeededGenerator(1)
        var time = Self.start
        var expected: [Sample] = []
        var value = 0.0
        for step in 0..<3000 {
            // Deltas of every width that the encoding has, and one that is absurd.
            time += [1, 15_000, 15_001, 14_000, 20_000, 90_000, 1_000_000, 1 << 33][step % 97 == 96 ? 7 : step % 13 == 12 ? Int.random(in: 2...6, using: &generator) : 1]
            switch step % 7 {
            case 0: value += 1
            case 1: value = Double(bitPattern: generator.next())
            case 2: value = Staleness.marker
            case 3: value = -0.0
            default: break
            }
            let report = try await store.append(StoreFixture.batch([(labels, time, value)]), durability: .logged)
            #expect(report.appended == 1)
            expected.append(Sample(time, value))
        }
        #expect(try StoreFixture.read(store) == [labels: expected])
        let part = expected[1000].time...expected[1700].time
        #expect(try StoreFixture.read(store, [], part) == [labels: Array(expected[1000...1700])])
        try store.maintain()
        #expect(try StoreFixture.read(store) == [labels: expected])
        store.close()
    }

    @Test("samples are refused as Prometheus refuses them, and the rest of the batch is taken")
    func refusals() async throws {
        let clock = ManualClock(unixMillis: Self.start + 1000)
        let store = try StoreFixture.open(clock: clock) { $0.futureMillisMax = 600_000; $0.seriesMax = 2 }
        let a = Labels(["__name__": "a"])
        let b = Labels(["__name__": "b"])
        _ = try await store.append(StoreFixture.batch([(a, Self.start, 1), (b, Self.start, 1)]), durability: .logged)
        let cases: [(Labels, Int64, Double, KeyPath<AppendReport, Int>, String?)] = [
            (a, Self.start, 1, \.appended, nil),
            (a, Self.start, 2, \.duplicate, "duplicate sample for timestamp \(Self.start); overrides not allowed: existing 1.0, new value 2.0"),
            (a, Self.start - 1, 1, \.outOfOrder, "out of order sample"),
            (a, Self.start - 3_600_001, 1, \.tooOld, "out of bounds"),
            (a, Self.start + 700_000, 1, \.tooFarInFuture, "out of bounds: timestamp is too far in the future"),
            (Labels(["__name__": "c"]), Self.start + 1, 1, \.overSeriesLimit, "the limit of 2 series is reached"),
            (Labels.empty, Self.start + 1, 1, \.invalidLabels, "invalid sample: empty labelset"),
        ]
        for (labels, time, value, counter, words) in cases {
            let tick = clock.unixMillis
            clock.advance(millis: 1)
            let report = try await store.append(StoreFixture.batch([(labels, time, value), (b, tick, 5)]), durability: .logged)
            #expect(report[keyPath: counter] == (counter == \.appended ? 2 : 1), "\(labels) \(time)")
            #expect(report.appended + report.refused == 2)
            if let words { #expect(report.firstRefusal?.hasPrefix(words) == true, "\(report.firstRefusal ?? "none")") }
        }
        store.close()
    }

    @Test("invalid series are refused with the reason and never kept", arguments: [
        ([("__name__", "m"), ("", "x")], "a label has no name"),
        ([("__name__", "m"), ("a", "1"), ("a", "2")], "label name \"a\" is not unique"),
        ([("a", "1")], "the series has no metric name"),
        ([("__name__", "")], "empty labelset"),
    ])
    func invalidSeries(pairs: [(String, String)], reason: String) async throws {
        let store = try StoreFixture.open()
        let report = try await store.append(StoreFixture.batch(key: StoreFixture.protobufKey(pairs), Self.start, 1), durability: .logged)
        #expect(report.invalidLabels == 1)
        #expect(report.firstRefusal == "invalid sample: \(reason)")
        #expect(try StoreFixture.read(store).isEmpty)
        store.close()
    }

    @Test("label bytes that are not UTF-8, and keys that are no protobuf, are refused")
    func malformedKeys() async throws {
        let store = try StoreFixture.open()
        let wrong: [[UInt8]] = [[0x0A, 0x06, 0x0A, 0x01, 0xFF, 0x12, 0x01, 0x61], [0x0A, 0x7F], [0xFF, 0xFF, 0xFF], [0x0A, 0x05, 0x0A, 0x01, 0x61, 0x12, 0x7F]]
        for key in wrong {
            let report = try await store.append(StoreFixture.batch(key: key, Self.start, 1), durability: .logged)
            #expect(report.invalidLabels == 1)
            #expect(report.references == [0])
        }
        store.close()
    }

    @Test("one series has many keys: sorted, unsorted, with an empty label, packed, by reference")
    func keyAliases() async throws {
        let store = try StoreFixture.open()
        let keys = [
            [("__name__", "m"), ("a", "1"), ("b", "2")],
            [("b", "2"), ("__name__", "m"), ("a", "1")],
            [("__name__", "m"), ("a", "1"), ("b", "2"), ("c", "")],
        ].map(StoreFixture.protobufKey)
        var references: Set<UInt64> = []
        var time = Self.start
        for _ in 0..<3 {
            for key in keys {
                let report = try await store.append(StoreFixture.batch(key: key, time, 1), durability: .logged)
                #expect(report.appended == 1)
                references.formUnion(report.references)
                time += 1
            }
        }
        let labels = Labels(["__name__": "m", "a": "1", "b": "2"])
        var batch = StoreFixture.batch([(labels, time, 1)])
        references.formUnion(try await store.append(batch, durability: .logged).references)
        #expect(references.count == 1)
        // A reference that the store never gave falls back to the key.
        for reference in [try #require(references.first), 77, .max] {
            time += 1
            batch.series[0].reference = reference
            batch.timestamps[0] = time
            #expect(try await store.append(batch, durability: .logged).appended == 1)
        }
        #expect(try StoreFixture.read(store).mapValues(\.count) == [labels: 13])
        store.close()
    }

    @Test("matchers select what a scan over all series would", arguments: [
        "a=1", "a!=1", "a=", "a!=", "a=~1|2", "a!~1|2", "a=~.*", "a=~.+", "a!~.+", "a=~1.*", "b=~.*x", "b=~.*x.*", "b!~.*x.*", "b=~(p|q)x", "b=~p?x", "c=", "c!=", "c=~|1",
        "a=1,b=px", "a=~1|2,b!=px", "a!=1,b!=qx", "z=1", "z!=1", "a=1,a=2", "b=~[pq]x,a=~[0-3]", "a!~\\d,b=~..",
    ])
    func matching(text: String) async throws {
        let store = try StoreFixture.open()
        var all: [Labels] = []
        for a in 0..<20 {
            for b in ["px", "qx", "xp", "p", ""] {
                for c in ["", "1"] { all.append(Labels(["__name__": "m", "a": a == 0 ? "" : "\(a)", "b": b, "c": c])) }
            }
        }
        _ = try await store.append(StoreFixture.batch(all.map { ($0, Self.start, 1) }), durability: .logged)
        let matchers = try text.split(separator: ",").map { part in
            let kinds: [Matcher.Kind] = [.regex, .notRegex, .notEqual, .equal]
            let kind = try #require(kinds.first { part.contains($0.rawValue) })
            let at = try #require(part.firstRange(of: kind.rawValue))
            return try Matcher(kind, String(part[..<at.lowerBound]), String(part[at.upperBound...]))
        }
        let expected = Set(all.filter { labels in matchers.allSatisfy { $0.matches(labels[$0.name] ?? "") } })
        #expect(try Set(StoreFixture.read(store, matchers).keys) == expected)
        // Once more, now that verdicts are remembered.
        #expect(try Set(StoreFixture.read(store, matchers).keys) == expected)
        let values = try store.labelValues("a", matchers, time: 0 ... .max, limit: 0)
        #expect(values == Set(expected.compactMap { $0["a"] }).sorted())
        let names = try store.labelNames(matchers, time: 0 ... .max, limit: 0)
        #expect(names == Set(expected.flatMap { $0.pairs.map(\.name) }).sorted())
        store.close()
    }

    @Test("what was acknowledged as synced is there after a power cut, whenever it comes", arguments: 0..<30)
    func powerLoss(seed: Int) async throws {
        var generator = SeededGenerator(UInt64(seed))
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk) { $0.logSegmentBytes = 64 << 10 }
        var synced: [Labels: [Sample]] = [:]
        var written: [Labels: [Sample]] = [:]
        for step in 0..<80 {
            var samples: [(Labels, Int64, Double)] = []
            for _ in 0..<Int.random(in: 1...30, using: &generator) {
                let labels = Labels(["__name__": "m", "n": "\(Int.random(in: 0..<200, using: &generator))"])
                if samples.contains(where: { $0.0 == labels }) { continue }
                samples.append((labels, Self.start + Int64(step) * 1000, Double.random(in: 0...1, using: &generator)))
            }
            let isSynced = Bool.random(using: &generator)
            _ = try await store.append(StoreFixture.batch(samples), durability: isSynced ? .synced : .logged)
            for (labels, time, value) in samples { written[labels, default: []].append(Sample(time, value)) }
            if isSynced { synced = written }
        }
        let survivor = disk.losingPower(using: &generator)
        store.close()
        let again = try StoreFixture.open(survivor)
        let read = try StoreFixture.read(again)
        for (labels, samples) in synced { #expect(read[labels]?.starts(with: samples) == true) }
        for (labels, samples) in read { #expect(written[labels]?.starts(with: samples) == true) }
        again.close()
    }

    @Test("a log cut at every nth byte is opened, and holds a beginning of what was written")
    func cutLog() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk)
        var batches: [[(Labels, Int64, Double)]] = []
        for step in 0..<60 {
            batches.append((0..<20).map { (Labels(["__name__": "m", "n": "\(($0 * 7 + step) % 50)"]), Self.start + Int64(step * 15_000), Double($0 * step)) })
            _ = try await store.append(StoreFixture.batch(batches[step]), durability: .synced)
        }
        let whole = try StoreFixture.read(store)
        let bytes = try #require(try disk.contents("/data/wal/00000000"))
        store.close()
        for cut in stride(from: 0, to: bytes.count, by: 613) {
            let copy = SimulatedDisk()
            try copy.makeDirectory("/data/wal")
            try copy.publish("/data/wal/00000000", Array(bytes[..<cut]))
            let again = try StoreFixture.open(copy)
            for (labels, samples) in try StoreFixture.read(again) { #expect(whole[labels]?.starts(with: samples) == true) }
            #expect(again.opening.log.damage.count <= 1)
            let report = try await again.append(StoreFixture.batch([(Labels(["__name__": "new"]), Self.start + 3_600_000, 1)]), durability: .synced)
            #expect(report.appended == 1)
            again.close()
        }
    }

    @Test("on a full disk writes are refused, reads go on, and writing works again when there is space")
    func diskFull() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk)
        let labels = (0..<100).map { Labels(["__name__": "m", "n": "\($0)"]) }
        var generator = SeededGenerator(4)
        disk.limit(toBytes: 20_000)
        var accepted: [Int64] = []
        var refusals = 0
        for step in 0..<60 {
            let time = Self.start + Int64(step) * 1000
            do throws(MetricStoreError) {
                // New series in every step, so that series' records meet the full disk too.
                let batch = StoreFixture.batch(labels[..<(step + 20)].map { ($0, time, Double.random(in: 0...1, using: &generator)) })
                #expect(try await store.append(batch, durability: .synced).appended == step + 20)
                accepted.append(time)
            } catch {
                guard case .io(_, _, _, isDiskFull: true) = error else {
                    Issue.record("\(error)")
                    continue
                }
                refusals += 1
                #expect(try StoreFixture.read(store).count >= 20)
            }
            if step == 40 { disk.limit(toBytes: .max) }
        }
        #expect(refusals > 5)
        #expect(accepted.last == Self.start + 59_000)
        store.close()
        let again = try StoreFixture.open(disk)
        #expect(again.opening.samplesOfUnknownSeries == 0)
        let read = try StoreFixture.read(again)
        let times = Set(try #require(read[labels[0]]).map(\.time))
        #expect(times.isSuperset(of: accepted))
        again.close()
    }

    @Test("readers see whole samples while writers write")
    func concurrentReads() async throws {
        let store = try StoreFixture.open()
        let labels = (0..<300).map { Labels(["__name__": "m", "n": "\($0)"]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    for step in 0..<400 {
                        let own = labels.indices.filter { $0 % 3 == writer }
                        let batch = StoreFixture.batch(own.map { (labels[$0], Self.start + Int64(step), Double(step)) })
                        let report = try await store.append(batch, durability: .logged)
                        #expect(report.appended == own.count)
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<40 {
                        for samples in try StoreFixture.read(store).values {
                            #expect(samples == (0..<samples.count).map { Sample(Self.start + Int64($0), Double($0)) })
                        }
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try StoreFixture.read(store).values.allSatisfy { $0.count == 400 })
        store.close()
    }
}
