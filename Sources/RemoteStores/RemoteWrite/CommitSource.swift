import MetricModel

/// What a store has committed, in order and from any position: where remote write reads from.
///
/// Positions are text that only the source understands; they stay good over restarts. Calls do not block where
/// nothing else is said.
package protocol CommitSource: Sendable {
    /// Where what is committed ends now.
    var position: String { get }
    /// Where what was committed before this process began ends.
    var openingPosition: String { get }
    /// The time of the latest sample, in milliseconds since the epoch; nil when there is none.
    var highestMillis: Int64? { get }
    /// How many samples, native histograms and exemplars were taken since the process began.
    var taken: (samples: Int, histograms: Int, exemplars: Int) { get }
    /// Where the log begins: what is read from when nobody knows a position. Blocks.
    var oldestPosition: String { get }
    /// About how many bytes are committed behind a position. A position that is none counts as one with nothing behind it.
    func bytesCommitted(behind position: String) -> Int
    /// A reader of one's own.
    func makeReader() -> any CommitReading
}

/// Reads what was committed; for one caller at a time.
package protocol CommitReading: Sendable {
    /// Blocks. Reads from a position to another, or to the end or until there are `rowsMax` rows. The same two positions give the same rows.
    func read(from start: String, to end: String?, rowsMax: Int) throws -> CommittedRows
}

/// What was committed between two positions.
package struct CommittedRows: Sendable {
    /// Series by series, in the order in which they came; those in the second came out of order. References name series for as long as the
    /// process runs.
    package var batches: [SampleBatch]
    package var end: String
    /// Parts of the log that are gone before they were read, and rows whose series nobody can name any more.
    package var segmentsLost: Int
    package var rowsOfUnknownSeries: Int

    package init(batches: [SampleBatch], end: String, segmentsLost: Int = 0, rowsOfUnknownSeries: Int = 0) {
        self.batches = batches
        self.end = end
        self.segmentsLost = segmentsLost
        self.rowsOfUnknownSeries = rowsOfUnknownSeries
    }

    /// Samples, histograms and exemplars.
    package var count: Int { batches.reduce(0) { $0 + $1.values.count + $1.histograms.count + $1.exemplars.count } }
}
