/// One metric with all its series at one moment: what a room says of itself, and what an exposition holds.
package struct MetricFamily: Sendable {
    package struct Point: Sendable {
        /// The whole sample name, with `_bucket`, `_sum`, `_count` or `_total` where the kind has them.
        package var name: String
        package var labels: [(name: String, value: String)]
        package var value: Double

        package init(_ name: String, _ labels: [(name: String, value: String)] = [], _ value: Double) {
            self.name = name
            self.labels = labels
            self.value = value
        }
    }

    package var name: String
    package var metadata: MetricMetadata
    package var points: [Point]

    package init(_ name: String, _ kind: MetricKind, _ help: String, points: [Point]) {
        self.name = name
        metadata = MetricMetadata(kind: kind, help: help)
        self.points = points
    }

    /// A family of one series without labels.
    package static func counter(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, .counter, help, points: [Point(name, [], value)])
    }

    /// A family of one series without labels.
    package static func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, .gauge, help, points: [Point(name, [], value)])
    }
}
