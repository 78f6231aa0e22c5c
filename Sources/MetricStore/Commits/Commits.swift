import MetricModel

/// What was committed between two positions.
package struct Commits: Sendable {
    /// Series by series, each series' samples in the order in which they came; references are the log's.
    package var inOrder: SampleBatch
    /// Samples that came out of order.
    package var late: SampleBatch
    /// Behind the last of them.
    package var end: CommitPosition
    /// Segments behind the position asked for that the store has removed: what stood in them was not read.
    package var segmentsLost = 0
    /// Samples, histograms and exemplars of series whose records are gone.
    package var rowsOfUnknownSeries = 0
    package var isEmpty: Bool { inOrder.isEmpty && late.isEmpty }
}
