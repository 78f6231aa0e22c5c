import Synchronization

/// How long the phases of one query take. Told by the thread that runs the query, read when that is done.
final class PhaseTimer: Sendable {
    private struct State {
        var begun = ContinuousClock.now
        var prepared: ContinuousClock.Instant?
        var sorting = Duration.zero
        var ended: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    func begins() { state.withLock { $0.begun = .now } }
    /// A plan is made. Where a query is run anew, what comes behind the first plan counts as evaluation.
    func isPrepared() { state.withLock { if $0.prepared == nil { $0.prepared = .now } } }
    func sorted(since begun: ContinuousClock.Instant) { state.withLock { $0.sorting += .now - begun } }
    func ends() { state.withLock { $0.ended = .now } }

    func write(to statistics: inout QueryStatistics) {
        let state = state.withLock { $0 }
        let ended = state.ended ?? .now
        let prepared = state.prepared ?? ended
        statistics.preparationSeconds = (prepared - state.begun) / .seconds(1)
        statistics.evaluationSeconds = (ended - prepared - state.sorting) / .seconds(1)
        statistics.sortSeconds = state.sorting / .seconds(1)
    }
}
