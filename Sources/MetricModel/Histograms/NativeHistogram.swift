/// A native histogram: the observations that fell into buckets whose bounds a schema or a list gives
/// (Prometheus `model/histogram/histogram.go` and `float_histogram.go`).
///
/// One type for both flavours: an integer histogram's counts are exact integers, a float histogram's are doubles.
package struct NativeHistogram: Sendable {
    /// What is known of a counter reset between the sample before and this one; the raw values are those of all formats.
    package enum CounterReset: UInt8, Sendable {
        case unknown, reset, notReset, gauge
    }

    /// Consecutive buckets.
    package struct Span: Hashable, Sendable {
        /// The buckets left out since the span before; of the first span the index of its first bucket.
        package var offset: Int32
        package var length: UInt32

        package init(offset: Int32, length: UInt32) {
            self.offset = offset
            self.length = length
        }
    }

    /// How often was observed what.
    package struct Tally<Total: Equatable & Sendable, Bucket: Equatable & Sendable>: Sendable {
        /// All observations.
        package var count: Total
        /// Those in the zero bucket.
        package var zeroCount: Total
        /// Those in each bucket above zero, in the order of the spans; absolute, not differences.
        package var positive: [Bucket]
        /// Those in each bucket below zero, from zero down.
        package var negative: [Bucket]

        package init(count: Total, zeroCount: Total, positive: [Bucket], negative: [Bucket]) {
            self.count = count
            self.zeroCount = zeroCount
            self.positive = positive
            self.negative = negative
        }
    }

    package enum Counts: Sendable {
        case integer(Tally<UInt64, Int64>)
        case float(Tally<Double, Double>)
    }

    package static let exponentialSchemas: ClosedRange<Int32> = -4...8
    /// Schemas that a later version may write; more than 8 is read at a lower resolution.
    package static let knownExponentialSchemas: ClosedRange<Int32> = -9...52
    /// The schema of histograms whose bounds are listed.
    package static let customSchema: Int32 = -53

    package var counterReset: CounterReset
    /// Every power of two is divided into 2^schema buckets, or `customSchema`.
    package var schema: Int32
    /// Half the width of the zero bucket.
    package var zeroThreshold: Double
    /// The sum of what was observed, or the stale marker.
    package var sum: Double
    package var positiveSpans: [Span]
    package var negativeSpans: [Span]
    /// With `customSchema` the upper bounds of the buckets but the last, rising.
    package var customValues: [Double]
    package var counts: Counts

    package init(
        counterReset: CounterReset = .unknown, schema: Int32 = 0, zeroThreshold: Double = 0, sum: Double, positiveSpans: [Span] = [], negativeSpans: [Span] = [],
        customValues: [Double] = [], counts: Counts
    ) {
        self.counterReset = counterReset
        self.schema = schema
        self.zeroThreshold = zeroThreshold
        self.sum = sum
        self.positiveSpans = positiveSpans
        self.negativeSpans = negativeSpans
        self.customValues = customValues
        self.counts = counts
    }

    /// The marker that ends a series of histograms.
    package static func staleMarker(isFloat: Bool) -> NativeHistogram {
        NativeHistogram(
            sum: Staleness.marker,
            counts: isFloat ? .float(Tally(count: 0, zeroCount: 0, positive: [], negative: [])) : .integer(Tally(count: 0, zeroCount: 0, positive: [], negative: [])))
    }

    package var isFloat: Bool { if case .float = counts { true } else { false } }
    package var isStaleMarker: Bool { Staleness.isMarker(sum) }
    package var hasCustomBuckets: Bool { schema == Self.customSchema }

    /// The same with doubles for counts; beyond 2^53 they are rounded.
    package var asFloat: NativeHistogram {
        guard case .integer(let tally) = counts else { return self }
        var result = self
        result.counts = .float(Tally(
            count: Double(tally.count), zeroCount: Double(tally.zeroCount), positive: tally.positive.map { Double($0) }, negative: tally.negative.map { Double($0) }))
        return result
    }

    /// How many buckets spans speak of.
    package static func bucketCount(_ spans: [Span]) -> Int { spans.reduce(0) { $0 + Int($1.length) } }
}

/// A histogram and its time.
package struct HistogramSample: Sendable, Equatable {
    /// Milliseconds since the epoch.
    package var timestamp: Int64
    package var histogram: NativeHistogram

    package init(_ timestamp: Int64, _ histogram: NativeHistogram) {
        self.timestamp = timestamp
        self.histogram = histogram
    }
}
