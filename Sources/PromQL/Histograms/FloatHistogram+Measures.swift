import MetricModel

extension FloatHistogram {
    /// What is to be said of a measure that observations of NaN make doubtful.
    enum Doubt { case resultIsNaN, isSkewed, fractionExcludes }

    /// The average over all observations.
    var average: Double { sum / count }

    /// The variance, each observation taken to lie in the middle of its bucket.
    var variance: Double {
        let mean = average
        var total = KahanSum()
        for bucket in allBuckets where bucket.count != 0 {
            var value = 0.0
            if hasCustomBuckets {
                value = (bucket.upper + bucket.lower) / 2
            } else if !(bucket.lower <= 0 && bucket.upper >= 0) {
                value = (bucket.upper * bucket.lower).squareRoot()
                if bucket.upper < 0 { value = -value }
            }
            let delta = value - mean
            total.add(bucket.count * delta * delta)
        }
        return (total.sum + total.compensation) / count
    }

    // MARK: Quantiles

    /// The `q`-quantile (`HistogramQuantile`): between the bounds of its bucket by interpolation, on a logarithmic scale where the buckets
    /// are exponential.
    func quantile(_ q: Double) -> (value: Double, doubt: Doubt?) {
        if q < 0 { return (-.infinity, nil) }
        if q > 1 { return (.infinity, nil) }
        if self.count == 0 || q.isNaN { return (.nan, nil) }
        // Observations of NaN count, but lie in no bucket: then only counting from below is right.
        let isForward = sum.isNaN || q < 0.5
        var all = allBuckets
        if !isForward { all.reverse() }
        var rank = (isForward ? q : 1 - q) * self.count
        var bucket = HistogramBucket(lower: 0, upper: 0, count: 0)
        var count = 0.0
        var next = 0
        while next < all.count {
            bucket = all[next]
            next += 1
            if bucket.count == 0 { continue }
            count += bucket.count
            if count >= rank { break }
        }
        if !hasCustomBuckets, bucket.lower < 0, bucket.upper > 0 {
            if negative.isEmpty, !positive.isEmpty { bucket.lower = 0 } else if positive.isEmpty, !negative.isEmpty { bucket.upper = 0 }
        } else if hasCustomBuckets {
            if bucket.lower == -.infinity {
                if bucket.upper <= 0 { return (bucket.upper, nil) }
                bucket.lower = 0
            } else if bucket.upper == .infinity {
                return (bucket.lower, nil)
            }
        }
        count = min(count, self.count)
        if count < rank { return sum.isNaN ? (.nan, .resultIsNaN) : (bucket.upper, nil) }
        rank = isForward ? rank - (count - bucket.count) : count - rank
        var doubt: Doubt?
        if sum.isNaN {
            while next < all.count {
                bucket = all[next]
                count += bucket.count
                next += 1
            }
            if count < self.count { doubt = .isSkewed }
        }
        let share = rank / bucket.count
        if hasCustomBuckets || (bucket.lower <= 0 && bucket.upper >= 0) { return (bucket.lower + (bucket.upper - bucket.lower) * share, doubt) }
        let (logLower, logUpper) = (RealMath.binaryLogarithm(abs(bucket.lower)), RealMath.binaryLogarithm(abs(bucket.upper)))
        if bucket.lower > 0 { return (RealMath.powerOfTwo(logLower + (logUpper - logLower) * share), doubt) }
        return (-RealMath.powerOfTwo(logUpper + (logLower - logUpper) * (1 - share)), doubt)
    }

    /// The share of observations between two values (`HistogramFraction`).
    func fraction(_ lower: Double, _ upper: Double) -> (value: Double, doubt: Doubt?) {
        if self.count == 0 || lower.isNaN || upper.isNaN { return (.nan, nil) }
        if lower >= upper { return (0, nil) }
        var (count, rank) = (0.0, 0.0)
        var (lowerRank, upperRank): (Double?, Double?) = (nil, nil)
        let all = allBuckets
        var next = 0
        while next < all.count {
            var bucket = all[next]
            next += 1
            count += bucket.count
            let isZero = bucket.lower <= 0 && bucket.upper >= 0
            if isZero {
                if negative.isEmpty, !positive.isEmpty { bucket.lower = 0 } else if positive.isEmpty, !negative.isEmpty { bucket.upper = 0 }
            }
            func rankInside(_ value: Double) -> Double {
                let isLinear = hasCustomBuckets || isZero
                if isLinear, bucket.lower == -.infinity { return bucket.count }
                return rank + bucket.count * bucket.share(below: value, isLinear: isLinear)
            }
            if lowerRank == nil, bucket.lower >= lower { lowerRank = rank }
            if upperRank == nil, bucket.lower >= upper { upperRank = rank }
            if lowerRank != nil, upperRank != nil { break }
            if lowerRank == nil, bucket.lower < lower, bucket.upper > lower { lowerRank = rankInside(lower) }
            if upperRank == nil, bucket.lower < upper, bucket.upper > upper { upperRank = rankInside(upper) }
            if lowerRank != nil, upperRank != nil { break }
            rank += bucket.count
        }
        var doubt: Doubt?
        if sum.isNaN {
            while next < all.count {
                count += all[next].count
                next += 1
            }
            if count < self.count { doubt = .fractionExcludes }
        } else {
            count = self.count
        }
        let from = lowerRank.map { $0 > count ? count : $0 } ?? count
        let to = upperRank.map { $0 > count ? count : $0 } ?? count
        return ((to - from) / self.count, doubt)
    }
}
