import MetricModel
import Platform

extension MetricStore: MetricAdministration {
    package func delete(_ matchers: [Matcher], time: ClosedRange<Int64>) async throws(MetricStoreError) {
        try await administer { maintenance throws(MetricStoreError) in try maintenance.delete(matchers, time) }
    }

    package func cleanTombstones() async throws(MetricStoreError) {
        try await administer { maintenance throws(MetricStoreError) in try maintenance.cleanTombstones() }
    }

    package func snapshot(includingHead: Bool) async throws(MetricStoreError) -> String {
        let name = Snapshot.name(unixMillis: clock.unixMillis)
        try await administer { maintenance throws(MetricStoreError) in try maintenance.snapshot(name, includingHead: includingHead) }
        return name
    }

    /// Changes how far behind the latest sample one may be that comes out of order, 0 for not at all; what was taken stays.
    package func setOutOfOrderWindow(millis: Int64) async throws(MetricStoreError) {
        if millis > 0, outOfOrderLog.current == nil {
            let (log, head) = (outOfOrderLog, head)
            try await administer { maintenance throws(MetricStoreError) in
                try maintenance.alone { () throws(MetricStoreError) in
                    do throws(PlatformError) { try log.begin(head) } catch { throw MetricStoreError(error) }
                }
            }
        }
        head.outOfOrderWindowMillis.store(max(0, millis), ordering: .relaxed)
    }

    /// Runs blocking work on a thread that is started when it is needed first.
    func administer(_ body: @escaping @Sendable (Maintenance) throws(MetricStoreError) -> Void) async throws(MetricStoreError) {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        let maintenance = maintenance
        let pool: BlockingPool
        do throws(PlatformError) { pool = try administrators.pool() } catch { throw MetricStoreError(error) }
        try await pool.run { () throws(MetricStoreError) in try body(maintenance) }
    }
}
