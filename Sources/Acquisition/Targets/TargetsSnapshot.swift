import MetricModel

/// What the last scrape of a target said of it.
package enum TargetHealth: String, Sendable { case unknown, up, down }

/// The last scrape of a target.
package struct TargetReport: Sendable {
    package var health = TargetHealth.unknown
    /// Empty after a good scrape.
    package var lastError = ""
    /// Nanoseconds since the epoch; nil before the first scrape.
    package var lastScrapeUnixNanos: Int64?
    package var lastScrapeSeconds = 0.0
}

/// All targets at one moment, for `/api/v1/targets` and the pages.
package struct TargetsSnapshot: Sendable {
    package struct Active: Sendable {
        package let scrapePool: String
        package let target: Target
        package let report: TargetReport
    }

    package struct Dropped: Sendable {
        package let scrapePool: String
        package let discoveredLabels: Labels
    }

    /// By pool name, then by URL.
    package var active: [Active] = []
    /// As many as each pool keeps.
    package var dropped: [Dropped] = []
    /// All dropped targets, by pool, kept or not.
    package var droppedCounts: [String: Int] = [:]
    /// Names of all pools, sorted.
    package var pools: [String] = []
}
