import Acquisition

/// Who knows the scrape targets.
package protocol TargetReporter: Sendable {
    var targets: TargetsSnapshot { get }
}

extension ScrapeManager: TargetReporter {}
