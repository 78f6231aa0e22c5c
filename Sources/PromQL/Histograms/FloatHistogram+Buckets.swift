import MetricModel

/// One bucket, its bounds and how many observations fell into it.
struct HistogramBucket {
    var lower: Double
    var upper: Double
    var count: Double

    /// The share of its width that lies below `value`, which lies inside; on a logarithmic scale unless `isLinear`.
    func share(below value: Double, isLinear: Bool) -> Double {
        if isLinear { return (value - lower) / (upper - lower) }
        let (logLower, logUpper, logValue) = (
            RealMath.binaryLogarithm(abs(lower)), RealMath.binaryLogarithm(abs(upper)), RealMath.binaryLogarithm(abs(value))
        )
        return value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper)
    }
}

extension FloatHistogram {
    /// The upper bound of a bucket above zero.
    func upperBound(_ index: Int) -> Double {
        if !hasCustomBuckets { return ExponentialBounds.upper(index, schema: schema) }
        return index < 0 ? -.infinity : index >= customValues.count ? .infinity : customValues[index]
    }

    /// The buckets of one side, from zero outwards.
    func buckets(isPositive: Bool) -> [HistogramBucket] {
        var buckets: [HistogramBucket] = []
        buckets.reserveCapacity(isPositive ? positive.count : negative.count)
        append(isPositive: isPositive, to: &buckets)
        return buckets
    }

    private func append(isPositive: Bool, to buckets: inout [HistogramBucket]) {
        let counts = isPositive ? positive : negative
        var (index, place) = (0, 0)
        for span in isPositive ? positiveSpans : negativeSpans {
            index += Int(span.offset)
            if span.length == 0 { continue }
            var near = upperBound(index - 1)
            for _ in 0..<span.length where place < counts.count {
                let far = upperBound(index)
                buckets.append(isPositive ? HistogramBucket(lower: near, upper: far, count: counts[place]) : HistogramBucket(lower: -far, upper: -near, count: counts[place]))
                near = far
                index += 1
                place += 1
            }
        }
    }

    var zeroBucket: HistogramBucket { HistogramBucket(lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount) }

    /// All buckets from the lowest up. Those that reach into the zero bucket end at it.
    var allBuckets: [HistogramBucket] {
        var all: [HistogramBucket] = []
        all.reserveCapacity(negative.count + positive.count + 1)
        append(isPositive: false, to: &all)
        all.reverse()
        if zeroCount > 0 { all.append(zeroBucket) }
        append(isPositive: true, to: &all)
        if zeroThreshold > 0 {
            for index in all.indices {
                if all[index].upper < 0, all[index].upper > -zeroThreshold { all[index].upper = -zeroThreshold }
                if all[index].lower > 0, all[index].lower < zeroThreshold { all[index].lower = zeroThreshold }
            }
        }
        return all
    }
}
