import Logging
import MetricModel
import Platform
import PromQL
import Synchronization

/// What the stack keeps of its queries: those that run, those that have run, and how many.
final class QueryDiary: QueryJournal {
    let log = QueryLog()
    private let active: ActiveQueries?
    private let concurrencyMax: Int
    private let nowMillis: @Sendable () -> Int64
    private let running = Atomic<Int>(0)
    private let samplesQueried = Atomic<Int>(0)
    private let samplesRead = Atomic<Int>(0)

    /// Tells of the queries that an earlier process on the folder did not finish. Blocks. Without the file, which is then told, everything else goes on.
    init(directory: String, concurrencyMax: Int, logger: Logger, nowMillis: @escaping @Sendable () -> Int64) {
        self.concurrencyMax = concurrencyMax
        self.nowMillis = nowMillis
        let path = directory + "/queries.active"
        var active: ActiveQueries?
        do throws(PlatformError) {
            if let queries = try ActiveQueries.unfinished(path, files: Disk()) { logger.warning("these queries did not finish when the stack last ran: \(queries)") }
            active = try ActiveQueries(path, count: concurrencyMax)
        } catch {
            logger.error("running queries are not written down: \(error)")
        }
        self.active = active
    }

    func began(_ query: String) -> Int {
        running.add(1, ordering: .relaxed)
        return active?.insert(query, unixSeconds: nowMillis() / 1_000) ?? -1
    }

    func ended(_ entry: Int, _ record: QueryRecord) {
        active?.remove(entry)
        running.subtract(1, ordering: .relaxed)
        samplesQueried.add(record.statistics.samplesQueried, ordering: .relaxed)
        samplesRead.add(record.statistics.samplesRead, ordering: .relaxed)
        log.write(record)
    }

    func metricFamilies() -> [MetricFamily] {
        func count(_ value: borrowing Atomic<Int>) -> Double { Double(value.load(ordering: .relaxed)) }
        return [
            .gauge("prometheus_engine_queries", "The current number of queries being executed or waiting.", count(running)),
            .gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.", Double(concurrencyMax)),
            .gauge("prometheus_engine_query_log_enabled", "State of the query log.", log.isOn ? 1 : 0),
            .counter("prometheus_engine_query_log_failures_total", "The number of query log failures.", Double(log.failureCount)),
            .counter("prometheus_engine_query_samples_total", "The total number of samples loaded by all queries.", count(samplesQueried)),
            .counter("prometheus_engine_query_samples_read_total", "The total number of samples read by all queries.", count(samplesRead)),
        ]
    }
}
