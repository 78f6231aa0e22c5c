import MetricModel
import MetricStore
import Platform
import Testbed
import Testing

/// One seed's operations on a store, and what they mean for a dictionary.
struct ModelRun {
    /// A sample, as far as the model knows it: without what is known of counter resets, and which buckets are listed though they are empty.
    private struct Sample: Equatable, CustomStringConvertible {
        let sample: MixedSample
        private let facts: [UInt64]

        var time: Int64 { sample.time }
        var isHistogram: Bool { sample.kind > 0 }

        init(_ sample: MixedSample) {
            self.sample = sample
            var facts = [UInt64(bitPattern: sample.time), UInt64(sample.kind)]
            switch sample.value {
            case .float(let value): facts.append(Self.bits(value))
            case .histogram(let histogram):
                facts.append(Self.bits(histogram.sum))
                if !histogram.isStaleMarker { Self.append(histogram, to: &facts) }
            }
            self.facts = facts
        }

        private static func bits(_ value: Double) -> UInt64 { Staleness.isMarker(value) || !value.isNaN ? value.bitPattern : Double.nan.bitPattern }

        private static func append(_ histogram: NativeHistogram, to facts: inout [UInt64]) {
            facts.append(UInt64(bitPattern: Int64(histogram.schema)))
            facts.append(histogram.zeroThreshold.bitPattern)
            facts += histogram.customValues.map(\.bitPattern)
            func append<Total, Bucket: Equatable & ExpressibleByIntegerLiteral>(_ tally: NativeHistogram.Tally<Total, Bucket>, _ total: (Total) -> UInt64, _ bucket: (Bucket) -> UInt64) {
                facts += [total(tally.count), total(tally.zeroCount)]
                for (spans, buckets) in [(histogram.negativeSpans, tally.negative), (histogram.positiveSpans, tally.positive)] {
                    var (index, at) = (Int32(0), 0)
                    for span in spans {
                        index += span.offset
                        for _ in 0..<span.length {
                            if buckets[at] != 0 { facts += [UInt64(bitPattern: Int64(index)), bucket(buckets[at])] }
                            index += 1
                            at += 1
                        }
                    }
                    facts.append(.max)
                }
            }
            switch histogram.counts {
            case .integer(let tally): append(tally, { $0 }, { UInt64(bitPattern: $0) })
            case .float(let tally): append(tally, bits, bits)
            }
        }

        static func == (left: Self, right: Self) -> Bool { left.facts == right.facts }

        var description: String { sample.line }
    }

    /// Every fifth series has histograms, and floats among them.
    private static let mixedCount = 8
    static let range: Int64 = 60_000
    private let seed: Int
    /// How far behind the latest sample one may be that is late.
    private let window: Int64
    private var generator: SeededGenerator
    private var disk = SimulatedDisk()
    private var store: MetricStore
    private let names: [Labels]
    private let keys: [[UInt8]]
    private var now = StoreFixture.start
    private var histograms: [HistogramScenario]

    /// What there is to be read, in the order of time.
    private var samples: [Labels: [Sample]] = [:]
    /// What decides whether a sample is taken, deleted or not: the last that came in order, of a series and of all.
    private var last: [Labels: Sample] = [:]
    private var latest: Int64?

    init(seed: Int, window: Int64) throws {
        self.seed = seed
        self.window = window
        var generator = SeededGenerator(UInt64(seed) &* 7919)
        names = (0..<40).map { Labels(["__name__": "m\($0 % 4)", "n": "\($0)", "odd": $0 % 2 == 0 ? "" : "yes"]) }
        keys = names.map { StoreFixture.protobufKey($0.pairs.map { ($0.name, $0.value) }.shuffled(using: &generator)) }
        self.generator = generator
        histograms = (0..<Self.mixedCount).map { HistogramScenario(HistogramScenario.Character.allCases[$0 % HistogramScenario.Character.allCases.count], seed: UInt64(seed * 100 + $0)) }
        store = try Self.open(disk, window)
    }

    private static func open(_ disk: SimulatedDisk, _ window: Int64) throws -> MetricStore {
        try StoreFixture.open(disk) {
            $0.blockRangeMillis = range
            $0.maintenanceSeconds = 0
            $0.retentionMillis = 0
            $0.outOfOrderWindowMillis = window
            $0.logSegmentBytes = 32 << 10
        }
    }

