/// What the head holds, counted: for the page that shows why there are so many series.
package struct HeadStatistics: Sendable {
    /// Something counted, by name; lists of it have the largest first.
    package struct Count: Sendable, Equatable {
        package let name: String
        package let value: Int

        package init(name: String, value: Int) {
            self.name = name
            self.value = value
        }
    }

    package var seriesCount = 0
    package var chunkCount = 0
    /// How many different pairs of name and value there are.
    package var labelPairCount = 0
    /// Milliseconds; `.max` and `.min` when there is nothing.
    package var minTime = Int64.max
    package var maxTime = Int64.min
    package var seriesCountByMetricName: [Count] = []
    package var labelValueCountByLabelName: [Count] = []
    /// Bytes of a label's values, counted for every series that has them.
    package var memoryInBytesByLabelName: [Count] = []
    package var seriesCountByLabelValuePair: [Count] = []
}

/// Keeps the largest of many counts.
struct LargestCounts {
    private let limit: Int
    private(set) var counts: [HeadStatistics.Count] = []

    init(limit: Int) { self.limit = limit }

    /// `name` is asked for when the count is among the largest so far.
    mutating func add(_ value: Int, _ name: () -> String) {
        if limit == 0 || (counts.count == limit && value <= counts[limit - 1].value) { return }
        if counts.count == limit { counts.removeLast() }
        let at = counts.firstIndex { $0.value < value } ?? counts.count
        counts.insert(HeadStatistics.Count(name: name(), value: value), at: at)
    }
}
