import Synchronization

/// Whether the peer that asked still waits for its answer.
package final class Departure: Sendable {
    private struct State {
        var hasLeft: Bool
        /// Whether who answers wants to be cancelled.
        var isWatched = false
        var task: Task<Void, Never>?
    }

    private let state: Mutex<State>

    init(hasLeft: Bool = false) { state = Mutex(State(hasLeft: hasLeft)) }

    /// The task that answers.
    func watched(_ task: Task<Void, Never>) { if state.withLock({ $0.task = task; return $0.hasLeft && $0.isWatched }) { task.cancel() } }

    /// The peer has closed its side, or the connection has ended.
    func leave() {
        let task = state.withLock { state in
            state.hasLeft = true
            return state.isWatched ? state.task : nil
        }
        task?.cancel()
    }

    /// Nothing is being answered any more.
    func forget() { state.withLock { $0.task = nil } }

    /// Does `work` in the task that answers, which is cancelled when the peer leaves before it is done.
    ///
    /// The task stays cancelled: who left gets no answer.
    func during<Value: Sendable>(_ work: @Sendable () async -> Value) async -> Value {
        let task = state.withLock { state in
            state.isWatched = true
            return state.hasLeft ? state.task : nil
        }
        task?.cancel()
        let value = await work()
        state.withLock { $0.isWatched = false }
        return value
    }
}
