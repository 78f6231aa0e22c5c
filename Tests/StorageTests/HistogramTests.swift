import Bytes
import MetricFormats
import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

@Suite(.ownThread) struct HistogramTests {
    private typealias Histogram = NativeHistogram
    private static let start = StoreFixture.start

    private static func integer(
        count: UInt64, zero: UInt64 = 0, sum: Double = 1, schema: Int32 = 0, positive: [Int64] = [], at offset: Int32 = 0, negative: [Int64] = [], hint: Histogram.CounterReset = .unknown
    ) -> Histogram {
        Histogram(
            counterReset: hint, schema: schema, zeroThreshold: 0.001, sum: sum,
            positiveSpans: positive.isEmpty ? [] : [.init(offset: offset, length: UInt32(positive.count))],
            negativeSpans: negative.isEmpty ? [] : [.init(offset: 0, length: UInt32(negative.count))],
            counts: .integer(.init(count: count, zeroCount: zero, positive: positive, negative: negative)))
    }

    @Test("the text of a histogram is Prometheus's", arguments: [
        (integer(count: 10, zero: 2, sum: 18.4, positive: [1, 0, 3], negative: [4]), "{count:10, sum:18.4, [-1,-0.5):4, [-0.001,0.001]:2, (0.5,1]:1, (2,4]:3}"),
        (integer(count: 2_000_000, sum: 1_000_000, schema: 1, positive: [2_000_000]), "{count:2000000, sum:1e+06, (0.7071067811865475,1]:2000000}"),
        (integer(count: 2, schema: -4, positive: [1, 1], at: 63), "{count:2, sum:1, (4.185580496821357e+298,2.7430620343968443e+303]:1, (2.7430620343968443e+303,1.7976931348623157e+308]:1}"),
        (integer(count: 1, schema: 0, positive: [1], at: 1025), "{count:1, sum:1, (1.7976931348623157e+308,+Inf]:1}"),
        (Histogram.staleMarker(isFloat: false), "{count:0, sum:NaN}"),
        (
            Histogram(
                schema: -53, sum: 0.00001, positiveSpans: [.init(offset: 0, length: 1), .init(offset: 1, length: 1)], customValues: [1, 2.5],
                counts: .float(.init(count: 1.5, zeroCount: 0, positive: [1, 0.5], negative: []))),
            "{count:1.5, sum:1e-05, [-Inf,1]:1, (2.5,+Inf]:0.5}"
        ),
    ])
    func text(histogram: NativeHistogram, expected: String) {
        #expect("\(histogram)" == expected)
    }

    @Test("what contradicts itself is refused in Prometheus's words", arguments: [
        (integer(count: 3, positive: [1]), "1 observations found in buckets, but the Count field is 3: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)"),
        (integer(count: 1, sum: .nan, positive: [2]), "2 observations found in buckets, but the Count field is 1: histogram's observation count should be at least the number of observations found in the buckets"),
        (integer(count: 1, positive: [2, -1]), "positive side: bucket number 2 has observation count of -1: histogram has a bucket whose observation count is negative"),
        (integer(count: 0, schema: 9), "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9"),
        (
            Histogram(schema: 0, sum: 0, negativeSpans: [.init(offset: 0, length: 2)], counts: .integer(.init(count: 0, zeroCount: 0, positive: [], negative: [1]))),
            "negative side: spans need 2 buckets, have 1 buckets: histogram spans specify different number of buckets than provided"
        ),
        (
            Histogram(schema: -53, sum: 0, positiveSpans: [.init(offset: 1, length: 1)], customValues: [1, 1], counts: .float(.init(count: 1, zeroCount: 0, positive: [1], negative: []))),
            "custom buckets: previous bound is 1.000000 and current is 1.000000: histogram custom bounds must be in strictly increasing order"
        ),
        (
            Histogram(schema: -53, sum: 0, positiveSpans: [.init(offset: 2, length: 1)], customValues: [1], counts: .float(.init(count: 1, zeroCount: 0, positive: [1], negative: []))),
            "custom buckets: only 1 custom bounds defined which is insufficient to cover total span length of 3: histogram custom bounds are too few"
        ),
        (Histogram(sum: 0, counts: .float(.init(count: -1, zeroCount: 0, positive: [], negative: []))), "observation count is  -1: histogram's observation count is negative"),
    ])
    func validation(histogram: NativeHistogram, expected: String) async throws {
        let error = #expect(throws: NativeHistogramError.self) { try histogram.validate() }
        #expect(error.map { "\($0)" } == expected)
        let store = try StoreFixture.open()
        var batch = SampleBatch()
        batch.append(Labels(["__name__": "h"]), timestamp: Self.start, histogram: histogram)
        let report = try await store.append(batch, durability: .logged)
        #expect(report.invalidHistograms == 1)
        #expect(report.firstRefusal?.hasPrefix(expected) == true)
        store.close()
    }

