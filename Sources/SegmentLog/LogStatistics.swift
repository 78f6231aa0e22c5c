/// Counts of what a log did since it was opened, for the metrics that Prometheus calls `prometheus_tsdb_wal_…`.
package struct LogStatistics: Sendable, Equatable {
    package var syncs = 0
    package var syncSeconds = 0.0
    /// Groups of records written at once.
    package var writes = 0
    package var writesFailed = 0
    package var records = 0
    /// Bytes written, framing included.
    package var bytes = 0
    package var pagesCompleted = 0
    /// The segment that is appended to.
    package var segment = 0
    /// Bytes of it that are written.
    package var segmentBytes = 0
}
