import MetricModel
import Synchronization
import TraceModel

/// Takes the spans of traces that are not sampled out of a batch. Their senders are told of success: nothing was wrong with them.
final class SpanSampler: TelemetryProcessor {
    typealias Signal = TraceSignal

    /// What was decided for the traces that were seen last, in two generations of at most this many each.
    private static let remembered = 50_000

    private struct State {
        var tokens: Double
        var filledNanos: UInt64
        var young: [TraceID: Bool] = [:]
        var old: [TraceID: Bool] = [:]
    }

    private let sampling: SpanSampling
    private let nowNanos: @Sendable () -> UInt64
    private let state: Mutex<State>
    private let kept = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    /// - Parameter nowNanos: a clock that only goes forward.
    init(_ sampling: SpanSampling, nowNanos: @escaping @Sendable () -> UInt64) {
        self.sampling = sampling
        self.nowNanos = nowNanos
        state = Mutex(State(tokens: Self.burst(sampling), filledNanos: nowNanos()))
    }

    func process(_ batch: inout [ResourceSpans]) -> PartialSuccess {
        let before = TraceSignal.count(batch)
        if sampling != .all {
            let decide = decisions(for: batch)
            for resource in batch.indices {
                for scope in batch[resource].scopes.indices { batch[resource].scopes[scope].spans.removeAll { !decide($0.traceID) } }
            }
        }
        let after = TraceSignal.count(batch)
        kept.add(after, ordering: .relaxed)
        dropped.add(before - after, ordering: .relaxed)
        return PartialSuccess()
    }

    private func decisions(for batch: [ResourceSpans]) -> (TraceID) -> Bool {
        switch sampling {
        case .all: return { _ in true }
        case .none: return { _ in false }
        case .probabilistic(let fraction): return { SpanSampling.includes($0.low, fraction: fraction) }
        case .rateLimiting(let rate):
            var decided: [TraceID: Bool] = [:]
            let now = nowNanos()
            state.withLock { state in
                state.tokens = min(Self.burst(sampling), state.tokens + Double(now &- state.filledNanos) / 1e9 * rate)
                state.filledNanos = now
                for resource in batch {
                    for scope in resource.scopes { for span in scope.spans where decided[span.traceID] == nil { decided[span.traceID] = Self.decide(span.traceID, &state) } }
                }
            }
            return { decided[$0] ?? false }
        }
    }

    /// Once for each trace; the decision lasts as long as the trace is among those seen last.
    private static func decide(_ trace: TraceID, _ state: inout State) -> Bool {
        if let known = state.young[trace] { return known }
        let isSampled = state.old[trace] ?? (state.tokens >= 1)
        if state.old[trace] == nil, isSampled { state.tokens -= 1 }
        if state.young.count >= remembered { (state.old, state.young) = (state.young, [:]) }
        state.young[trace] = isSampled
        return isSampled
    }

    /// Who allows less than one trace a second still gets one at first (jaeger-client's rate limiter does the same).
    private static func burst(_ sampling: SpanSampling) -> Double {
        guard case .rateLimiting(let rate) = sampling else { return 0 }
        return max(rate, 1)
    }

    func metricFamilies() -> [MetricFamily] {
        func point(_ isSampled: Bool, _ count: borrowing Atomic<Int>) -> MetricFamily.Point {
            .init("obstack_spans_sampled_total", [("sampled", "\(isSampled)")], Double(count.load(ordering: .relaxed)))
        }
        return [MetricFamily("obstack_spans_sampled_total", .counter, "Number of spans whose traces were kept, or not, by head sampling.", points: [point(false, dropped), point(true, kept)])]
    }
}
