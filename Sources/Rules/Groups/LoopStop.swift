import Platform
import Synchronization

/// Tells one loop to end, waking it from its sleep but not from its work, and tells others when it has.
final class LoopStop: Sendable {
    private struct State {
        var isStopped = false
        var sleeper: Task<Void, any Error>?
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isStopped: Bool { state.withLock(\.isStopped) }

    /// Sleeps for `nanos`; false when stopped or cancelled before.
    func sleep(nanos: UInt64, _ clock: any TimeSource) async -> Bool {
        let sleeper = Task { try await clock.sleep(nanos: nanos) }
        let isStopped = state.withLock { state in
            state.sleeper = sleeper
            return state.isStopped
        }
        if isStopped { sleeper.cancel() }
        let result = await withTaskCancellationHandler { await sleeper.result } onCancel: { sleeper.cancel() }
        return state.withLock { state in
            state.sleeper = nil
            guard case .success = result else { return false }
            return !state.isStopped
        }
    }

    func stop() {
        let sleeper = state.withLock { state in
            state.isStopped = true
            return state.sleeper
        }
        sleeper?.cancel()
    }

    /// Called by the loop when its last evaluation is written.
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
