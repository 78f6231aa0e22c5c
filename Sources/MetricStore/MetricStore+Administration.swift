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

    /// Runs blocking work on a thread that is started when it is needed first.
    private func administer(_ body: @escaping @Sendable (Maintenance) throws(MetricStoreError) -> Void) async throws(MetricStoreError) {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        let maintenance = maintenance
        let pool: BlockingPool
        do throws(PlatformError) { pool = try administrators.pool() } catch { throw MetricStoreError(error) }
        try await pool.run { () throws(MetricStoreError) in try body(maintenance) }
    }
}
