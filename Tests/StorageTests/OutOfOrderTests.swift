import Bytes
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// Samples that come after later ones of their series.
@Suite(.ownThread) struct OutOfOrderTests {
    private typealias Sample = StoreFixture.Sample

    private static let range: Int64 = 60_000
    private static let start = StoreFixture.start
    private static let labels = Labels(["__name__": "m", "n": "1"])
    private static let other = Labels(["__name__": "m", "n": "2"])

    private static func open(_ disk: any FileSystem, window: Int64 = 10 * range) throws -> MetricStore {
        try StoreFixture.open(disk) {
            $0.blockRangeMillis = range
            $0.maintenanceSeconds = 0
            $0.retentionMillis = 0
            $0.outOfOrderWindowMillis = window
            $0.logSegmentBytes = 32 << 10
        }
    }

    private static func append(_ store: MetricStore, _ samples: [(Labels, Int64, Double)]) async throws -> AppendReport {
        try await store.append(StoreFixture.batch(samples.map { ($0, start + $1, $2) }), durability: .synced)
    }

    private static func samples(_ store: some MetricReader, _ labels: Labels = labels, _ time: ClosedRange<Int64> = .min ... .max) throws -> [String] {
        (try StoreFixture.read(store, [], time)[labels] ?? []).map { "\(Double(bitPattern: $0.bits))@\($0.time - start)" }
    }

    private static func metrics(_ store: MetricStore) -> [String: Double] {
        var values: [String: Double] = [:]
        for point in store.metricFamilies().flatMap(\.points) { values[point.name + (point.labels.first { $0.name == "type" }.map { "/\($0.value)" } ?? "")] = point.value }
        return values
    }

    private static func outOfOrderBlocks(_ disk: any FileSystem) throws -> [BlockMeta] {
        try disk.list("/data").filter { $0.count == 26 }.compactMap { try disk.contents("/data/\($0)/meta.json") }.map { try BlockMeta(json: $0) }.filter { $0.hints == ["from-out-of-order"] }
    }

    @Test("without a window late samples are refused as before; with one they are taken within it, and those before it are too old")
    func refusals() async throws {
        let histogram = NativeHistogram.staleMarker(isFloat: false)
        for window in [Int64(0), 50_000] {
            let store = try Self.open(SimulatedDisk(), window: window)
            _ = try await Self.append(store, [(Self.labels, 100_000, 1), (Self.other, 99_000, 1)])
            var batch = StoreFixture.batch([(Self.labels, Self.start + 90_000, 2), (Self.labels, Self.start + 100_000, 3), (Self.other, Self.start + 40_000, 2)])
            batch.append(Self.other, timestamp: Self.start + 95_000, histogram: histogram)
            batch.append(Self.other, timestamp: Self.start + 30_000, histogram: histogram)
            let report = try await store.append(batch, durability: .synced)
            let values = Self.metrics(store)
            func count(_ name: String) -> [Double?] { [values["prometheus_tsdb_\(name)_total/float"], values["prometheus_tsdb_\(name)_total/histogram"]] }
            #expect(report.duplicate == 1)
            // Behind the latest by 10 and 5 s; those that are 60 and 70 s behind it are out of bounds where there is no window.
            let lateness = "prometheus_tsdb_sample_ooo_delta"
            #expect([values["\(lateness)_count"], values["\(lateness)_sum"]] == (window == 0 ? [2, 15] : [4, 145]))
            if window == 0 {
                #expect((report.appended, report.outOfOrder, report.tooOld, report.beyondWindow) == (0, 2, 2, 0))
                #expect(report.firstRefusal?.hasPrefix("out of order sample") == true)
                #expect(count("out_of_order_samples") == [1, 1] && count("out_of_bound_samples") == [1, 1] && count("too_old_samples") == [0, 0])
                #expect(values["prometheus_tsdb_out_of_order_wbl_segment_current"] == nil)
            } else {
                #expect((report.appended, report.outOfOrder, report.tooOld, report.beyondWindow) == (2, 0, 0, 2))
                #expect((report.outOfOrderAppended, report.outOfOrderHistogramsAppended) == (2, 1))
                #expect(report.refused == 3)
                #expect(count("head_out_of_order_samples_appended") == [1, 1] && count("too_old_samples") == [1, 1])
                #expect(count("out_of_order_samples") == [0, 0] && count("out_of_bound_samples") == [0, 0] && count("head_samples_appended") == [3, 1])
                #expect(values["prometheus_tsdb_out_of_order_wbl_storage_size_bytes"] ?? 0 > 10)
                let late = try await Self.append(store, [(Self.other, 49_999, 1)])
                #expect(late.firstRefusal?.hasPrefix("too old sample (series ") == true)
                #expect(try await Self.append(store, [(Self.other, 50_000, 1)]).appended == 1)
            }
            store.close()
        }
    }

