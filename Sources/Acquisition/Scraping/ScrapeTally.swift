import MetricModel
import MetricStore
import Synchronization

/// What scraping says of itself, under Prometheus's names.
final class ScrapeTally: Sendable {
    private struct Counts {
        var outOfOrder = 0
        var duplicate = 0
        var outOfBounds = 0
        var exemplarOutOfOrder = 0
        var sampleLimit = 0
        var bucketLimit = 0
        var bodySizeLimit = 0
        var labelLimits = 0
        var targetLimit = 0
        var syncFailed: [String: Int] = [:]
        var syncs: [String: Int] = [:]
        var reloads = 0
    }

    private let counts = Mutex(Counts())

    func count(_ scrape: ScrapeCounts, _ report: AppendReport?) {
        counts.withLock {
            $0.outOfOrder += report?.outOfOrder ?? 0
            $0.duplicate += scrape.duplicates + (report?.duplicate ?? 0)
            $0.outOfBounds += scrape.tooFarInFuture + (report.map { $0.tooOld + $0.beyondWindow + $0.tooFarInFuture } ?? 0)
            $0.exemplarOutOfOrder += report?.exemplarsOutOfOrder ?? 0
            if scrape.exceedsSampleLimit { $0.sampleLimit += 1 }
            if scrape.exceedsBucketLimit { $0.bucketLimit += 1 }
            if scrape.exceedsLabelLimits { $0.labelLimits += 1 }
        }
    }

    func countBodyTooLarge() { counts.withLock { $0.bodySizeLimit += 1 } }
    func countTargetLimit() { counts.withLock { $0.targetLimit += 1 } }
    func countReload() { counts.withLock { $0.reloads += 1 } }
    func countSync(_ pool: String, failures: Int) {
        counts.withLock {
            $0.syncs[pool, default: 0] += 1
            $0.syncFailed[pool, default: 0] += failures
        }
    }

    func families(_ targets: TargetsSnapshot, limits: [String: Int]) -> [MetricFamily] {
        let counts = counts.withLock { $0 }
        func byPool(_ name: String, _ kind: MetricKind, _ help: String, _ values: [String: Int]) -> MetricFamily {
            MetricFamily(name, kind, help, points: targets.pools.map { .init(name, [("scrape_job", $0)], Double(values[$0] ?? 0)) })
        }
        func total(_ name: String, _ help: String, _ value: Int) -> MetricFamily { .counter(name, help, Double(value)) }
        let active = targets.active.reduce(into: [:]) { $0[$1.scrapePool, default: 0] += 1 }
        return [
            total("prometheus_target_scrape_pool_reloads_total", "Total number of scrape pool reloads.", counts.reloads),
            total("prometheus_target_scrape_pool_exceeded_target_limit_total", "Total number of times scrape pools hit the target limit, during sync or config reload.", counts.targetLimit),
            byPool("prometheus_target_scrape_pool_target_limit", .gauge, "Maximum number of targets allowed in this scrape pool.", limits),
            byPool("prometheus_target_scrape_pool_targets", .gauge, "Current number of targets in this scrape pool.", active),
            byPool("prometheus_target_scrape_pool_sync_total", .counter, "Total number of syncs that were executed on a scrape pool.", counts.syncs),
            byPool("prometheus_target_sync_failed_total", .counter, "Total number of target sync failures.", counts.syncFailed),
            total("prometheus_target_scrapes_exceeded_body_size_limit_total", "Total number of scrapes that hit the body size limit", counts.bodySizeLimit),
            total("prometheus_target_scrapes_exceeded_sample_limit_total", "Total number of scrapes that hit the sample limit and were rejected.", counts.sampleLimit),
            total("prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total", "Total number of scrapes that hit the native histogram bucket limit and were rejected.", counts.bucketLimit),
            total("prometheus_target_scrapes_sample_duplicate_timestamp_total", "Total number of samples rejected due to duplicate timestamps but different values.", counts.duplicate),
            total("prometheus_target_scrapes_sample_out_of_order_total", "Total number of samples rejected due to not being out of the expected order.", counts.outOfOrder),
            total("prometheus_target_scrapes_sample_out_of_bounds_total", "Total number of samples rejected due to timestamp falling outside of the time bounds.", counts.outOfBounds),
            total("prometheus_target_scrapes_exemplar_out_of_order_total", "Total number of exemplar rejected due to not being out of the expected order.", counts.exemplarOutOfOrder),
            total("prometheus_target_scrape_pool_exceeded_label_limits_total", "Total number of times scrape pools hit the label limits, during sync or config reload.", counts.labelLimits),
        ]
    }
}
