/// Why a native histogram is none, in Prometheus's words (`model/histogram/generic.go`).
package enum NativeHistogramError: Error, Equatable, Sendable {
    case countBelowBuckets(buckets: UInt64, count: UInt64)
    case countMismatch(buckets: UInt64, count: UInt64)
    case negativeCount(String)
    /// `side` is "positive" or "negative"; `bucket` counts from 1.
    case negativeBucket(side: String, bucket: Int, count: String)
    case negativeZeroCount(String)
    /// `place` is "positive side", "negative side" or "custom buckets"; `span` counts from 1.
    case negativeOffset(place: String, span: Int, offset: Int32)
    case bucketMismatch(place: String, needed: Int, found: Int)
    case tooFewBounds(bounds: Int, spanLength: Int)
    case unorderedBounds(previous: Double, current: Double)
    case infiniteBound
    case boundIsNaN
    case customZeroCount, customZeroThreshold, customNegativeSpans, customNegativeBuckets
    case boundsOfExponentialSchema
    case invalidSchema(Int32)
    case unknownSchema(Int32)
}

extension NativeHistogramError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .countBelowBuckets(let buckets, let count):
            "\(buckets) observations found in buckets, but the Count field is \(count): histogram's observation count should be at least the number of observations found in the buckets"
        case .countMismatch(let buckets, let count):
            "\(buckets) observations found in buckets, but the Count field is \(count): histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)"
        case .negativeCount(let count): "observation count is  \(count): histogram's observation count is negative"
        case .negativeBucket(let side, let bucket, let count):
            "\(side) side: bucket number \(bucket) has observation count of \(count): histogram has a bucket whose observation count is negative"
        case .negativeZeroCount(let count): "zero bucket has observation count of \(count): histogram has a bucket whose observation count is negative"
        case .negativeOffset(let place, let span, let offset): "\(place): span number \(span) with offset \(offset): histogram has a span whose offset is negative"
        case .bucketMismatch(let place, let needed, let found):
            "\(place): spans need \(needed) buckets, have \(found) buckets: histogram spans specify different number of buckets than provided"
        case .tooFewBounds(let bounds, let spanLength):
            "custom buckets: only \(bounds) custom bounds defined which is insufficient to cover total span length of \(spanLength): histogram custom bounds are too few"
        case .unorderedBounds(let previous, let current):
            "custom buckets: previous bound is \(GoNumber.fixed(previous)) and current is \(GoNumber.fixed(current)): histogram custom bounds must be in strictly increasing order"
        case .infiniteBound: "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite"
        case .boundIsNaN: "custom buckets: histogram custom bounds must not be NaN"
        case .customZeroCount: "custom buckets: must have zero count of 0"
        case .customZeroThreshold: "custom buckets: must have zero threshold of 0"
        case .customNegativeSpans: "custom buckets: must not have negative spans"
        case .customNegativeBuckets: "custom buckets: must not have negative buckets"
        case .boundsOfExponentialSchema: "histogram with exponential schema must not have custom bounds"
        case .invalidSchema(let schema):
            "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema \(schema)"
        case .unknownSchema(let schema):
            "histogram has an unknown schema, which must be between -9 and 52 for exponential buckets, or -53 for custom buckets, got schema \(schema)"
        }
    }
}
