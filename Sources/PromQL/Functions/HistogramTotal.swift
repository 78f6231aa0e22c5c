import MetricModel

/// A sum or mean of histograms, rounding compensated. A mean is summed directly until the sum would overflow, and incrementally from
/// there on.
struct HistogramTotal: Sendable {
    /// The sum, or the mean once the sum overflowed.
    private var histogram: FloatHistogram
    private var lost = FloatHistogram.Lost.untracked
    private var count = 1.0
    private let isMean: Bool
    private var isIncremental = false
    private var hasReset = false
    private var hasNoReset = false
    private(set) var boundsWereReconciled = false

    init(_ first: FloatHistogram, isMean: Bool) {
        histogram = first
        self.isMean = isMean
        note(first)
    }

    /// Whether one of the histograms begins with a counter reset and another surely does not.
    var countersCollide: Bool { hasReset && hasNoReset }

    private mutating func note(_ other: FloatHistogram) {
        if other.counterReset == .reset { hasReset = true }
        if other.counterReset == .notReset { hasNoReset = true }
    }

    /// Adds a histogram; false when its buckets are of another kind.
    mutating func add(_ other: FloatHistogram) -> Bool {
        note(other)
        count += 1
        do throws(FloatHistogram.IncompatibleSchemas) {
            if !isIncremental {
                // A sum is changed in place; a mean must be able to go back.
                let before = isMean ? (histogram: histogram, lost: lost) : nil
                let remarks = try histogram.add(other, compensating: &lost)
                if remarks.boundsWereReconciled { boundsWereReconciled = true }
                guard let before, histogram.hasOverflow else { return true }
                isIncremental = true
                histogram = before.histogram.divided(by: count - 1)
                lost = before.lost
                lost.divide(by: count - 1)
            }
            let weight = (count - 1) / count
            lost.scale(by: weight)
            histogram.multiply(by: weight)
            let remarks = try histogram.add(other.divided(by: count), compensating: &lost)
            if remarks.boundsWereReconciled { boundsWereReconciled = true }
            return true
        } catch {
            return false
        }
    }

    var value: FloatHistogram {
        var (result, lost) = (histogram, lost)
        if isMean, !isIncremental {
            result.divide(by: count)
            lost.divide(by: count)
        }
        result.settle(lost)
        return result
    }
}
