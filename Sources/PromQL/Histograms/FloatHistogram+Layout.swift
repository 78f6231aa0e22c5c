import MetricModel

extension FloatHistogram {
    /// One side's buckets: which there are, what they count, and what rounding lost of that where it is tracked.
    struct Side {
        var spans: [Span]
        var counts: [Double]
        var lost: [Double] = []
        var isTracked = false

        /// The index of every bucket.
        var indices: [Int] {
            var indices: [Int] = []
            indices.reserveCapacity(counts.count)
            NativeHistogram.forEachBucket(spans) { index, _ in indices.append(index) }
            return indices
        }
    }

    // MARK: Compaction

    /// Drops empty buckets and joins spans that meet (`Compact(0)`).
    mutating func compact() {
        if let side = Side(spans: positiveSpans, counts: positive).compacted { (positiveSpans, positive) = (side.spans, side.counts) }
        if let side = Side(spans: negativeSpans, counts: negative).compacted { (negativeSpans, negative) = (side.spans, side.counts) }
    }

    func compacted() -> FloatHistogram {
        var result = self
        result.compact()
        return result
    }

    // MARK: Resolution

    /// The same with a lower resolution. Precondition: neither schema is that of custom buckets unless they are equal.
    func reduced(to target: Int32) -> FloatHistogram {
        if target >= schema { return self }
        var result = self
        let shift = Int(schema - target)
        let above = Side(spans: positiveSpans, counts: positive).reduced(by: shift)
        let below = Side(spans: negativeSpans, counts: negative).reduced(by: shift)
        (result.positiveSpans, result.positive) = (above.spans, above.counts)
        (result.negativeSpans, result.negative) = (below.spans, below.counts)
        result.schema = target
        result.counterReset = .unknown
        return result
    }

    // MARK: Custom bounds

    /// The bounds that both lists have.
    static func commonBounds(_ a: [Double], _ b: [Double]) -> [Double] {
        var common: [Double] = []
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if a[i] == b[j] {
                common.append(a[i])
                i += 1
                j += 1
            } else if a[i] < b[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return common
    }

    /// Adds the buckets of custom bounds to those of fewer bounds; the last is the one above all bounds.
    static func add(_ side: Side, bounds: [Double], sign: Double, to totals: inout [KahanSum], commonBounds: [Double]) {
        var target = 0
        NativeHistogram.forEachBucket(side.spans) { index, place in
            guard place < side.counts.count else { return }
            var goal = commonBounds.count
            if index >= 0, index < bounds.count {
                while target < commonBounds.count, commonBounds[target] < bounds[index] { target += 1 }
                goal = target
            }
            totals[goal].add(sign * side.counts[place])
            if place < side.lost.count { totals[goal].add(sign * side.lost[place]) }
        }
    }
}

extension FloatHistogram.Side {
    /// Without empty buckets, or nil when there are none and the spans are as few as can be.
    var compacted: FloatHistogram.Side? {
        let isFull = !isTracked ? !counts.contains(0) : !zip(counts, lost).contains { $0 == 0 && $1 == 0 }
        if isFull, spans.allSatisfy({ $0.length > 0 }), spans.dropFirst().allSatisfy({ $0.offset > 0 }) { return nil }
        var result = FloatHistogram.Side(spans: [], counts: [], isTracked: isTracked)
        var kept: [Int] = []
        NativeHistogram.forEachBucket(spans) { index, place in
            guard place < counts.count, counts[place] != 0 || (place < lost.count && lost[place] != 0) else { return }
            kept.append(index)
            result.counts.append(counts[place])
            if place < lost.count { result.lost.append(lost[place]) }
        }
        result.spans = NativeHistogram.spans(of: kept)
        return result
    }

    /// Neighbours added up so that 2^`shift` buckets become one.
    func reduced(by shift: Int) -> FloatHistogram.Side {
        var result = FloatHistogram.Side(spans: [], counts: [], isTracked: isTracked)
        var indices: [Int] = []
        NativeHistogram.forEachBucket(spans) { index, place in
            guard place < counts.count else { return }
            let target = ((index - 1) >> shift) + 1
            let last = result.counts.count - 1
            if indices.last != target {
                indices.append(target)
                result.counts.append(counts[place])
                if place < lost.count { result.lost.append(lost[place]) }
            } else if !isTracked {
                result.counts[last] += counts[place]
            } else {
                var sum = KahanSum(result.counts[last], compensation: result.lost[last])
                sum.add(counts[place])
                sum.add(lost[place])
                (result.counts[last], result.lost[last]) = (sum.sum, sum.compensation)
            }
        }
        result.spans = NativeHistogram.spans(of: indices)
        return result
    }

    /// Adds the buckets of another side of the same schema, `skipping` so many of its first; makes those that are missing.
    mutating func add(_ other: FloatHistogram.Side, sign: Double, skipping skipped: Int) {
        if skipped == 0, spans == other.spans, counts.count == other.counts.count {
            if isTracked, !other.isTracked { addTracked(other.counts, sign) } else { for place in counts.indices { add(other, place, sign, to: place) } }
            return
        }
        let (mine, theirs) = (indices, other.indices)
        var merged = FloatHistogram.Side(spans: [], counts: [], isTracked: isTracked)
        merged.counts.reserveCapacity(mine.count + theirs.count)
        var all: [Int] = []
        var (i, j) = (0, min(skipped, theirs.count))
        while i < counts.count || j < other.counts.count {
            let isMine = i < counts.count && (j >= other.counts.count || mine[i] <= theirs[j])
            let isTheirs = j < other.counts.count && (i >= counts.count || theirs[j] <= mine[i])
            all.append(isMine ? mine[i] : theirs[j])
            merged.counts.append(isMine ? counts[i] : 0)
            if isTracked { merged.lost.append(isMine ? lost[i] : 0) }
            if isTheirs { merged.add(other, j, sign, to: merged.counts.count - 1) }
            if isMine { i += 1 }
            if isTheirs { j += 1 }
        }
        merged.spans = NativeHistogram.spans(of: all)
        self = merged
    }

    /// How many of the first buckets end at or below a threshold.
    func bucketsBelow(_ threshold: Double, schema: Int32) -> Int {
        var (index, count) = (0, 0)
        for span in spans {
            index += Int(span.offset)
            for _ in 0..<span.length {
                if ExponentialBounds.upper(index, schema: schema) > threshold { return count }
                index += 1
                count += 1
            }
        }
        return count
    }

    /// Adds the counts of the same buckets.
    private mutating func addTracked(_ others: [Double], _ sign: Double) {
        let count = counts.count
        // SAFETY: all three arrays have `count` elements, and none is reached otherwise meanwhile.
        counts.withUnsafeMutableBufferPointer { sums in
            lost.withUnsafeMutableBufferPointer { lost in
                others.withUnsafeBufferPointer { others in
                    for place in 0..<count {
                        var sum = KahanSum(sums[place], compensation: lost[place])
                        sum.add(sign * others[place])
                        (sums[place], lost[place]) = (sum.sum, sum.compensation)
                    }
                }
            }
        }
    }

    private mutating func add(_ other: FloatHistogram.Side, _ from: Int, _ sign: Double, to place: Int) {
        guard isTracked else {
            counts[place] += sign * other.counts[from]
            return
        }
        var sum = KahanSum(counts[place], compensation: lost[place])
        sum.add(sign * other.counts[from])
        if from < other.lost.count, other.lost[from] != 0 { sum.add(sign * other.lost[from]) }
        (counts[place], lost[place]) = (sum.sum, sum.compensation)
    }
}
