import Logging
import MetricModel
import MetricStore
import Platform
import Synchronization

/// Scrapes one target until it is told to stop.
final class ScrapeLoop: Sendable {
    /// What all loops of a manager share.
    struct Surroundings: Sendable {
        let writer: any MetricWriter
        let fetch: ScrapeFetch
        let clock: any TimeSource
        let seed: UInt64
        let tally: ScrapeTally
        let logger: Logger
    }

    let target: Target
    let config: ScrapeConfig
    let stop = ScrapeStop()
    private let surroundings: Surroundings
    private let predecessor: Mutex<ScrapeLoop?>
    private let session: Mutex<ScrapeSession>
    private let lastReport = Mutex(TargetReport())
    private let blanketError = Mutex<String?>(nil)

    /// With a predecessor the loop waits for its end, then goes on with what it remembers where the settings allow that.
    init(_ target: Target, _ config: ScrapeConfig, _ surroundings: Surroundings, after predecessor: ScrapeLoop? = nil) {
        self.target = target
        self.config = config
        self.surroundings = surroundings
        self.predecessor = Mutex(predecessor)
        session = Mutex(ScrapeSession(target, config))
        if let predecessor { lastReport.withLock { $0 = predecessor.report } }
    }

    var report: TargetReport { lastReport.withLock { $0 } }
    var families: [(metric: String, MetricMetadata)] { session.withLock(\.families) }

    /// Makes every scrape fail with `error`, without asking the target; nil lifts it.
    func fail(with error: String?) { blanketError.withLock { $0 = error } }

    func run() async {
        let earlierLoop = predecessor.withLock { predecessor in
            defer { predecessor = nil }
            return predecessor
        }
        if let predecessor = earlierLoop {
            await predecessor.stop.waitForEnd()
            if predecessor.config.keepsCache(under: config) {
                let earlier = predecessor.session.withLock { $0 }
                session.withLock { $0.continueFrom(earlier) }
            }
        }
        let clock = surroundings.clock
        var schedule = ScrapeSchedule(interval: target.interval, identity: target.identity, seed: surroundings.seed)
        var next = clock.monotonicNanos + schedule.firstDelayNanos(unixNanos: clock.unixNanos)
        var hasScraped = false
        while await stop.sleep(nanos: Self.nanos(until: next, clock), clock) {
            await scrape(schedule.begin(unixNanos: clock.unixNanos, monotonicNanos: clock.monotonicNanos))
            hasScraped = true
            let now = clock.monotonicNanos
            next = now + schedule.delayNanos(monotonicNanos: now)
        }
        stop.end()
        if hasScraped, stop.reason == .targetGone { await endSeries(after: next) }
    }

    private static func nanos(until moment: UInt64, _ clock: any TimeSource) -> UInt64 {
        let now = clock.monotonicNanos
        return moment > now ? moment - now : 0
    }

    private func scrape(_ timestamp: Int64) async {
        let clock = surroundings.clock
        let startedUnix = clock.unixNanos
        let started = clock.monotonicNanos
        var bodyBytes = 0
        var outcome: ScrapeOutcome
        if let error = blanketError.withLock({ $0 }) {
            outcome = session.withLock { $0.readFailure(error, timestamp: timestamp) }
        } else {
            do throws(ScrapeFetch.Failure) {
                let exposition = try await surroundings.fetch(target, config)
                bodyBytes = exposition.body.count
                let now = clock.unixMillis
                outcome = session.withLock { $0.read(exposition.body, contentType: exposition.contentType, timestamp: timestamp, nowMillis: now) }
            } catch {
                // A shutdown says nothing about the target.
                if error == .cancelled || Task.isCancelled { return }
                if error == .bodyTooLarge {
                    bodyBytes = -1
                    surroundings.tally.countBodyTooLarge()
                }
                outcome = session.withLock { $0.readFailure(error.description, timestamp: timestamp) }
            }
        }
        let seconds = Double(clock.monotonicNanos - started) / 1e9
        session.withLock { $0.conclude(&outcome, timestamp: timestamp, durationSeconds: seconds, bodyBytes: bodyBytes) }
        lastReport.withLock {
            $0 = TargetReport(health: outcome.isSuccess ? .up : .down, lastError: outcome.error ?? "", lastScrapeUnixNanos: startedUnix, lastScrapeSeconds: seconds)
        }
        if let error = outcome.error { surroundings.logger.debug("Scrape failed", metadata: metadata(["error": "\(error)"])) }
        let report = await store(outcome.batch)
        surroundings.tally.count(outcome.counts, report)
        session.withLock { $0.settle(outcome, report) }
    }

    private func store(_ batch: SampleBatch) async -> AppendReport? {
        do throws(MetricStoreError) {
            let report = try await surroundings.writer.append(batch, durability: .logged)
            if report.refused > 0 {
                surroundings.logger.warning("Samples of a scrape were refused", metadata: metadata(["refused": "\(report.refused)", "first": "\(report.firstRefusal ?? "")"]))
            }
            if report.exemplarsOutOfOrder > 0 {
                surroundings.logger.warning("Error on ingesting out-of-order exemplars", metadata: metadata(["num_dropped": "\(report.exemplarsOutOfOrder)"]))
            }
            return report
        } catch {
            surroundings.logger.error("A scrape could not be stored", metadata: metadata(["error": "\(error)"]))
            return nil
        }
    }

    private func metadata(_ more: Logger.Metadata) -> Logger.Metadata {
        more.merging(["scrape_pool": "\(config.job)", "target": "\(target.url.text)"]) { mine, _ in mine }
    }

    /// Ends the series with stale markers at the time of the scrape that would have been next, once a further interval and a
    /// tenth have passed: if the target came back meanwhile its own samples are newer, and the markers are refused.
    private func endSeries(after next: UInt64) async {
        let clock = surroundings.clock
        let interval = target.interval.nanos
        do {
            try await clock.sleep(nanos: Self.nanos(until: next, clock))
            let timestamp = clock.unixMillis
            try await clock.sleep(nanos: interval + interval / 10)
            let outcome = session.withLock { $0.readEnd(timestamp: timestamp) }
            _ = try? await surroundings.writer.append(outcome.batch, durability: .logged)
        } catch {
            // Shut down meanwhile: whoever starts next goes on with these series.
        }
    }
}
