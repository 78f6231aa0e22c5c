/// What a family's numbers are.
package enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// A label's name and value.
package struct MetricLabel: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What one instrument said at one moment.
package enum MetricPoint: Equatable, Sendable {
    case number(Double)
    case histogram(HistogramPoint)
}

/// One histogram at one moment: `bounds` and, one longer, `cumulativeCounts`, the last for `+Inf`; and its native buckets.
package struct HistogramPoint: Equatable, Sendable {
    package let sum: Double
    package let bounds: [Double]
    package let cumulativeCounts: [UInt64]
    package let native: NativeHistogram

    package var count: UInt64 { cumulativeCounts.last ?? 0 }
}

/// All series of one name at one moment, as an exposition writes them.
package struct FamilySnapshot: Sendable {
    package struct Series: Equatable, Sendable {
        package let labels: [MetricLabel]
        package let point: MetricPoint

        package init(_ labels: [MetricLabel], _ point: MetricPoint) {
            self.labels = labels
            self.point = point
        }
    }

    package let name: String
    package let help: String
    package let kind: MetricKind
    package let series: [Series]

    package init(name: String, help: String, kind: MetricKind, series: [Series]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.series = series
    }
}
