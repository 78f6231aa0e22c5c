import Synchronization

/// A clock that stands still until it is told to move on; both of its times move together.
package final class ManualClock: TimeSource {
    private struct Sleeper {
        let id: UInt64
        let wake: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var unixNanos: Int64
        var monotonicNanos: UInt64 = 0
        var sleepers: [Sleeper] = []
        var nextID: UInt64 = 0
        /// Sleeps that were cancelled before they could lie down.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    package init(unixMillis: Int64) { state = Mutex(State(unixNanos: unixMillis * 1_000_000)) }

    package var unixNanos: Int64 { state.withLock { $0.unixNanos } }
    package var monotonicNanos: UInt64 { state.withLock { $0.monotonicNanos } }

    /// How many tasks sleep on this clock, so that a test can wait until they do.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves both times on and wakes, in order, everyone whose time has come.
    package func advance(millis: Int64) {
        precondition(millis >= 0, "time does not go back")
        let due: [Sleeper] = state.withLock { state in
            state.unixNanos += millis * 1_000_000
            state.monotonicNanos += UInt64(millis) * 1_000_000
            let now = state.monotonicNanos
            let due = state.sleepers.filter { $0.wake <= now }.sorted { $0.wake < $1.wake }
            state.sleepers.removeAll { $0.wake <= now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Sets the wall clock alone, forward or back, as an administrator does.
    package func set(unixMillis: Int64) { state.withLock { $0.unixNanos = unixMillis * 1_000_000 } }

    package func sleep(nanos: UInt64) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers.append(Sleeper(id: id, wake: state.monotonicNanos + nanos, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper: Sleeper? = state.withLock { state in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }
}
