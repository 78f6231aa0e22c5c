extension NativeHistogram {
    /// One bucket, its bounds and how many observations fell into it.
    package struct Bucket<Count: Sendable>: Sendable {
        package var lower: Double
        package var upper: Double
        package var includesLower: Bool
        package var includesUpper: Bool
        package var count: Count
    }

    /// The upper bound of a bucket above zero, infinite past the last.
    package func upperBound(_ index: Int) -> Double {
        guard hasCustomBuckets else { return ExponentialBounds.upper(index, schema: min(max(schema, Self.exponentialSchemas.lowerBound), Self.exponentialSchemas.upperBound)) }
        return index < 0 ? -.infinity : index >= customValues.count ? .infinity : customValues[index]
    }

    /// The bucket of an index on one side of zero.
    package func bucket<Count>(_ index: Int, isPositive: Bool, count: Count) -> Bucket<Count> {
        let (near, far) = (upperBound(index - 1), upperBound(index))
        let (lower, upper) = isPositive ? (near, far) : (-far, -near)
        return hasCustomBuckets
            ? Bucket(lower: lower, upper: upper, includesLower: index == 0, includesUpper: true, count: count)
            : Bucket(lower: lower, upper: upper, includesLower: lower < 0, includesUpper: upper > 0, count: count)
    }

    /// All buckets that are not empty, from the lowest up, their counts as doubles. One that reaches into the zero bucket ends where that
    /// begins (`AllBucketIterator`).
    package var ascendingBuckets: [Bucket<Double>] {
        guard case .float(let tally) = asFloat.counts else { return [] }
        var (below, above): ([Bucket<Double>], [Bucket<Double>]) = ([], [])
        Self.forEachBucket(negativeSpans) { index, place in
            guard place < tally.negative.count, tally.negative[place] != 0 else { return }
            var bucket = bucket(index, isPositive: false, count: tally.negative[place])
            if bucket.upper < 0, bucket.upper > -zeroThreshold { bucket.upper = -zeroThreshold }
            below.append(bucket)
        }
        Self.forEachBucket(positiveSpans) { index, place in
            guard place < tally.positive.count, tally.positive[place] != 0 else { return }
            var bucket = bucket(index, isPositive: true, count: tally.positive[place])
            if bucket.lower > 0, bucket.lower < zeroThreshold { bucket.lower = zeroThreshold }
            above.append(bucket)
        }
        let zero = Bucket(lower: -zeroThreshold, upper: zeroThreshold, includesLower: true, includesUpper: true, count: tally.zeroCount)
        return below.reversed() + (tally.zeroCount > 0 ? [zero] : []) + above
    }

    /// Calls `body` with the index of every bucket that spans speak of and its place among the counts, from the first on.
    @inlinable package static func forEachBucket(_ spans: [Span], _ body: (_ index: Int, _ place: Int) -> Void) {
        var (index, place) = (0, 0)
        for span in spans {
            index += Int(span.offset)
            for _ in 0..<span.length {
                body(index, place)
                index += 1
                place += 1
            }
        }
    }

    /// Brings an exponential histogram to a lower resolution by adding up neighbours (`ReduceResolution`).
    package mutating func reduceResolution(to target: Int32) throws(NativeHistogramError) {
        guard !hasCustomBuckets, target < schema else { return }
        let shift = Int(schema - target)
        switch counts {
        case .integer(var tally):
            (positiveSpans, tally.positive) = try Self.reduce(positiveSpans, tally.positive, shift) { $0 &+ $1 }
            (negativeSpans, tally.negative) = try Self.reduce(negativeSpans, tally.negative, shift) { $0 &+ $1 }
            counts = .integer(tally)
        case .float(var tally):
            (positiveSpans, tally.positive) = try Self.reduce(positiveSpans, tally.positive, shift, +)
            (negativeSpans, tally.negative) = try Self.reduce(negativeSpans, tally.negative, shift, +)
            counts = .float(tally)
        }
        schema = target
    }

    private static func reduce<Count>(_ spans: [Span], _ buckets: [Count], _ shift: Int, _ add: (Count, Count) -> Count) throws(NativeHistogramError) -> ([Span], [Count]) {
        for (index, span) in spans.enumerated() where index > 0 && span.offset < 0 { throw .negativeOffset(place: "buckets", span: index + 1, offset: span.offset) }
        guard bucketCount(spans) == buckets.count else { throw .bucketMismatch(place: "buckets", needed: bucketCount(spans), found: buckets.count) }
        var reduced: [Count] = []
        var indices: [Int] = []
        forEachBucket(spans) { index, place in
            let target = ((index - 1) >> shift) + 1
            if indices.last == target {
                reduced[reduced.count - 1] = add(reduced[reduced.count - 1], buckets[place])
            } else {
                indices.append(target)
                reduced.append(buckets[place])
            }
        }
        return (Self.spans(of: indices), reduced)
    }

    /// The fewest spans that speak of buckets with rising indices.
    package static func spans(of indices: some Sequence<Int>) -> [Span] {
        var spans: [Span] = []
        var next = 0
        for index in indices {
            if index == next, !spans.isEmpty {
                spans[spans.count - 1].length += 1
            } else {
                spans.append(Span(offset: Int32(clamping: index - next), length: 1))
            }
            next = index + 1
        }
        return spans
    }
}
