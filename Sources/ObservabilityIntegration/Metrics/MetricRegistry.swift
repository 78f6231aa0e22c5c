import Synchronization

/// Families in the order in which they were registered.
package final class MetricRegistry: Sendable {
    private let collectors = Mutex<[@Sendable () -> FamilySnapshot]>([])

    package init() {}

    /// Registers a family of counters.
    package func counter(_ name: String, _ help: String, seriesMax: Int = metricSeriesMax) -> MetricFamily<CounterInstrument> {
        add(MetricFamily(name: name, help: help, seriesMax: seriesMax) { CounterInstrument() })
    }

    /// Registers a family of gauges.
    package func gauge(_ name: String, _ help: String) -> MetricFamily<GaugeInstrument> {
        add(MetricFamily(name: name, help: help) { GaugeInstrument() })
    }

    /// Registers a family of histograms.
    package func histogram(_ name: String, _ help: String, bounds: [Double] = HistogramInstrument.durationBoundsSeconds) -> MetricFamily<HistogramInstrument> {
        add(MetricFamily(name: name, help: help) { HistogramInstrument(bounds: bounds) })
    }

    /// Registers what is computed when it is asked for, on the server's threads.
    package func register(_ collector: @escaping @Sendable () -> FamilySnapshot) {
        collectors.withLock { $0.append(collector) }
    }

    /// Every family that has at least one series.
    package func collect() -> [FamilySnapshot] {
        collectors.withLock { $0 }.map { $0() }.filter { !$0.series.isEmpty }
    }

    private func add<Kind>(_ family: MetricFamily<Kind>) -> MetricFamily<Kind> {
        register { family.snapshot() }
        return family
    }
}
