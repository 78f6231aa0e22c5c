import MetricModel

/// One entry of `scrape_configs`, global settings already applied. Zero means no limit, as upstream.
package struct ScrapeConfig: Equatable, Sendable {
    package var job: String
    package var interval = ModelDuration.seconds(60)
    package var timeout = ModelDuration.seconds(10)
    package var metricsPath = "/metrics"
    package var scheme = "http"
    /// Query parameters by name, each with its values in order.
    package var parameters: [String: [String]] = [:]
    package var honorsLabels = false
    package var honorsTimestamps = true
    package var tracksTimestampStaleness = false
    /// What targets are asked for, best first.
    package var protocols = ScrapeProtocol.standard
    /// What to take a body for whose content type says nothing usable.
    package var fallbackProtocol: ScrapeProtocol?
    /// Whether histograms with native buckets are stored as native ones; otherwise their classic buckets are.
    package var scrapesNativeHistograms = false
    /// Whether the classic buckets of a histogram are stored although its native ones are.
    package var alwaysScrapesClassicHistograms = false
    /// Buckets of one native histogram; one that has more is brought to a lower resolution, and fails the scrape where there is none lower.
    package var nativeHistogramBucketLimit = 0
    /// How many times as wide as the one before a bucket of a native histogram must be at least; finer ones are brought to a lower resolution.
    package var nativeHistogramBucketFactorMin = 0.0
    package var requestsCompression = true
    package var http = ScrapeHTTPOptions()

    package var staticGroups: [TargetGroup] = []
    package var fileDiscoveries: [FileDiscoveryOptions] = []
    package var relabelRules: [RelabelRule] = []
    package var metricRelabelRules: [RelabelRule] = []

    /// Bytes of a body after decompression. Without a limit `ScrapeConfig.bodyBytesCeiling` holds.
    package var bodyBytesMax = 0
    /// Samples after metric relabeling.
    package var sampleLimit = 0
    package var targetLimit = 0
    package var labelLimit = 0
    package var labelNameLengthMax = 0
    package var labelValueLengthMax = 0
    /// How many dropped targets are remembered.
    package var keptDroppedTargets = 0

    package var nameRules = NameRules.utf8
    package var nameEscaping = NameEscaping.allowUTF8
    /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are stored too.
    package var storesExtraMetrics = false

    package init(job: String) { self.job = job }

    /// The most bytes of one body that are ever held.
    package static let bodyBytesCeiling = 1 << 30

    var bodyBytesBound: Int { bodyBytesMax > 0 ? min(bodyBytesMax, Self.bodyBytesCeiling) : Self.bodyBytesCeiling }

    /// Throws for what upstream refuses when it loads a configuration.
    package func validate() throws(AcquisitionError) {
        func refuse(_ reason: String) -> AcquisitionError { .invalidScrapeConfig(job: job, reason: reason) }
        if job.isEmpty { throw refuse("job_name is empty") }
        if interval.millis == 0 { throw refuse("scrape_interval must be greater than 0") }
        if timeout.millis == 0 { throw refuse("scrape_timeout must be greater than 0") }
        if timeout > interval { throw refuse("scrape timeout greater than scrape interval") }
        if scheme != "http", scheme != "https" { throw refuse("scheme must be 'http' or 'https', not \(LabelName.quoted(scheme))") }
        if protocols.isEmpty { throw refuse("scrape_protocols must name at least one protocol") }
        if Set(protocols).count != protocols.count { throw refuse("scrape_protocols names a protocol twice") }
        if nameRules == .legacy, nameEscaping == .allowUTF8 { throw refuse("utf8 metric names requested but validation scheme is not set to UTF8") }
        let limits = [bodyBytesMax, sampleLimit, targetLimit, labelLimit, labelNameLengthMax, labelValueLengthMax, keptDroppedTargets, nativeHistogramBucketLimit]
        if limits.contains(where: { $0 < 0 }) { throw refuse("limits must not be negative") }
        for group in staticGroups {
            for target in group.targets {
                guard let address = target[TargetLabel.address] else { throw refuse("a target without address") }
                if relabelRules.isEmpty, address.contains("/") { throw refuse("\(LabelName.quoted(address)) is not a valid hostname") }
            }
        }
        for discovery in fileDiscoveries { try discovery.validate() }
    }

    /// Whether a loop under `self` may simply go on under `other`: settings differ at most in which targets there are.
    func scrapesLike(_ other: ScrapeConfig) -> Bool { withoutTargets == other.withoutTargets }

    /// Whether what a loop remembers of its target still holds under `other`: settings differ that change no sample.
    func keepsCache(under other: ScrapeConfig) -> Bool {
        func blanked(_ config: ScrapeConfig) -> ScrapeConfig {
            var config = config.withoutTargets
            config.interval = .seconds(60)
            config.timeout = .seconds(10)
            config.sampleLimit = 0
            config.http = ScrapeHTTPOptions()
            return config
        }
        return blanked(self) == blanked(other)
    }

    private var withoutTargets: ScrapeConfig {
        var config = self
        config.staticGroups = []
        config.fileDiscoveries = []
        config.relabelRules = []
        config.targetLimit = 0
        config.keptDroppedTargets = 0
        return config
    }
}
