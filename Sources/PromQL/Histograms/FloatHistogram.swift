import MetricModel

/// A native histogram that can be calculated with: counts are doubles, fields stand side by side (upstream `model/histogram`).
///
/// A value; copies share their arrays until one of them is changed.
struct FloatHistogram: Sendable {
    typealias Span = NativeHistogram.Span

    var counterReset: NativeHistogram.CounterReset = .unknown
    var schema: Int32 = 0
    var zeroThreshold = 0.0
    var zeroCount = 0.0
    var count = 0.0
    var sum = 0.0
    var positiveSpans: [Span] = []
    var negativeSpans: [Span] = []
    /// The counts of the buckets that the spans speak of.
    var positive: [Double] = []
    var negative: [Double] = []
    var customValues: [Double] = []

    init(schema: Int32 = 0, customValues: [Double] = []) {
        self.schema = schema
        self.customValues = customValues
    }

    init(_ histogram: NativeHistogram) {
        counterReset = histogram.counterReset
        schema = histogram.schema
        zeroThreshold = histogram.zeroThreshold
        sum = histogram.sum
        positiveSpans = histogram.positiveSpans
        negativeSpans = histogram.negativeSpans
        customValues = histogram.customValues
        switch histogram.counts {
        case .float(let tally): (count, zeroCount, positive, negative) = (tally.count, tally.zeroCount, tally.positive, tally.negative)
        case .integer(let tally):
            (count, zeroCount) = (Double(tally.count), Double(tally.zeroCount))
            (positive, negative) = (tally.positive.map { Double($0) }, tally.negative.map { Double($0) })
        }
    }

    var native: NativeHistogram {
        NativeHistogram(
            counterReset: counterReset, schema: schema, zeroThreshold: zeroThreshold, sum: sum, positiveSpans: positiveSpans, negativeSpans: negativeSpans,
            customValues: customValues, counts: .float(.init(count: count, zeroCount: zeroCount, positive: positive, negative: negative)))
    }

    var hasCustomBuckets: Bool { schema == NativeHistogram.customSchema }

    /// What it counts for against the bound on samples, as upstream weighs it: 16 bytes a sample, its time included.
    var weight: Int {
        (168 + 8 + 8 * (positiveSpans.count + negativeSpans.count + positive.count + negative.count + customValues.count)) / 16
    }

    // MARK: Scaling

    mutating func multiply(by factor: Double) {
        scale { $0 *= factor }
        if factor < 0 { counterReset = .gauge }
    }

    /// Division by zero leaves infinite counts and no buckets.
    mutating func divide(by divisor: Double) {
        if divisor == 0 {
            zeroCount /= divisor
            count /= divisor
            sum /= divisor
            (positiveSpans, negativeSpans, positive, negative) = ([], [], [], [])
            return
        }
        scale { $0 /= divisor }
        if divisor < 0 { counterReset = .gauge }
    }

    private mutating func scale(_ change: (inout Double) -> Void) {
        change(&zeroCount)
        change(&count)
        change(&sum)
        for index in positive.indices { change(&positive[index]) }
        for index in negative.indices { change(&negative[index]) }
    }

    func multiplied(by factor: Double) -> FloatHistogram {
        var result = self
        result.multiply(by: factor)
        return result
    }

    func divided(by divisor: Double) -> FloatHistogram {
        var result = self
        result.divide(by: divisor)
        return result
    }

    // MARK: Comparison

    /// Whether both hold the same buckets with the same counts, bit by bit.
    func holdsSameData(as other: FloatHistogram) -> Bool { native.holdsSameData(as: other.native) }

    /// Whether a number became too large while adding up.
    var hasOverflow: Bool {
        zeroCount.isInfinite || count.isInfinite || sum.isInfinite || positive.contains(where: \.isInfinite) || negative.contains(where: \.isInfinite)
            || customValues.contains(where: \.isInfinite)
    }
}
