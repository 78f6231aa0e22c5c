import MetricModel

extension FloatHistogram {
    /// Without the observations above (`keepsBelow`) or below a value, as far as the buckets tell (`TrimBuckets`): the bucket that the
    /// value lies in is divided, and the sum is estimated anew from what is left.
    func trimmed(at value: Double, keepsBelow: Bool) -> FloatHistogram {
        var result = self
        var (count, sum) = (0.0, 0.0)
        var isTrimmed = false
        var hasObservations = (positive: false, negative: false)
        for isPositive in [true, false] {
            for (place, bucket) in buckets(isPositive: isPositive).enumerated() where bucket.count != 0 {
                if isPositive { hasObservations.positive = true } else { hasObservations.negative = true }
                var (kept, middle) = (0.0, 0.0)
                if keepsBelow ? bucket.upper <= value : bucket.lower >= value {
                    (kept, middle) = (bucket.count, Self.middle(bucket.lower, bucket.upper, isPositive: isPositive, isLinear: hasCustomBuckets))
                } else if keepsBelow ? bucket.lower < value : bucket.upper > value {
                    (kept, middle) = part(of: bucket, value, keepsBelow: keepsBelow, isPositive: isPositive)
                }
                if kept != bucket.count {
                    isTrimmed = true
                    if isPositive { result.positive[place] = kept } else { result.negative[place] = kept }
                }
                count += kept
                sum += middle * kept
            }
        }
        if zeroCount > 0 {
            let (kept, middle) = partOfZeroBucket(value, keepsBelow: keepsBelow, hasObservations)
            if kept != zeroCount {
                result.zeroCount = kept
                isTrimmed = true
            }
            count += kept
            sum += middle * kept
        }
        guard isTrimmed else { return self }
        result.count = count
        result.sum = sum
        result.compact()
        return result
    }

    /// What is left of a bucket that the value lies in, and the middle of that.
    private func part(of bucket: HistogramBucket, _ value: Double, keepsBelow: Bool, isPositive: Bool) -> (Double, Double) {
        if bucket.lower == -.infinity || bucket.upper == .infinity { return Self.partOfInfinite(bucket, value, keepsBelow: keepsBelow) }
        let below =
            value <= bucket.lower ? 0 : value >= bucket.upper ? bucket.count : bucket.count * bucket.share(below: value, isLinear: hasCustomBuckets)
        return keepsBelow
            ? (below, Self.middle(bucket.lower, value, isPositive: isPositive, isLinear: hasCustomBuckets))
            : (bucket.count - below, Self.middle(value, bucket.upper, isPositive: isPositive, isLinear: hasCustomBuckets))
    }

    /// Nothing is known of where in an infinite bucket its observations lie, but that one with a positive upper bound begins at 0.
    private static func partOfInfinite(_ bucket: HistogramBucket, _ value: Double, keepsBelow: Bool) -> (Double, Double) {
        func finite(_ bound: Double) -> Double { bound.isInfinite ? 0 : bound }
        if bucket.lower == -.infinity {
            if keepsBelow {
                if value >= bucket.upper { return (bucket.count, 0) }
                if value > 0, bucket.upper > 0, bucket.upper != .infinity { return (bucket.count * value / bucket.upper, value / 2) }
                return bucket.upper <= 0 ? (bucket.count, value) : (0, finite(bucket.upper))
            }
            if value <= bucket.lower { return (bucket.count, 0) }
            if value >= 0, bucket.upper > value, bucket.upper != .infinity { return (bucket.count * (1 - value / bucket.upper), (value + bucket.upper) / 2) }
            return (0, finite(bucket.upper))
        }
        return !keepsBelow && value >= bucket.lower ? (bucket.count, value) : (0, finite(bucket.lower))
    }

    private func partOfZeroBucket(_ value: Double, keepsBelow: Bool, _ has: (positive: Bool, negative: Bool)) -> (Double, Double) {
        let lower = has.positive && !has.negative ? 0 : -zeroThreshold
        let upper = has.negative && !has.positive ? 0 : zeroThreshold
        if keepsBelow {
            if value <= lower { return (0, 0) }
            return value >= upper ? (zeroCount, (lower + upper) / 2) : (zeroCount * ((value - lower) / (upper - lower)), (lower + value) / 2)
        }
        if value <= lower { return (zeroCount, (lower + upper) / 2) }
        return value >= upper ? (0, 0) : (zeroCount * ((upper - value) / (upper - lower)), (value + upper) / 2)
    }

    /// Where the observations between two bounds lie on average, as far as one can say.
    private static func middle(_ lower: Double, _ upper: Double, isPositive: Bool, isLinear: Bool) -> Double {
        if lower.isInfinite { return upper.isInfinite ? 0 : upper > 0 ? upper / 2 : upper }
        if upper.isInfinite { return lower }
        if isLinear { return (lower + upper) / 2 }
        let geometric = abs(lower * upper).squareRoot()
        return isPositive ? geometric : -geometric
    }
}
