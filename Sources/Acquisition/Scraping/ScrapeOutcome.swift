import MetricModel

/// What one scrape came to, ready to be appended.
struct ScrapeOutcome: Sendable {
    /// Samples, stale markers and the automatic series.
    var batch: SampleBatch
    /// For each series of the batch the cache entry that it belongs to; nil for the automatic ones, which come last.
    var owners: [Int32]
    /// Why the scrape counts as failed; nil when it does not.
    var error: String?
    var counts: ScrapeCounts
    var isSuccess: Bool { error == nil }
}

/// The numbers behind `scrape_samples_scraped` and its kin.
struct ScrapeCounts: Equatable, Sendable {
    var scraped = 0
    var postRelabeling = 0
    var seriesAdded = 0
    /// Metrics named twice in one exposition.
    var duplicates = 0
    var tooFarInFuture = 0
    var exceedsSampleLimit = false
    var exceedsBucketLimit = false
    var exceedsLabelLimits = false
}
