import MetricModel

/// How far an append must have come before it returns.
package enum Durability: Sendable {
    /// In the log, on the way to the disk: for scrapes, which can be repeated.
    case logged
    /// Forced to the disk: for what a client is about to be told is safe.
    case synced
}

/// Where decoded samples go.
package protocol MetricWriter: Sendable {
    /// Appends a batch. When it returns, everything it accepted is as durable as asked and seen by every later read.
    ///
    /// Samples that cannot be taken (out of order, duplicate, too old, past the series limit) are counted in the report and the
    /// rest is taken; it throws only when nothing was taken and trying again may help (disk full, shutting down).
    func append(_ batch: SampleBatch, durability: Durability) async throws(MetricStoreError) -> AppendReport
}

/// What became of a batch.
package struct AppendReport: Sendable {
    package var appended = 0
    /// How many of `appended` are native histograms.
    package var histogramsAppended = 0
    /// How many of `appended` came out of order, and how many of those are native histograms.
    package var outOfOrderAppended = 0
    package var outOfOrderHistogramsAppended = 0
    package var outOfOrder = 0
    package var duplicate = 0
    package var tooOld = 0
    /// Out of order, and before the window in which that is allowed.
    package var beyondWindow = 0
    package var tooFarInFuture = 0
    package var invalidLabels = 0
    /// Native histograms that contradict themselves.
    package var invalidHistograms = 0
    package var overSeriesLimit = 0
    /// How many of those out of order, too old or too far in the future, and before the window are native histograms.
    package var histogramsOutOfOrder = 0
    package var histogramsOutOfBounds = 0
    package var histogramsBeyondWindow = 0
    package var exemplarsAppended = 0
    /// Exemplars that are older than one of their series, and those that were refused otherwise. They are not part of `refused`: nobody is
    /// asked to send a sample again for the sake of its exemplar.
    package var exemplarsOutOfOrder = 0
    package var exemplarsInvalid = 0
    /// The first refusal of an exemplar in Prometheus's words.
    package var firstExemplarRefusal: String?
    /// The first refusal in words, with its labels, as Prometheus would put it.
    package var firstRefusal: String?
    /// For each series of the batch the reference to give next time, 0 for a refused one. Good until the store drops the series;
    /// a store that no longer knows a reference falls back to the key.
    package var references: [UInt64] = []

    package init() {}

    package var refused: Int { outOfOrder + duplicate + tooOld + beyondWindow + tooFarInFuture + invalidLabels + invalidHistograms + overSeriesLimit }
}

/// Which series a reader wants, and of which time.
package struct SeriesSelection: Sendable {
    package var matchers: [Matcher]
    /// Milliseconds, both ends included. Series without a sample in it need not be returned.
    package var time: ClosedRange<Int64>
    /// Whether the result must be in `Labels` order.
    package var sorted: Bool
    /// At most so many series, 0 for all.
    package var limit: Int

    package init(_ matchers: [Matcher], time: ClosedRange<Int64>, sorted: Bool = false, limit: Int = 0) {
        self.matchers = matchers
        self.time = time
        self.sorted = sorted
        self.limit = limit
    }
}

/// One series as it stood when it was selected; later appends do not show. May be read from any thread.
package protocol SelectedSeries: AnyObject, Sendable {
    var labels: Labels { get }
    /// Appends every sample in `time` (milliseconds, both ends included) to `buffer`, stale markers included, in time order.
    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError)
}

/// What queries read from.
package protocol MetricReader: Sendable {
    /// Throws only for what makes the answer incomplete: a corrupt block, a closed store.
    func select(_ selection: SeriesSelection) throws(MetricStoreError) -> [any SelectedSeries]
    /// Names of labels of the matching series, sorted. No matchers means all series. `limit` 0 means all.
    func labelNames(_ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String]
    /// Values of one label among the matching series, sorted.
    func labelValues(_ name: String, _ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String]
    /// What is known of metric families, by metric name.
    func metadata(metric: String?, limit: Int) -> [String: [MetricMetadata]]
}

/// A series and exemplars of it, in the order of their time.
package struct SeriesExemplars: Equatable, Sendable {
    package let labels: Labels
    package let exemplars: [Exemplar]

    package init(labels: Labels, exemplars: [Exemplar]) {
        self.labels = labels
        self.exemplars = exemplars
    }
}

/// Where exemplars are read from.
package protocol ExemplarReader: Sendable {
    /// The exemplars in `time` (milliseconds, both ends included) of every series that matches all of one of the selectors, in `Labels` order.
    func exemplars(_ selectors: [[Matcher]], time: ClosedRange<Int64>) throws(MetricStoreError) -> [SeriesExemplars]
}

/// What an administrator may ask of a store that keeps its samples itself.
package protocol MetricAdministration: Sendable {
    /// Deletes the samples in `time` (milliseconds, both ends included) of the series that match; later reads do not see them, and after a
    /// crash they do not come back. No matchers select all series.
    func delete(_ matchers: [Matcher], time: ClosedRange<Int64>) async throws(MetricStoreError)
    /// Gives back the space of what was deleted.
    func cleanTombstones() async throws(MetricStoreError)
    /// Keeps what there is now in a folder of its own, and returns the folder's name.
    func snapshot(includingHead: Bool) async throws(MetricStoreError) -> String
}

/// What the pages that explain a store's size ask.
package protocol MetricInventory: Sendable {
    /// Counts of the head; of each list the `limit` largest.
    func statistics(limit: Int) -> HeadStatistics
}
