import MetricModel

extension FloatHistogram {
    /// What the zero bucket would count with a wider threshold, and the threshold: moved on where it would cut through a bucket that
    /// counts something (`zeroCountForLargerThreshold`).
    func zeroCount(upTo wanted: Double, lost: Lost = .untracked) -> (count: KahanSum, threshold: Double) {
        if wanted <= zeroThreshold { return (KahanSum(zeroCount, compensation: lost.zeroCount), wanted) }
        var threshold = wanted
        let (above, below) = (buckets(isPositive: true), buckets(isPositive: false))
        while true {
            var total = KahanSum(zeroCount, compensation: lost.zeroCount)
            for (place, bucket) in above.enumerated() {
                if bucket.lower >= threshold { break }
                total.add(bucket.count)
                if lost.isTracked { total.add(lost.positive[place]) }
                if bucket.upper > threshold {
                    if bucket.count != 0 { threshold = bucket.upper }
                    break
                }
            }
            var isMoved = false
            for (place, bucket) in below.enumerated() {
                if bucket.upper <= -threshold { break }
                total.add(bucket.count)
                if lost.isTracked { total.add(lost.negative[place]) }
                if bucket.lower < -threshold {
                    if bucket.count != 0 {
                        threshold = -bucket.lower
                        isMoved = true
                    }
                    break
                }
            }
            if !isMoved { return (total, threshold) }
        }
    }

    /// Widens the zero bucket until it covers the other's and ends at a border between buckets in both. Returns what the other's would
    /// count with that threshold.
    mutating func reconcileZeroBuckets(with other: FloatHistogram, lost: inout Lost) -> KahanSum {
        var otherCount = KahanSum(other.zeroCount)
        var otherThreshold = other.zeroThreshold
        while otherThreshold != zeroThreshold, !otherThreshold.isNaN, !zeroThreshold.isNaN {
            if zeroThreshold > otherThreshold { (otherCount, otherThreshold) = other.zeroCount(upTo: zeroThreshold) }
            if otherThreshold > zeroThreshold {
                let (count, threshold) = zeroCount(upTo: otherThreshold, lost: lost)
                zeroCount = count.sum
                zeroThreshold = threshold
                if lost.isTracked { lost.zeroCount = count.compensation }
                dropBucketsInZeroBucket(&lost)
            }
        }
        return otherCount
    }

    /// Their observations are in the zero bucket now.
    private mutating func dropBucketsInZeroBucket(_ lost: inout Lost) {
        for (place, bucket) in buckets(isPositive: true).enumerated() {
            if bucket.lower >= zeroThreshold { break }
            positive[place] = 0
            if lost.isTracked { lost.positive[place] = 0 }
        }
        for (place, bucket) in buckets(isPositive: false).enumerated() {
            if bucket.upper <= -zeroThreshold { break }
            negative[place] = 0
            if lost.isTracked { lost.negative[place] = 0 }
        }
        if let side = side(isPositive: true, lost).compacted { put(side, isPositive: true, &lost) }
        if let side = side(isPositive: false, lost).compacted { put(side, isPositive: false, &lost) }
    }

    func side(isPositive: Bool, _ lost: Lost) -> Side {
        isPositive
            ? Side(spans: positiveSpans, counts: positive, lost: lost.positive, isTracked: lost.isTracked)
            : Side(spans: negativeSpans, counts: negative, lost: lost.negative, isTracked: lost.isTracked)
    }

    /// Takes a side out, to be changed in place and put back.
    mutating func take(isPositive: Bool, _ lost: inout Lost) -> Side {
        let taken = side(isPositive: isPositive, lost)
        put(Side(spans: [], counts: []), isPositive: isPositive, &lost)
        return taken
    }

    mutating func put(_ side: Side, isPositive: Bool, _ lost: inout Lost) {
        if isPositive {
            (positiveSpans, positive) = (side.spans, side.counts)
            lost.positive = side.lost
        } else {
            (negativeSpans, negative) = (side.spans, side.counts)
            lost.negative = side.lost
        }
    }
}
