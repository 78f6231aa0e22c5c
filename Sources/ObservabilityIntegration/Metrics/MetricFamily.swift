import Synchronization

/// All instruments of one name, one for each label set. Used from any thread.
///
/// Label sets are bounded, so that a name made of user input cannot fill the memory: what comes after the last is counted under label
/// values that are all `other`.
package final class MetricFamily<Kind: Instrument>: Sendable {
    private struct Row {
        let order: Int
        let instrument: Kind
    }

    private struct Rows {
        var byLabels: [[MetricLabel]: Row] = [:]
        var made = 0
    }

    package let name: String
    package let help: String
    private let seriesMax: Int
    private let make: @Sendable () -> Kind
    private let rows = Mutex(Rows())

    package init(name: String, help: String, seriesMax: Int = metricSeriesMax, make: @escaping @Sendable () -> Kind) {
        self.name = name
        self.help = help
        self.seriesMax = seriesMax
        self.make = make
    }

    /// The instrument of these labels, made when it is asked for first.
    package func instrument(_ labels: MetricLabel...) -> Kind { instrument(labels) }

    package func instrument(_ labels: [MetricLabel]) -> Kind {
        rows.withLock { rows in
            if let row = rows.byLabels[labels] { return row.instrument }
            let kept = rows.byLabels.count < seriesMax ? labels : labels.map { MetricLabel($0.name, "other") }
            if let row = rows.byLabels[kept] { return row.instrument }
            let row = Row(order: rows.made, instrument: make())
            rows.byLabels[kept] = row
            rows.made += 1
            return row.instrument
        }
    }

    /// Forgets an instrument and its series.
    package func remove(_ instrument: Kind) {
        rows.withLock { rows in rows.byLabels = rows.byLabels.filter { $0.value.instrument !== instrument } }
    }

    /// Labels and instruments, in the order in which they were made.
    package var instruments: [(labels: [MetricLabel], instrument: Kind)] {
        rows.withLock { rows in rows.byLabels.sorted { $0.value.order < $1.value.order }.map { ($0.key, $0.value.instrument) } }
    }

    /// What every instrument says now.
    package func snapshot() -> FamilySnapshot {
        FamilySnapshot(name: name, help: help, kind: Kind.kind, series: instruments.map { FamilySnapshot.Series($0.labels, $0.instrument.point) })
    }
}

/// Label sets that one family holds.
package let metricSeriesMax = 2_000
