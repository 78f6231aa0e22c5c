import CoreMetrics
import Logging
import Synchronization

/// Metrics of whatever is written for swift-metrics, in the forms that Prometheus knows.
///
/// Names become what Prometheus allows; counters end in `_total`, timers are histograms in `_seconds`. They live as long as the process, as the
/// handles of swift-metrics do.
package final class StackMetricsFactory: MetricsFactory {
    /// Names that the factory keeps; instruments beyond them work and are not shown.
    package static let familiesMax = 2_000

    package static let shared = StackMetricsFactory()

    private enum Family: Sendable {
        case counter(MetricFamily<CounterInstrument>)
        case gauge(MetricFamily<GaugeInstrument>)
        case histogram(MetricFamily<HistogramInstrument>)
    }

    package let registry = MetricRegistry()
    private let families = Mutex<[String: Family]>([:])
    private let logger = Logger(label: "ObservabilityIntegration")

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { counter(label, dimensions) }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler { counter(label, dimensions) }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { gauge(label, dimensions) }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(Self.name(label), HistogramInstrument.plainBounds, dimensions) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(Self.name(label, ending: "_seconds"), HistogramInstrument.durationBoundsSeconds, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { (handler as? CounterHandle)?.remove() }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { (handler as? CounterHandle)?.remove() }
    package func destroyMeter(_ handler: any MeterHandler) { (handler as? GaugeHandle)?.remove() }
    package func destroyRecorder(_ handler: any RecorderHandler) {
        (handler as? GaugeHandle)?.remove()
        (handler as? HistogramHandle)?.remove()
    }
    package func destroyTimer(_ handler: any TimerHandler) { (handler as? HistogramHandle)?.remove() }

    // MARK: - Families

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterHandle {
        let name = Self.name(label, ending: "_total")
        let family = family(name) { .counter(registry.counter(name, Self.help(label))) }
        guard case .counter(let family) = family else { return CounterHandle(CounterInstrument(), of: nil) }
        return CounterHandle(family.instrument(Self.labels(dimensions)), of: family)
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeHandle {
        let name = Self.name(label)
        let family = family(name) { .gauge(registry.gauge(name, Self.help(label))) }
        guard case .gauge(let family) = family else { return GaugeHandle(GaugeInstrument(), of: nil) }
        return GaugeHandle(family.instrument(Self.labels(dimensions)), of: family)
    }

    private func histogram(_ name: String, _ bounds: [Double], _ dimensions: [(String, String)]) -> HistogramHandle {
        let family = family(name) { .histogram(registry.histogram(name, Self.help(name), bounds: bounds)) }
        guard case .histogram(let family) = family else { return HistogramHandle(HistogramInstrument(bounds: bounds), of: nil) }
        // `le` is the histogram's own.
        return HistogramHandle(family.instrument(Self.labels(dimensions).map { $0.name == "le" ? MetricLabel("exported_le", $0.value) : $0 }), of: family)
    }

    /// The family of this name, made where there is none; it may be of another kind. Nil when there are as many as may be.
    private func family(_ name: String, _ make: () -> Family) -> Family? {
        let (family, isLast) = families.withLock { families -> (Family?, Bool) in
            if let family = families[name] { return (family, false) }
            guard families.count < Self.familiesMax else { return (nil, false) }
            let made = make()
            families[name] = made
            return (made, families.count == Self.familiesMax)
        }
        if isLast { logger.warning("\(Self.familiesMax) metrics are shown; further ones are counted and not shown") }
        return family
    }

    // MARK: - Names

    private static func help(_ label: String) -> String { "\(label), by swift-metrics." }

    /// What Prometheus allows, of a label such as `http.server.requests`.
    package static func name(_ label: String, ending: String = "") -> String {
        var name = String(label.unicodeScalars.map { $0.isNameScalar || $0 == ":" ? Character($0) : "_" })
        if name.isEmpty || name.first?.isNumber == true { name = "_" + name }
        return name.hasSuffix(ending) ? name : name + ending
    }

    /// Sorted by name; of two of one name the last.
    package static func labels(_ dimensions: [(String, String)]) -> [MetricLabel] {
        var byName: [String: String] = [:]
        for (key, value) in dimensions {
            let name = String(key.unicodeScalars.map { $0.isNameScalar ? Character($0) : "_" })
            byName[name.isEmpty || name.first?.isNumber == true ? "_" + name : name] = value
        }
        return byName.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }
    }
}

extension Unicode.Scalar {
    fileprivate var isNameScalar: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }
}

/// What swift-metrics holds of a counter.
private final class CounterHandle: CounterHandler, FloatingPointCounterHandler {
    private let instrument: CounterInstrument
    private let family: MetricFamily<CounterInstrument>?

    init(_ instrument: CounterInstrument, of family: MetricFamily<CounterInstrument>?) { (self.instrument, self.family) = (instrument, family) }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    /// A counter only grows: what would take from it is passed over.
    func increment(by amount: Double) { if amount > 0, amount.isFinite { instrument.increment(by: amount) } }

    func reset() { instrument.reset() }
    func remove() { family?.remove(instrument) }
}

/// What swift-metrics holds of a meter, or of a gauge.
private final class GaugeHandle: MeterHandler, RecorderHandler {
    private let instrument: GaugeInstrument
    private let family: MetricFamily<GaugeInstrument>?

    init(_ instrument: GaugeInstrument, of family: MetricFamily<GaugeInstrument>?) { (self.instrument, self.family) = (instrument, family) }

    func set(_ value: Int64) { instrument.set(Double(value)) }
    func set(_ value: Double) { instrument.set(value) }
    func increment(by amount: Double) { instrument.add(amount) }
    func decrement(by amount: Double) { instrument.add(-amount) }
    func record(_ value: Int64) { instrument.set(Double(value)) }
    func record(_ value: Double) { instrument.set(value) }
    func remove() { family?.remove(instrument) }
}

/// What swift-metrics holds of a timer, or of a recorder that aggregates.
private final class HistogramHandle: TimerHandler, RecorderHandler {
    private let instrument: HistogramInstrument
    private let family: MetricFamily<HistogramInstrument>?

    init(_ instrument: HistogramInstrument, of family: MetricFamily<HistogramInstrument>?) { (self.instrument, self.family) = (instrument, family) }

    func recordNanoseconds(_ duration: Int64) { instrument.observe(Double(duration) / 1e9) }
    func record(_ value: Int64) { instrument.observe(Double(value)) }
    func record(_ value: Double) { instrument.observe(value) }
    func remove() { family?.remove(instrument) }
}