    @Test("a lower resolution adds neighbours up")
    func resolution() throws {
        var histogram = Self.integer(count: 15, schema: 2, positive: [1, 2, 4, 8], at: -1)
        try histogram.reduceResolution(to: 0)
        #expect("\(histogram)" == "{count:15, sum:1, (0.5,1]:3, (1,2]:12}")
    }

    /// What was sent, as it must come back: a float marker in a series of histograms is one of histograms.
    private static func expected(_ samples: [MixedSample]) -> [String] {
        var isHistogram = false
        return samples.map { sample in
            if case .float(let value) = sample.value, Staleness.isMarker(value), isHistogram { return "{count:0, sum:NaN} @\(sample.time)" }
            if case .histogram = sample.value { isHistogram = true } else { isHistogram = false }
            return sample.line
        }
    }

    @Test("histograms of every character come back through remote write, the log, a restart, blocks and checkpoints", arguments: 0..<3)
    func roundTrip(seed: Int) async throws {
        let disk = SimulatedDisk()
        var store = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.logSegmentBytes = 128 << 10 }
        var scenarios = HistogramScenario.Character.allCases.enumerated().map { HistogramScenario($1, seed: UInt64(seed * 100 + $0)) }
        let labels = scenarios.indices.map { Labels(["__name__": "h", "n": "\($0)"]) }
        var sent = labels.map { _ in [MixedSample]() }
        // Seven hours in steps of half a minute.
        for step in 0..<840 {
            var request: [(labels: Labels, samples: [MixedSample])] = []
            for index in scenarios.indices where index != 3 || step % 7 == 0 {
                let sample = MixedSample(time: Self.start + Int64(step) * 30_000 + Int64(index), value: scenarios[index].next())
                sent[index].append(sample)
                request.append((labels[index], [sample]))
            }
            let report = try await store.append(try RemoteWriteRequest.decode(StoreFixture.remoteWrite(request)).batch, durability: .logged)
            #expect(report.refused == 0, "\(report.firstRefusal ?? "")")
            if step == 300 || step == 700 {
                try store.maintain()
                store.close()
                store = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.logSegmentBytes = 128 << 10 }
                #expect(store.opening.samplesOfUnknownSeries == 0)
            }
        }
        try store.maintain()
        #expect(store.statistics(limit: 1).minTime > Self.start + 3_600_000)
        let read = try StoreFixture.readMixed(store)
        for (index, label) in labels.enumerated() {
            #expect(read[label]?.map(\.line) == Self.expected(sent[index]), "series \(index)")
        }
        // Everything else of a histogram, which the text does not show.
        for (index, label) in labels.enumerated() {
            for (sample, original) in zip(read[label] ?? [], sent[index]) {
                guard case .histogram(let histogram) = sample.value, case .histogram(let sent) = original.value, !sent.isStaleMarker else { continue }
                #expect(histogram.schema == sent.schema && histogram.zeroThreshold == sent.zeroThreshold && histogram.customValues == sent.customValues)
                #expect((histogram.counterReset == .gauge) == (sent.counterReset == .gauge))
                if sent.counterReset == .reset { #expect(histogram.counterReset == .unknown) }
                try histogram.validate()
            }
        }
        // A part of the time reads a part of the samples.
        let part = (Self.start + 3_000_000)...(Self.start + 9_000_000)
        let partial = try StoreFixture.readMixed(store, [], part)
        for (label, samples) in read { #expect(partial[label]?.map(\.line) == samples.filter { part.contains($0.time) }.map(\.line)) }
        store.close()
    }

    @Test("duplicates, late histograms and floats on top of histograms are judged as Prometheus does")
    func order() async throws {
        let store = try StoreFixture.open()
        let labels = Labels(["__name__": "h"])
        let first = Self.integer(count: 1, positive: [1])
        func append(_ time: Int64, _ histogram: NativeHistogram) async throws -> AppendReport {
            var batch = SampleBatch()
            batch.append(labels, timestamp: Self.start + time, histogram: histogram)
            return try await store.append(batch, durability: .logged)
        }
        #expect(try await append(10, first).appended == 1)
        #expect(try await append(10, first).appended == 1)
        #expect(try await append(10, first.asFloat).duplicate == 1)
        #expect(try await append(10, Self.integer(count: 2, positive: [2])).firstRefusal?.hasPrefix("duplicate sample for timestamp") == true)
        #expect(try await append(9, first).outOfOrder == 1)
        let float = try await store.append(StoreFixture.batch([(labels, Self.start + 10, 5)]), durability: .logged)
        #expect(float.firstRefusal?.contains("existing is a histogram, new value 5") == true)
        #expect(try await store.append(StoreFixture.batch([(labels, Self.start + 11, 5)]), durability: .logged).appended == 1)
        #expect(try await append(11, first).duplicate == 1)
        #expect(try await append(12, first).appended == 1)
        let lines = StoreFixture.lines(try StoreFixture.readMixed(store)).values.first
        #expect(lines == ["\(first) @\(Self.start + 10)", "5.0 @\(Self.start + 11)", "\(first) @\(Self.start + 12)"])
        store.close()
    }

    @Test("a series named twice in one request, whose kind changes there, is read back from the log whole")
    func kindsWithinOneBatch() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk)
        let labels = Labels(["__name__": "h"])
        let histogram = Self.integer(count: 1, positive: [1])
        var batch = SampleBatch()
        for step in 0..<12 {
            let time = Self.start + Int64(step)
            switch step % 3 {
            case 0: batch.append(labels, timestamp: time, histogram: histogram)
            case 1: batch.append(labels, timestamp: time, value: Double(step))
            default: batch.append(labels, timestamp: time, histogram: histogram.asFloat)
            }
        }
        #expect(try await store.append(batch, durability: .synced).appended == 12)
        let before = StoreFixture.lines(try StoreFixture.readMixed(store))
        store.close()
        let again = try StoreFixture.open(disk)
        #expect(StoreFixture.lines(try StoreFixture.readMixed(again)) == before)
        #expect(before.values.first?.count == 12)
        again.close()
    }

    @Test("a histogram with thousands of buckets is kept like any other")
    func manyBuckets() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        let labels = Labels(["__name__": "h"])
        var generator = SeededGenerator(5)
        var buckets = [Int64](repeating: 0, count: 6_000)
        var sent: [MixedSample] = []
        for step in 0..<40 {
            for index in buckets.indices { buckets[index] += Int64.random(in: 0...1 << 20, using: &generator) }
            let histogram = Self.integer(count: UInt64(buckets.reduce(0, +)), schema: 8, positive: buckets, at: -3000)
            sent.append(MixedSample(time: Self.start + Int64(step) * 600_000, value: .histogram(histogram)))
            var batch = SampleBatch()
            batch.append(labels, timestamp: Self.start + Int64(step) * 600_000, histogram: histogram)
            #expect(try await store.append(batch, durability: .logged).appended == 1)
        }
        try store.maintain()
        #expect(try StoreFixture.readMixed(store)[labels]?.map(\.line) == sent.map(\.line))
        store.close()
        let again = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        #expect(try StoreFixture.readMixed(again)[labels]?.map(\.line) == sent.map(\.line))
        again.close()
    }

    @Test("chunks of the kinds with start timestamps, and damaged ones, are read as what they are")
    func chunksWithStart() async throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        var scenarios = HistogramScenario.Character.allCases.enumerated().map { HistogramScenario($1, seed: UInt64(7 + $0)) }
        for step in 0..<400 {
            for index in scenarios.indices {
                let sample = MixedSample(time: Self.start + Int64(step) * 30_000, value: scenarios[index].next())
                let request = [(labels: Labels(["__name__": "h", "n": "\(index)"]), samples: [sample])]
                _ = try await store.append(try RemoteWriteRequest.decode(StoreFixture.remoteWrite(request)).batch, durability: .logged)
            }
        }
        try store.maintain()
        let before = try StoreFixture.readMixed(store)
        store.close()
        let block = try #require(try disk.list("/data").first { $0.utf8.count == 26 })
        let path = "/data/\(block)/chunks/000001"
        let whole = try #require(try disk.contents(path))
        // What changes in a chunk whose samples tell no start is its header.
        var changed = 0
        let patched = ChunkFile.patch(whole) { encoding, data in
            guard encoding == 2 || encoding == 3 else { return encoding }
            changed += 1
            data[0] |= data[2] & 0xC0
            data[2] = 0
            return encoding + 3
        }
        #expect(changed > 20)
        try disk.publish(path, patched)
        let again = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        #expect(StoreFixture.lines(try StoreFixture.readMixed(again)) == StoreFixture.lines(before))
        again.close()
        // Bits that are flipped behind the checksum's back yield an error or other histograms, never worse.
        var generator = SeededGenerator(3)
        for _ in 0..<20 {
            try disk.publish(path, ChunkFile.patch(patched) { encoding, data in
                for _ in 0..<3 { data[Int.random(in: 0..<data.count, using: &generator)] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator) }
                return encoding
            })
            let damaged = try StoreFixture.open(disk) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
            for index in scenarios.indices { _ = try? StoreFixture.readMixed(damaged, [.equal("n", "\(index)")]) }
            damaged.close()
        }
    }
}
