import Platform
import Synchronization

/// Tells one loop to end, waking it from its sleep but not from its work, and tells others when it has.
final class ScrapeStop: Sendable {
    /// What becomes of a loop's series when it ends.
    enum Reason: Sendable {
        /// Another loop goes on with them.
        case replaced
        /// The target is gone: they end with stale markers, once it is clear that it does not come back.
        case targetGone
        /// The pool is gone: they end with the lookback, as upstream.
        case poolGone
    }

    private struct State {
        var reason: Reason?
        var sleeper: Task<Void, any Error>?
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var reason: Reason? { state.withLock(\.reason) }

    /// Sleeps for `nanos`; false when stopped or cancelled before.
    func sleep(nanos: UInt64, _ clock: any TimeSource) async -> Bool {
        let sleeper = Task { try await clock.sleep(nanos: nanos) }
        let isStopped = state.withLock { state in
            state.sleeper = sleeper
            return state.reason != nil
        }
        if isStopped { sleeper.cancel() }
        let result = await withTaskCancellationHandler { await sleeper.result } onCancel: { sleeper.cancel() }
        return state.withLock { state in
            state.sleeper = nil
            guard case .success = result else { return false }
            return state.reason == nil
        }
    }

    func stop(_ reason: Reason) {
        let sleeper = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            return state.sleeper
        }
        sleeper?.cancel()
    }

    /// Called by the loop when its last scrape is stored.
    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
