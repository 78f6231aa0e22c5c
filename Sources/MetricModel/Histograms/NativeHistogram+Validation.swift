extension NativeHistogram {
    /// Throws what is wrong with it first, in the order in which Prometheus looks (`Histogram.Validate`, `FloatHistogram.Validate`).
    package func validate() throws(NativeHistogramError) {
        switch counts {
        case .integer(let tally):
            try validateLayout(tally, hasZeroCount: tally.zeroCount != 0)
            let negative = hasCustomBuckets ? 0 : try Self.total(tally.negative, side: "negative")
            if !hasCustomBuckets, !customValues.isEmpty { throw .boundsOfExponentialSchema }
            let buckets = negative &+ (try Self.total(tally.positive, side: "positive")) &+ tally.zeroCount
            if sum.isNaN {
                // What is not a number is counted, but lies in no bucket.
                if buckets > tally.count { throw .countBelowBuckets(buckets: buckets, count: tally.count) }
            } else if buckets != tally.count {
                throw .countMismatch(buckets: buckets, count: tally.count)
            }
        case .float(let tally):
            try validateLayout(tally, hasZeroCount: tally.zeroCount != 0)
            if !hasCustomBuckets {
                try Self.check(tally.negative, side: "negative")
                if tally.zeroCount < 0 { throw .negativeZeroCount(GoNumber.general(tally.zeroCount)) }
                if !customValues.isEmpty { throw .boundsOfExponentialSchema }
            }
            if tally.count < 0 { throw .negativeCount(GoNumber.general(tally.count)) }
            try Self.check(tally.positive, side: "positive")
        }
    }

    private func validateLayout<Total, Bucket>(_ tally: Tally<Total, Bucket>, hasZeroCount: Bool) throws(NativeHistogramError) {
        if hasCustomBuckets {
            try validateBounds(bucketCount: tally.positive.count)
            if hasZeroCount { throw .customZeroCount }
            if zeroThreshold != 0 { throw .customZeroThreshold }
            if !negativeSpans.isEmpty { throw .customNegativeSpans }
            if !tally.negative.isEmpty { throw .customNegativeBuckets }
        } else if Self.exponentialSchemas.contains(schema) {
            try Self.check(positiveSpans, tally.positive.count, place: "positive side")
            try Self.check(negativeSpans, tally.negative.count, place: "negative side")
        } else {
            throw .invalidSchema(schema)
        }
    }

    private func validateBounds(bucketCount: Int) throws(NativeHistogramError) {
        for (index, bound) in customValues.enumerated() {
            if bound.isNaN { throw .boundIsNaN }
            if index > 0, bound <= customValues[index - 1] { throw .unorderedBounds(previous: customValues[index - 1], current: bound) }
        }
        if customValues.last == .infinity { throw .infiniteBound }
        var reach = 0
        for (index, span) in positiveSpans.enumerated() {
            if span.offset < 0 { throw .negativeOffset(place: "custom buckets", span: index + 1, offset: span.offset) }
            reach += Int(span.offset) + Int(span.length)
        }
        let needed = Self.bucketCount(positiveSpans)
        if needed != bucketCount { throw .bucketMismatch(place: "custom buckets", needed: needed, found: bucketCount) }
        if customValues.count + 1 < reach { throw .tooFewBounds(bounds: customValues.count, spanLength: reach) }
    }

    private static func check(_ spans: [Span], _ bucketCount: Int, place: String) throws(NativeHistogramError) {
        for (index, span) in spans.enumerated() where index > 0 && span.offset < 0 { throw .negativeOffset(place: place, span: index + 1, offset: span.offset) }
        let needed = Self.bucketCount(spans)
        if needed != bucketCount { throw .bucketMismatch(place: place, needed: needed, found: bucketCount) }
    }

    private static func total(_ buckets: [Int64], side: String) throws(NativeHistogramError) -> UInt64 {
        var total: UInt64 = 0
        for (index, count) in buckets.enumerated() {
            if count < 0 { throw .negativeBucket(side: side, bucket: index + 1, count: "\(count)") }
            total &+= UInt64(count)
        }
        return total
    }

    private static func check(_ buckets: [Double], side: String) throws(NativeHistogramError) {
        for (index, count) in buckets.enumerated() where count < 0 {
            throw .negativeBucket(side: side, bucket: index + 1, count: GoNumber.general(count))
        }
    }
}
