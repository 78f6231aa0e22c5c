import MetricModel

/// Quantiles of values, and of the cumulative counts of classic histograms (upstream `promql/quantile.go`).
enum Quantile {
    /// The `q`-quantile of the values, between two of them by linear interpolation. Sorts them, NaN first.
    static func sorting(_ q: Double, _ values: UnsafeMutableBufferPointer<Double>) -> Double {
        if values.isEmpty || q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        var values = values
        values.sort { $0 < $1 || ($0.isNaN && !$1.isNaN) }
        let rank = q * Double(values.count - 1)
        let lower = max(0, rank.rounded(.down))
        let upper = min(Double(values.count - 1), lower + 1)
        let weight = rank - rank.rounded(.down)
        return values[Int(lower)] * (1 - weight) + values[Int(upper)] * weight
    }

    struct Bucket {
        var upperBound: Double
        var count: Double
    }

    /// What had to be repaired before counts rose with bounds.
    struct Repair {
        var lowestBound = Double.infinity
        var highestBound = -Double.infinity
        var largestDrop = 0.0
    }

    /// Differences below this share are rounding errors.
    private static let smallDeltaTolerance = 1e-12
    /// A rise by this share is none, however it is rounded.
    private static let clearRise = 1e-11

    /// `buckets` sorted by bound, at least one. The repair is nil when the counts rose as they must.
    static func ofBuckets(_ q: Double, _ buckets: inout [Bucket]) -> (value: Double, repair: Repair?) {
        if q.isNaN { return (.nan, nil) }
        if q < 0 { return (-.infinity, nil) }
        if q > 1 { return (.infinity, nil) }
        guard let last = buckets.last, last.upperBound == .infinity else { return (.nan, nil) }
        coalesce(&buckets)
        let repair = makeMonotonic(&buckets)
        guard buckets.count >= 2 else { return (.nan, repair) }
        let observations = buckets[buckets.count - 1].count
        if observations == 0 { return (.nan, repair) }
        var rank = q * observations
        var low = 0
        var high = buckets.count - 1
        while low < high {
            let middle = (low + high) / 2
            if buckets[middle].count >= rank { high = middle } else { low = middle + 1 }
        }
        if low == buckets.count - 1 { return (buckets[buckets.count - 2].upperBound, repair) }
        if low == 0, buckets[0].upperBound <= 0 { return (buckets[0].upperBound, repair) }
        var start = 0.0
        var count = buckets[low].count
        if low > 0 {
            start = buckets[low - 1].upperBound
            count -= buckets[low - 1].count
            rank -= buckets[low - 1].count
        }
        return (start + (buckets[low].upperBound - start) * (rank / count), repair)
    }

    /// The share of observations between two values.
    static func fraction(_ lower: Double, _ upper: Double, _ buckets: inout [Bucket]) -> Double {
        guard let last = buckets.last, last.upperBound == .infinity else { return .nan }
        coalesce(&buckets)
        let count = buckets[buckets.count - 1].count
        if count == 0 || lower.isNaN || upper.isNaN { return .nan }
        if lower >= upper { return 0 }
        func rank(_ value: Double) -> Double {
            var below = 0.0
            var lowerBound = buckets[0].upperBound <= 0 ? -Double.infinity : 0
            for (index, bucket) in buckets.enumerated() {
                if index > 0 { lowerBound = buckets[index - 1].upperBound }
                if lowerBound >= value { return below }
                if bucket.upperBound > value {
                    return lowerBound == -.infinity ? bucket.count : below + (bucket.count - below) * (value - lowerBound) / (bucket.upperBound - lowerBound)
                }
                below = bucket.count
            }
            return count
        }
        return (min(rank(upper), count) - min(rank(lower), count)) / count
    }

    /// Adds up buckets with equal bounds.
    private static func coalesce(_ buckets: inout [Bucket]) {
        guard let first = (1..<buckets.count).first(where: { buckets[$0].upperBound == buckets[$0 - 1].upperBound }) else { return }
        var kept = first - 1
        for index in first..<buckets.count {
            if buckets[index].upperBound == buckets[kept].upperBound {
                buckets[kept].count += buckets[index].count
            } else {
                kept += 1
                buckets[kept] = buckets[index]
            }
        }
        buckets.removeLast(buckets.count - kept - 1)
    }

    private static func makeMonotonic(_ buckets: inout [Bucket]) -> Repair? {
        var repair: Repair?
        var before = buckets[0].count
        for index in buckets.indices.dropFirst() {
            let count = buckets[index].count
            // Most rise, by more than any rounding: seen without a division. A number that is none does not.
            if count - before > clearRise * (count + before), before >= 0, count > 1e-200 {
                before = count
                continue
            }
            if count == before { continue }
            if almostEqual(before, count) {
                buckets[index].count = before
            } else if count < before {
                buckets[index].count = before
                var noted = repair ?? Repair()
                noted.lowestBound = min(noted.lowestBound, buckets[index].upperBound)
                noted.highestBound = max(noted.highestBound, buckets[index].upperBound)
                noted.largestDrop = max(noted.largestDrop, before - count)
                repair = noted
            } else {
                before = count
            }
        }
        return repair
    }

    /// Upstream `util/almost`.
    private static func almostEqual(_ a: Double, _ b: Double) -> Bool {
        if Staleness.isMarker(a) || Staleness.isMarker(b) { return Staleness.isMarker(a) && Staleness.isMarker(b) }
        if a.isNaN && b.isNaN || a == b { return true }
        let sum = abs(a) + abs(b)
        let difference = abs(a - b)
        if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < smallDeltaTolerance * .leastNormalMagnitude }
        return difference / min(sum, .greatestFiniteMagnitude) < smallDeltaTolerance
    }
}
