import MetricModel
import Testbed

/// A series of histograms that does what real ones do, and more: buckets come and go, counters reset, layouts, schemas and kinds change,
/// markers end it. A seed makes it repeatable.
struct HistogramScenario {
    /// What it mostly is.
    enum Character: CaseIterable {
        case counter, floatCounter, gauge, floatGauge, custom, floatCustom, mixed, wide
    }

    private let character: Character
    /// Whether buckets without observations are sometimes told of, too.
    private let hasEmptyBuckets: Bool
    private var generator: SeededGenerator
    private var isFloat: Bool
    private var isGauge: Bool
    private var isCustom: Bool
    private var schema: Int32
    private var zeroThreshold = 0x1p-128
    private var bounds: [Double] = [0.005, 0.01, 0.1, 1, 2.5, 10]
    private var positive: [Int: Int64] = [:]
    private var negative: [Int: Int64] = [:]
    private var zeros: Int64 = 0
    private var sum = 0.0

    init(_ character: Character, seed: UInt64, hasEmptyBuckets: Bool = true) {
        self.character = character
        self.hasEmptyBuckets = hasEmptyBuckets
        generator = SeededGenerator(seed)
        isFloat = [.floatCounter, .floatGauge, .floatCustom].contains(character)
        isGauge = [.gauge, .floatGauge].contains(character)
        isCustom = [.custom, .floatCustom].contains(character)
        schema = character == .wide ? 8 : 3
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    /// The next sample.
    mutating func next() -> MixedSample.Value {
        if chance(2) { return chance(50) ? .histogram(.staleMarker(isFloat: isFloat)) : .float(Staleness.marker) }
        if character == .mixed {
            if chance(15) { return .float(Double.random(in: -5...5, using: &generator)) }
            if chance(5) { isFloat.toggle() }
            if chance(3) { isCustom.toggle(); reset() }
            if chance(3) { isGauge.toggle() }
        }
        if isCustom {
            if chance(2) { bounds = (0..<Int.random(in: 1...9, using: &generator)).map { Double($0 * $0) + (chance(50) ? 0.25 : 1 / 3) }; reset() }
        } else {
            if chance(1) { schema = Int32.random(in: -4...8, using: &generator) }
            if chance(1) { zeroThreshold = [0, 0x1p-128, 0.001, 1, 0x1p-300, 2048][Int.random(in: 0..<6, using: &generator)] }
        }
        if chance(2) { reset() }
        if isGauge { for index in Array(positive.keys).sorted() where chance(20) { positive[index] = Int64.random(in: 0...20, using: &generator) } }
        observe()
        return .histogram(histogram())
    }

    private mutating func reset() {
        positive = [:]
        negative = [:]
        zeros = 0
        sum = 0
    }

    private mutating func observe() {
        for _ in 0..<Int.random(in: 0...(character == .wide ? 60 : 8), using: &generator) {
            let amount = chance(1) ? Int64.random(in: 1...1 << 40, using: &generator) : Int64.random(in: 1...50, using: &generator)
            sum += Double.random(in: 0...10, using: &generator)
            if isCustom {
                positive[Int.random(in: 0...bounds.count, using: &generator), default: 0] += amount
            } else if chance(10) {
                zeros += amount
            } else {
                // Mostly near one place, sometimes far from it.
                let spread = character == .wide ? 200 : chance(3) ? 60 : 6
                let index = Int.random(in: -spread...spread, using: &generator)
                if chance(25) { negative[index, default: 0] += amount } else { positive[index, default: 0] += amount }
            }
        }
    }

    private mutating func histogram() -> NativeHistogram {
        // What is empty is sometimes left out and sometimes not, and what never was is sometimes there, empty.
        var (above, below) = (positive, isCustom ? [:] : negative)
        for index in Array(above.keys).sorted() where above[index] == 0 && (!hasEmptyBuckets || chance(50)) { above[index] = nil }
        if !isCustom, hasEmptyBuckets { for _ in 0..<2 where chance(20) { below[Int.random(in: -9...9, using: &generator)] = below[7] ?? 0 } }
        if !isCustom, hasEmptyBuckets, chance(10), let low = above.keys.min(), above[low - 2] == nil { above[low - 2] = 0 }
        let (up, down) = (above.keys.sorted(), below.keys.sorted())
        let (upCounts, downCounts) = (up.map { above[$0] ?? 0 }, down.map { below[$0] ?? 0 })
        let zeroCount = isCustom ? 0 : zeros
        let total = upCounts.reduce(0, +) + downCounts.reduce(0, +) + zeroCount
        let hint: NativeHistogram.CounterReset = isGauge ? .gauge : chance(3) ? .reset : chance(30) ? .notReset : .unknown
        let sum = chance(2) ? .nan : chance(2) ? -.infinity : self.sum
        let scale = isFloat ? [1, 0.5, 1 / 3.0][Int.random(in: 0..<3, using: &generator) * (isGauge ? 1 : 0)] : 1
        return NativeHistogram(
            counterReset: hint, schema: isCustom ? NativeHistogram.customSchema : schema, zeroThreshold: isCustom ? 0 : zeroThreshold, sum: sum,
            positiveSpans: NativeHistogram.spans(of: up), negativeSpans: NativeHistogram.spans(of: down), customValues: isCustom ? bounds : [],
            counts: isFloat
                ? .float(.init(count: Double(total) * scale, zeroCount: Double(zeroCount) * scale, positive: upCounts.map { Double($0) * scale }, negative: downCounts.map { Double($0) * scale }))
                : .integer(.init(count: UInt64(total), zeroCount: UInt64(zeroCount), positive: upCounts, negative: downCounts)))
    }
}
