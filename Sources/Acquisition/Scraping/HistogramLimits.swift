#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import MetricModel

/// How fine native histograms may be, and how many buckets they may have.
///
/// Source: prometheus `scrape/scrape.go` (`pickSchema`), `scrape/target.go` (`maxSchemaAppender`, `bucketLimitAppender`).
struct HistogramLimits: Sendable {
    private let schemaMax: Int32
    /// 0 for any number.
    private let bucketLimit: Int

    init(_ config: ScrapeConfig) {
        schemaMax = Self.schema(bucketFactorMin: config.nativeHistogramBucketFactorMin)
        bucketLimit = config.nativeHistogramBucketLimit
    }

    /// The highest schema whose buckets are each at least so many times as wide as the one before.
    static func schema(bucketFactorMin factor: Double) -> Int32 {
        let schemas = NativeHistogram.exponentialSchemas
        let schema = (-log2(log2(factor <= 1 ? 1.00271 : factor))).rounded(.down)
        return schema >= Double(schemas.upperBound) ? schemas.upperBound : schema <= Double(schemas.lowerBound) ? schemas.lowerBound : Int32(schema)
    }

    /// The histogram at a resolution that keeps within the limits; nil when there is none. Throws when it is no histogram at all.
    func fitted(_ histogram: NativeHistogram) throws(NativeHistogramError) -> NativeHistogram? {
        var histogram = histogram
        if schemaMax < NativeHistogram.exponentialSchemas.upperBound, NativeHistogram.knownExponentialSchemas.contains(histogram.schema), histogram.schema > schemaMax {
            try histogram.reduceResolution(to: schemaMax)
        }
        while bucketLimit > 0, histogram.bucketCount > bucketLimit {
            guard NativeHistogram.exponentialSchemas.contains(histogram.schema), histogram.schema > NativeHistogram.exponentialSchemas.lowerBound else { return nil }
            try histogram.reduceResolution(to: histogram.schema - 1)
        }
        try histogram.validate()
        return histogram
    }
}

extension NativeHistogram {
    /// How many buckets it has on both sides of zero.
    fileprivate var bucketCount: Int { Self.bucketCount(positiveSpans) + Self.bucketCount(negativeSpans) }
}