    private func place(_ step: Int) -> Comment { "seed \(seed), step \(step)" }

    /// What was read and what is in the model; the first difference ends the run.
    private func compare(_ read: [Labels: [Sample]], _ model: [Labels: [Sample]], _ place: Comment) throws {
        // A series whose chunk meets the time but whose samples do not may be returned empty.
        let (read, model) = (read.filter { !$0.value.isEmpty }, model.filter { !$0.value.isEmpty })
        if read == model { return }
        let series = try #require(Set(read.keys).union(model.keys).sorted().first { read[$0] != model[$0] })
        let (left, right) = (read[series] ?? [], model[series] ?? [])
        throw Disagreement(description: "\(place): \(series): only read: \(left.filter { !right.contains($0) }), only in the model: \(right.filter { !left.contains($0) })")
    }

    private func read(_ store: MetricStore, _ matchers: [Matcher] = [], _ time: ClosedRange<Int64> = .min ... .max) throws -> [Labels: [Sample]] {
        try StoreFixture.readMixed(store, matchers, time).mapValues { $0.map(Sample.init) }
    }

    struct Disagreement: Error, CustomStringConvertible { let description: String }

    mutating func step(_ step: Int) async throws {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<75: try await append(step)
        case 75..<93: try query(step)
        case 93..<95: try store.maintain()
        case 95: try await delete(step)
        case 96 where step % 3 == 0: try await store.cleanTombstones()
        case 96: try await snapshot(step)
        case 97..<99:
            store.close()
            try reopen(step)
        default:
            let survivor = disk.losingPower(using: &generator)
            store.close()
            disk = survivor
            try reopen(step)
        }
    }

    private mutating func reopen(_ step: Int) throws {
        store = try Self.open(disk, window)
        try #require(store.opening.samplesOfUnknownSeries == 0 && store.opening.blockDamage.isEmpty, place(step))
    }

    mutating func finish() throws {
        try compare(try read(store), samples, "seed \(seed), the end")
        #expect(try disk.list("/data").filter { $0.count == 26 }.count > 1)
        store.close()
        #expect(StoreVerificationProblems.of(disk).isEmpty, "seed \(seed)")
    }

    // MARK: Appending

    private mutating func append(_ step: Int) async throws {
        now += Int64.random(in: 0...400, using: &generator)
        var batch = SampleBatch()
        var sent: [(name: Labels, sample: Sample)] = []
        for _ in 0..<Int.random(in: 1...25, using: &generator) {
            let series = Int.random(in: 0..<names.count, using: &generator)
            let behind = switch Int.random(in: 0..<24, using: &generator) {
            case 0..<3: Int64.random(in: 0...Self.range / 4, using: &generator)
            case 3..<6 where window > 0: Int64.random(in: 0...window + Self.range, using: &generator)
            // Again and again at the same times.
            case 6 where window > 0: Int64.random(in: 1...8, using: &generator) * 10_000 + now % 10_000
            default: Int64(0)
            }
            let sample = MixedSample(time: now - behind, value: value(series))
            sent.append((names[series], Sample(sample)))
            if case .float(let value) = sample.value, Bool.random(using: &generator) {
                let at = batch.arena.count
                batch.arena += keys[series]
                batch.series.append(.init(keyOffset: at, keyLength: keys[series].count, keyEncoding: .protobuf, samples: batch.values.count..<batch.values.count + 1))
                batch.timestamps.append(sample.time)
                batch.values.append(value)
            } else {
                batch.append(names[series], timestamp: sample.time, sample.value)
            }
        }
        let (expected, known, equal) = take(sent)
        let report = try await store.append(batch, durability: .synced)
        try #require(report.outOfOrder == expected.outOfOrder && report.tooOld == expected.tooOld && report.beyondWindow == expected.beyondWindow && report.invalidHistograms == 0, place(step))
        try #require((expected.duplicate...expected.duplicate + equal).contains(report.duplicate), place(step))
        try #require((expected.appended...expected.appended + known + equal).contains(report.appended), place(step))
    }

    private mutating func value(_ series: Int) -> MixedSample.Value {
        guard series % 5 == 0, Int.random(in: 0..<10, using: &generator) > 0 else { return .float(Double(Int.random(in: 0..<4, using: &generator))) }
        while true {
            let value = histograms[series / 5].next()
            // A marker that is a float becomes one of histograms where there are some, which the model does not know.
            if case .float(let float) = value, Staleness.isMarker(float) { continue }
            return value
        }
    }

    /// What becomes of samples; how many of them came late at a time that is known, and are taken for nothing, or not even counted; and how
    /// many have the time of their series' last, which is or was a histogram: the store may still know that they are the same, or not.
    private mutating func take(_ sent: [(name: Labels, sample: Sample)]) -> (report: AppendReport, known: Int, equal: Int) {
        var expected = AppendReport()
        var (known, equal) = (0, 0)
        let minTime = latest.map { $0 - Self.range / 2 } ?? .min
        let first = sent.first { !$0.sample.isHistogram } ?? sent[0]
        let lateMinTime = window > 0 ? (latest ?? first.sample.time) - window : .max
        for (name, sample) in sent {
            if sample.time >= minTime, sample.time > last[name]?.time ?? .min {
                expected.appended += 1
                insert(sample, name)
                last[name] = sample
            } else if sample.time >= minTime, let last = last[name], sample.time == last.time {
                if sample.isHistogram || last.isHistogram { equal += 1 } else if sample == last { expected.appended += 1 } else { expected.duplicate += 1 }
            } else if sample.time >= lateMinTime {
                if insert(sample, name) { expected.appended += 1 } else { known += 1 }
            } else if window > 0 {
                expected.beyondWindow += 1
            } else if sample.time < minTime {
                expected.tooOld += 1
            } else {
                expected.outOfOrder += 1
            }
        }
        for (name, _) in sent { if let time = last[name]?.time { latest = max(latest ?? .min, time) } }
        return (expected, known, equal)
    }

    /// False when there is a sample at the time: the first stays.
    @discardableResult
    private mutating func insert(_ sample: Sample, _ name: Labels) -> Bool {
        let list = samples[name, default: []]
        let at = list.lastIndex { $0.time <= sample.time }
        if let at, list[at].time == sample.time { return false }
        samples[name, default: []].insert(sample, at: at.map { $0 + 1 } ?? 0)
        return true
    }

    // MARK: Everything else

    private mutating func time(within length: Int64 = .max) -> ClosedRange<Int64> {
        let low = Int64.random(in: (StoreFixture.start - window)...now, using: &generator)
        return low...Int64.random(in: low...min(now, length == .max ? now : low + length), using: &generator)
    }

    private mutating func query(_ step: Int) throws {
        let time = time()
        let matchers: [Matcher] = switch Int.random(in: 0..<4, using: &generator) {
        case 0: []
        case 1: [.equal("__name__", "m\(Int.random(in: 0..<5, using: &generator))")]
        case 2: [try Matcher(.regex, "n", "1.*|2"), try Matcher(.notEqual, "odd", "yes")]
        default: [try Matcher(.regex, "odd", ".+"), try Matcher(.notRegex, "__name__", "m[01]")]
        }
        var expected: [Labels: [Sample]] = [:]
        for (labels, samples) in samples where matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }) {
            let part = samples.filter { time.contains($0.time) }
            if !part.isEmpty { expected[labels] = part }
        }
        try compare(try read(store, matchers, time), expected, place(step))
        // Names are of the blocks and the head that meet the time: those of every sample, and maybe more.
        let values = Set(try store.labelValues("n", matchers, time: time, limit: 0))
        #expect(values.isSuperset(of: expected.keys.compactMap { $0["n"] }), place(step))
    }

    private mutating func delete(_ step: Int) async throws {
        let time = time(within: 3 * Self.range)
        let matchers: [Matcher] = [[], [.equal("__name__", "m\(step % 5)")], [try Matcher(.regex, "n", "1.*|2")]][step % 3]
        try await store.delete(matchers, time: time)
        for (labels, list) in samples where matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }) { samples[labels] = list.filter { !time.contains($0.time) } }
    }

    private func snapshot(_ step: Int) async throws {
        let name = try await store.snapshot(includingHead: true)
        let snapshot = try StoreFixture.open(disk, "/data/snapshots/\(name)") { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        try compare(try read(snapshot), samples, place(step))
        snapshot.close()
        try disk.removeTree("/data/snapshots")
    }
}
