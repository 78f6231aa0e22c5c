import Dashboards
import Glibc
import Logging
import MetricModel
import MetricStore
import Platform
import PushGroups
import PushgatewayAPI
import SegmentLog
import TraceStore

/// Everything that keeps something on the disk, opened together and closed together.
struct Stores: Sendable {
    let metrics: MetricStore
    let traces: TraceStore
    let pushed: PushGroups
    let dashboards: DashboardStore

    /// Opens all of them, or none. Blocks; tells of a replay that takes its time.
    static func open(_ options: ServerOptions, _ storage: StorageConfiguration, pool: BlockingPool, _ logger: Logger) throws -> Stores {
        var metricOptions = MetricStore.Options()
        metricOptions.retentionMillis = Int64(options.metricRetentionSeconds) * 1_000
        metricOptions.retentionBytes = options.metricRetentionBytes
        metricOptions.seriesMax = options.maxSeries
        metricOptions.outOfOrderWindowMillis = storage.outOfOrderWindow.millis
        metricOptions.exemplarsMax = storage.exemplarsMax
        metricOptions.reportFailure = { logger.error("metrics: the blocks were not kept in order: \($0)") }
        let progress = ReplayLine()
        let metrics = try MetricStore.open(directory: options.metricsDirectory, options: metricOptions) { progress.show("metrics", $0) }
        progress.finish()
        for damage in metrics.opening.log.damage + (metrics.opening.outOfOrderLog?.damage ?? []) { logger.warning("metrics: \(damage)") }
        for damage in metrics.opening.headChunkDamage { logger.warning("metrics: \(damage); the log has what is missing") }
        for damage in metrics.opening.blockDamage { logger.warning("metrics: \(damage)") }
        if metrics.opening.samplesOfUnknownSeries > 0 {
            logger.warning("metrics: \(metrics.opening.samplesOfUnknownSeries) samples in the log were dropped: the records that name their series are lost")
        }
        do {
            var dashboardOptions = DashboardStore.Options()
            if let login = options.grafana.adminLogin { dashboardOptions.adminLogin = login }
            if let password = options.grafana.adminPassword { dashboardOptions.adminPassword = password }
            if let seconds = options.grafana.sessionLifetimeSeconds { dashboardOptions.sessionLifetimeSecondsMax = seconds }
            if let seconds = options.grafana.sessionIdleSeconds { dashboardOptions.sessionIdleSecondsMax = seconds }
            let dashboards = try DashboardStore(path: options.dataDirectory + "/dashboards.db", options: dashboardOptions)
            do {
                let (pushed, pushReport) = try PushGroups.open(
                    options.dataDirectory + "/push", own: PushgatewayAPI.ownKinds(ProcessMetrics.families()), pool: pool, onProblem: { logger.warning("\($0)") })
                for damage in pushReport.damage { logger.warning("push: \(damage)") }
                do {
                    let traceOptions = TraceStoreOptions(retentionSeconds: options.traceRetentionSeconds)
                    let (traces, report) = try TraceStore.open(
                        options.dataDirectory + "/traces", options: traceOptions, progress: { progress.show("traces", $0) },
                        damage: { logger.warning("traces: \($0)") })
                    progress.finish()
                    for damage in report.replay.damage { logger.warning("traces: \(damage)") }
                    for damage in report.damage { logger.warning("traces: \(damage)") }
                    return Stores(metrics: metrics, traces: traces, pushed: pushed, dashboards: dashboards)
                } catch {
                    pushed.close()
                    throw error
                }
            } catch {
                try? dashboards.close()
                throw error
            }
        } catch {
            metrics.close()
            throw error
        }
    }

    /// Returns when everything is on the disk.
    func close(on pool: BlockingPool) async {
        await traces.close()
        let (metrics, pushed, dashboards) = (metrics, pushed, dashboards)
        await pool.run {
            metrics.close()
            pushed.close()
            try? dashboards.close()
        }
    }
}

/// One line on standard error that tells how far a replay has come; nothing for a short one.
final class ReplayLine {
    private let begun = SystemClock().monotonicNanos
    private var shownPercent = -1

    func show(_ what: String, _ progress: ReplayProgress) {
        guard SystemClock().monotonicNanos - begun > 500_000_000, progress.bytesTotal > 0 else { return }
        let percent = progress.bytesDone * 100 / progress.bytesTotal
        guard percent > shownPercent else { return }
        shownPercent = percent
        // On a terminal the line is written over; in a file every tenth is enough.
        if StandardStream.error.isTerminal {
            StandardStream.error.write("\rreplaying \(what): \(percent) %\u{1B}[K")
        } else if percent % 10 == 0 {
            StandardStream.error.write("replaying \(what): \(percent) %\n")
        }
    }

    func finish() {
        if shownPercent >= 0, StandardStream.error.isTerminal { StandardStream.error.write("\n") }
        shownPercent = -1
    }
}
