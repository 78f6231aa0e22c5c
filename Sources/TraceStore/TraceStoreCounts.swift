/// What a store has done since it was opened.
struct TraceStoreCounts: Sendable {
    var writes = 0
    var writesFailed = 0
    var spans = 0
    var seals = 0
    var sealsFailed = 0
    var sealNanos: UInt64 = 0
    var segmentsRemoved = 0
    /// Reads that met a page which is not as it was written.
    var damagedReads = 0
}
