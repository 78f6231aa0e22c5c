import Synchronization

/// Lets so many queries run at once and so many wait, first come first served.
final class QueryQueue: Sendable {
    private struct State {
        var running = 0
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private let runningMax: Int
    private let waitingMax: Int
    private let state = Mutex(State())

    init(runningMax: Int, waitingMax: Int) {
        self.runningMax = runningMax
        self.waitingMax = waitingMax
    }

    /// Waits for a place. Throws when too many wait already, or the task is cancelled.
    func enter() async throws(QueryError) {
        let ticket = state.withLock { state -> Int in
            state.nextTicket += 1
            return state.nextTicket
        }
        enum Verdict { case runs, waits, refused }
        let isRunning = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let verdict = state.withLock { state -> Verdict in
                    if Task.isCancelled { return .refused }
                    if state.running < runningMax { state.running += 1; return .runs }
                    if state.waiting.count >= waitingMax { return .refused }
                    state.waiting.append((ticket, continuation))
                    return .waits
                }
                if verdict != .waits { continuation.resume(returning: verdict == .runs) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
                return state.waiting.remove(at: index).continuation
            }
            continuation?.resume(returning: false)
        }
        if isRunning { return }
        if Task.isCancelled { throw .canceled(phase: "query queue") }
        throw .timeout(seconds: 0, phase: "query queue: \(runningMax) queries are running and \(waitingMax) are waiting already")
    }

    /// Gives the place to whoever has waited longest.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if state.waiting.isEmpty { state.running -= 1; return nil }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
