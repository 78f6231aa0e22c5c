import Synchronization

/// One series' number, or numbers: used from any thread.
package protocol Instrument: AnyObject, Sendable {
    static var kind: MetricKind { get }
    /// What it says now; the parts of it agree with one another.
    var point: MetricPoint { get }
}

/// A number that only grows.
package final class CounterInstrument: Instrument {
    package static var kind: MetricKind { .counter }
    private let value = Mutex(0.0)

    package init() {}

    /// Adds `amount`, which is not negative.
    package func increment(by amount: Double = 1) { value.withLock { $0 += amount } }

    /// Begins again at zero, which readers of counters know how to take.
    package func reset() { value.withLock { $0 = 0 } }

    package var number: Double { value.withLock { $0 } }
    package var point: MetricPoint { .number(number) }
}

/// A number that goes up and down.
package final class GaugeInstrument: Instrument {
    package static var kind: MetricKind { .gauge }
    private let value = Mutex(0.0)

    package init() {}

    package func set(_ number: Double) { value.withLock { $0 = number } }

    /// Adds `amount`, of either sign.
    package func add(_ amount: Double) { value.withLock { $0 += amount } }

    package var point: MetricPoint { .number(value.withLock { $0 }) }
}

/// Observations counted in classic and in native buckets at once.
package final class HistogramInstrument: Instrument {
    /// Upper bounds in seconds of a duration's classic buckets; `+Inf` follows.
    package static let durationBoundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Upper bounds for what is no duration, such as sizes: OpenTelemetry's default.
    package static let plainBounds: [Double] = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000]

    package static var kind: MetricKind { .histogram }

    private struct State {
        var counts: [UInt64]
        var sum = 0.0
        var native = NativeHistogram()
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    package init(bounds: [Double] = durationBoundsSeconds) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Counts one observation; one that is not finite has no bucket and is passed over.
    package func observe(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
            state.native.observe(value)
        }
    }

    package var point: MetricPoint {
        let (counts, sum, native) = state.withLock { ($0.counts, $0.sum, $0.native) }
        var total: UInt64 = 0
        let cumulative = counts.map { count in
            total += count
            return total
        }
        return .histogram(HistogramPoint(sum: sum, bounds: bounds, cumulativeCounts: cumulative, native: native))
    }
}