    @Test("late samples are read in their place, the first at a time stays, and restarts, blocks and merged blocks change nothing")
    func merged() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        _ = try await Self.append(store, (0..<20).map { (Self.labels, Int64($0) * 1000, Double($0)) })
        // Before others, at the time of others, and twice at the same time.
        _ = try await Self.append(store, [(Self.labels, 1500, -1), (Self.labels, 500, -2), (Self.labels, 3000, -3), (Self.labels, 1500, -4)])
        _ = try await Self.append(store, [(Self.labels, 50_000, 50)])
        // A series that has nothing else: too old for order.
        #expect(try await Self.append(store, [(Self.other, 7000, 1), (Self.other, 5000, 2)]).outOfOrderAppended == 2)
        // More than a chunk, backwards.
        _ = try await Self.append(store, (0..<100).reversed().map { (Self.labels, 20_000 + Int64($0) * 10, 0.5) })
        var expected = (0..<20).flatMap { ["\(Double($0))@\($0 * 1000)"] + ($0 == 0 ? ["-2.0@500"] : $0 == 1 ? ["-1.0@1500"] : []) }
        expected += (0..<100).map { "0.5@\(20_000 + $0 * 10)" } + ["50.0@50000"]
        func check(_ step: String) throws {
            #expect(try Self.samples(store) == expected, "\(step)")
            #expect(try Self.samples(store, Self.other) == ["2.0@5000", "1.0@7000"], "\(step)")
            #expect(try Self.samples(store, Self.labels, Self.start + 400 ... Self.start + 1500) == ["-2.0@500", "1.0@1000", "-1.0@1500"], "\(step)")
            #expect(try store.labelValues("n", [], time: Self.start + 4000 ... Self.start + 6000, limit: 0) == ["1", "2"], "\(step)")
        }
        try check("head")
        store.close()
        store = try Self.open(disk)
        #expect(store.opening.outOfOrderLog?.records ?? 0 > 3)
        try check("reopened")
        #expect(StoreVerificationProblems.of(disk).isEmpty)
        _ = try await Self.append(store, [(Self.labels, 130_000, 130)])
        expected.append("130.0@130000")
        try store.maintain()
        try check("compacted")
        #expect(try Self.outOfOrderBlocks(disk).isEmpty, "the block of late samples has become one with the other")
        let log = try disk.list("/data/wbl")
        #expect(log.count == 1, "\(log)")
        // A late sample at the time of one that is in a block.
        _ = try await Self.append(store, [(Self.labels, 1500, -9), (Self.labels, 1600, -6)])
        expected.insert("-6.0@1600", at: 4)
        try check("late again")
        store.close()
        // What is left in the log is read even when nothing more may come.
        store = try Self.open(disk, window: 0)
        try check("reopened without a window")
        #expect(try await Self.append(store, [(Self.labels, 1700, 1)]).tooOld == 1)
        _ = try await Self.append(store, [(Self.labels, 250_000, 250)])
        expected.append("250.0@250000")
        try store.maintain()
        try check("compacted without a window")
        store.close()
        store = try Self.open(disk, window: 0)
        try check("reopened again")
        #expect(StoreVerificationProblems.of(disk).isEmpty)
        store.close()
    }

    @Test("late histograms and floats of one series stand in the order of time")
    func histograms() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        var scenario = HistogramScenario(.mixed, seed: 5)
        var expected: [MixedSample] = (0..<300).map { MixedSample(time: Self.start + Int64($0) * 100, value: scenario.next()) }
        var generator = SeededGenerator(9)
        var batch = SampleBatch()
        batch.append(Self.labels, timestamp: Self.start + 40_000, value: 1)
        _ = try await store.append(batch, durability: .synced)
        for sample in expected.shuffled(using: &generator) {
            var batch = SampleBatch()
            switch sample.value {
            case .float(let value): batch.append(Self.labels, timestamp: sample.time, value: value)
            case .histogram(let histogram): batch.append(Self.labels, timestamp: sample.time, histogram: histogram)
            }
            #expect(try await store.append(batch, durability: .logged).outOfOrderAppended == 1)
        }
        expected.append(MixedSample(time: Self.start + 40_000, value: .float(1)))
        let lines = expected.map(\.line)
        #expect(try StoreFixture.readMixed(store)[Self.labels]?.map(\.line) == lines)
        store.close()
        store = try Self.open(disk)
        #expect(try StoreFixture.readMixed(store)[Self.labels]?.map(\.line) == lines)
        var last = SampleBatch()
        last.append(Self.other, timestamp: Self.start + 200_000, value: 1)
        _ = try await store.append(last, durability: .synced)
        try store.maintain()
        #expect(try StoreFixture.readMixed(store)[Self.labels]?.map(\.line) == lines)
        store.close()
    }

    @Test("deleting takes late samples with it, those that come later at the same time are there, and restarts and blocks agree")
    func deletion() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        _ = try await Self.append(store, [(Self.labels, 0, 0), (Self.labels, 10_000, 1), (Self.labels, 5000, 2), (Self.labels, 6000, 3), (Self.other, 10_000, 1)])
        _ = try await Self.append(store, [(Self.labels, 50_000, 5), (Self.other, 4000, 4)])
        try await store.delete([.equal("n", "1")], time: Self.start + 5500 ... Self.start + 10_000)
        _ = try await Self.append(store, [(Self.labels, 10_000, 6), (Self.labels, 7000, 7)])
        let expected = ["0.0@0", "2.0@5000", "7.0@7000", "6.0@10000", "5.0@50000"]
        #expect(try Self.samples(store) == expected)
        #expect(try Self.samples(store, Self.other) == ["4.0@4000", "1.0@10000"])
        for step in 0..<4 {
            store.close()
            store = try Self.open(disk)
            #expect(try Self.samples(store) == expected + (step >= 2 ? ["9.0@150000"] : []), "step \(step)")
            if step == 1 {
                _ = try await Self.append(store, [(Self.labels, 150_000, 9)])
                try store.maintain()
            }
        }
        try await store.delete([], time: .min ... .max)
        #expect(try StoreFixture.read(store).values.allSatisfy(\.isEmpty))
        store.close()
    }

    @Test("a snapshot with the head has the late samples; a window can be opened and closed while the store runs")
    func snapshot() async throws {
        let disk = SimulatedDisk()
        let store = try Self.open(disk, window: 0)
        _ = try await Self.append(store, [(Self.labels, 100_000, 1)])
        #expect(try await Self.append(store, [(Self.labels, 90_000, 2)]).outOfOrder == 1)
        try await store.setOutOfOrderWindow(millis: 100_000)
        #expect(try await Self.append(store, [(Self.labels, 90_000, 3), (Self.labels, 10_000, 4)]).outOfOrderAppended == 2)
        let name = try await store.snapshot(includingHead: true)
        let snapshot = try StoreFixture.open(disk, "/data/snapshots/\(name)") { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        #expect(try StoreFixture.read(snapshot) == StoreFixture.read(store))
        #expect(try Self.samples(snapshot) == ["4.0@10000", "3.0@90000", "1.0@100000"])
        snapshot.close()
        try await store.setOutOfOrderWindow(millis: 0)
        #expect(try await Self.append(store, [(Self.labels, 91_000, 2)]).outOfOrder == 1)
        store.close()
        var lines: [String] = []
        try StoreInspection(directory: "/data", disk: disk).dump([], .min ... .max) { lines.append($0) }
        #expect(lines.map { $0.split(separator: " ").suffix(2).joined(separator: "@").dropLast() } == ["4@\(Self.start + 10_000)", "3@\(Self.start + 90_000)", "1@\(Self.start + 100_000)"])
    }

    @Test("a power cut at any moment of making blocks of late samples, and of what follows, loses none and shows none twice", arguments: 0..<2)
    func cuts(seed: Int) async throws {
        let disk = CuttingDisk(seed: UInt64(seed))
        let store = try Self.open(disk)
        let series = (0..<5).map { Labels(["__name__": "m", "n": "\($0)"]) }
        for second in 0..<130 { _ = try await Self.append(store, series.map { ($0, Int64(second) * 1000, 1) }) }
        for second in stride(from: 128, to: 0, by: -1) { _ = try await Self.append(store, series.map { ($0, Int64(second) * 1000 - 500, 2) }) }
        try await store.delete([.equal("n", "3")], time: Self.start + 20_000 ... Self.start + 90_000)
        _ = try await Self.append(store, [(series[3], 30_000, 3)])
        let expected = try StoreFixture.read(store)
        let survivors = try await disk.survivors { try store.maintain() }
        #expect(try StoreFixture.read(store) == expected)
        store.close()
        #expect(survivors.count > 20)
        for (number, survivor) in survivors.enumerated() {
            let again = try Self.open(survivor)
            #expect(again.opening.blockDamage.isEmpty && again.opening.samplesOfUnknownSeries == 0, "cut \(number)")
            #expect(try StoreFixture.read(again) == expected, "cut \(number)")
            if number % 5 == 0 {
                try again.maintain()
                #expect(try StoreFixture.read(again) == expected, "cut \(number)")
                again.close()
                let third = try Self.open(survivor)
                #expect(try StoreFixture.read(third) == expected, "cut \(number)")
                third.close()
            } else {
                again.close()
            }
        }
    }

    @Test("a torn or flipped log of late samples is told with its place, the rest is kept, and never are there wrong samples", arguments: 0..<30)
    func damage(seed: Int) async throws {
        var generator = SeededGenerator(UInt64(seed))
        let disk = SimulatedDisk()
        let store = try Self.open(disk)
        _ = try await Self.append(store, [(Self.labels, 500_000, 0)])
        for index in 0..<400 { _ = try await Self.append(store, [(Self.labels, Int64(400_000 - index * 1000 + index % 7), Double(index))]) }
        let whole = Set(try Self.samples(store))
        #expect(whole.count == 401)
        store.close()
        let path = try #require(try disk.list("/data/wbl").map { "/data/wbl/\($0)" }.first)
        let size = try #require(try disk.status(path)?.size)
        let at = Int.random(in: 20..<size, using: &generator)
        let isTorn = seed % 2 == 0
        if isTorn {
            let content = try #require(try disk.contents(path))
            try disk.publish(path, Array(content[..<at]))
        } else {
            disk.flip(path, at: at, mask: 1 << UInt8.random(in: 0...7, using: &generator))
        }
        let problems = StoreVerificationProblems.of(disk)
        let again = try Self.open(disk)
        let read = Set(try Self.samples(again))
        #expect(read.isSubset(of: whole))
        let damage = again.opening.outOfOrderLog?.damage ?? []
        // A cut between two records, and a bit of padding, may be nothing that can be seen; what is lost is always told, unless the end is.
        if read.count < whole.count, !isTorn { #expect(!damage.isEmpty && damage.allSatisfy { $0.file == path }) }
        if !damage.isEmpty { #expect(!problems.isEmpty) }
        again.close()
        let third = try Self.open(disk)
        #expect(Set(try Self.samples(third)) == read)
        #expect(third.opening.outOfOrderLog?.damage.isEmpty == true)
        third.close()
    }

    @Test("late samples whose series' record is lost are told, and never given to the series that comes next")
    func lostSeries() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        _ = try await Self.append(store, [(Self.labels, 100_000, 0)])
        store.close()
        store = try Self.open(disk)
        _ = try await Self.append(store, [(Self.other, 100_000, 0), (Self.other, 50_000, 1), (Self.labels, 60_000, 2)])
        store.close()
        let segments = try disk.list("/data/wal")
        #expect(segments == ["00000000", "00000001", "00000002"])
        try disk.removeFile("/data/wal/00000001")
        let third = Labels(["__name__": "m", "n": "3"])
        for time in [110_000, 111_000] as [Int64] {
            store = try Self.open(disk)
            let values = Self.metrics(store)
            #expect(["series", "samples"].map { values["prometheus_tsdb_wbl_replay_unknown_refs_total/\($0)"] } == [1, 1])
            #expect(values["prometheus_tsdb_wal_replay_unknown_refs_total/series"] == nil)
            #expect(store.opening.samplesOfUnknownSeries == 1 && store.opening.log.damage.map(\.file) == ["/data/wal/00000001"])
            _ = try await Self.append(store, [(third, time, 3)])
            #expect(try Self.samples(store, third) == (time == 110_000 ? ["3.0@110000"] : ["3.0@110000", "3.0@111000"]))
            #expect(try Self.samples(store) == ["2.0@60000", "0.0@100000"])
            store.close()
        }
    }

    @Test("what is gone of the log of late samples is told, whichever segment it is", arguments: 0..<3)
    func missingSegment(number: Int) async throws {
        let disk = SimulatedDisk()
        for part in 0..<3 {
            let store = try Self.open(disk)
            _ = try await Self.append(store, [(Self.labels, 100_000, 0), (Self.labels, 50_000 + Int64(part), 1)])
            store.close()
        }
        // Behind each segment with samples is one that says where the log begins.
        let segments = try disk.list("/data/wbl").filter { try disk.contents("/data/wbl/\($0)")?.starts(with: [1]) == true }
        #expect(segments.count == 6)
        let file = "/data/wbl/\(segments[number * 2])"
        try disk.removeFile(file)
        #expect(StoreVerificationProblems.of(disk).contains { $0.hasPrefix(file) })
        let store = try Self.open(disk)
        #expect(store.opening.outOfOrderLog?.damage.map(\.file) == [file])
        #expect(try Self.samples(store).count == 3)
        store.close()
    }

    @Test("blocks of late samples ahead of the head's beginning are not made one with others, which would hide the log before their end")
    func ahead() async throws {
        let disk = SimulatedDisk()
        var store = try Self.open(disk)
        // The head ends with two ranges and a half, and has late samples in each.
        for second in 0..<125 { _ = try await Self.append(store, [(Self.labels, Int64(second) * 1000, 1)]) }
        try store.maintain()
        _ = try await Self.append(store, [(Self.labels, 200_000, 1)])
        for second in [10, 70, 130, 190] { _ = try await Self.append(store, [(Self.labels, Int64(second) * 1000 + 500, 2)]) }
        _ = try await Self.append(store, [(Self.labels, 209_000, 1)])
        let expected = try StoreFixture.read(store)
        for _ in 0..<3 {
            try store.maintain()
            #expect(try StoreFixture.read(store) == expected)
            store.close()
            store = try Self.open(disk)
            #expect(try StoreFixture.read(store) == expected)
        }
        store.close()
    }
}

/// What `obstack tsdb verify` says of a directory.
enum StoreVerificationProblems {
    static func of(_ disk: any FileSystem) -> [String] {
        do { return try StoreVerification(directory: "/data", disk: disk).problems.map(\.description) } catch { return ["\(error)"] }
    }
}
