import Synchronization

/// Lets so many queries run at once and so many wait, first come first served.
final class QueryQueue: Sendable {
    private enum Turn { case comes, isFull, isLate, isGone }

    private struct State {
        var running = 0
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Turn, Never>)] = []

        mutating func take(_ ticket: Int) -> CheckedContinuation<Turn, Never>? {
            guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return waiting.remove(at: index).continuation
        }
    }

    private let runningMax: Int
    private let waitingMax: Int
    private let state = Mutex(State())

    init(runningMax: Int, waitingMax: Int) {
        self.runningMax = runningMax
        self.waitingMax = waitingMax
    }

    /// Waits for a place, so long at most. Throws when that is over, too many wait already, or the task is cancelled.
    func enter(timeoutSeconds: Double) async throws(QueryError) {
        let ticket = state.withLock { state -> Int? in
            if state.running < runningMax, !Task.isCancelled { state.running += 1; return nil }
            state.nextTicket += 1
            return state.nextTicket
        }
        guard let ticket else { return }
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Turn, Never>) in
                let turn = state.withLock { state -> Turn? in
                    if Task.isCancelled { return .isGone }
                    if state.running < runningMax { state.running += 1; return .comes }
                    if state.waiting.count >= waitingMax { return .isFull }
                    state.waiting.append((ticket, continuation))
                    return nil
                }
                if let turn { return continuation.resume(returning: turn) }
                timer = Task {
                    guard (try? await Task.sleep(for: .seconds(timeoutSeconds))) != nil else { return }
                    state.withLock { $0.take(ticket) }?.resume(returning: .isLate)
                }
            }
        } onCancel: {
            state.withLock { $0.take(ticket) }?.resume(returning: .isGone)
        }
        switch turn {
        case .comes: return
        case .isGone: throw .canceled(phase: "query queue")
        case .isLate: throw .timeout(seconds: timeoutSeconds, phase: "query queue")
        case .isFull: throw .timeout(seconds: 0, phase: "query queue: \(runningMax) queries are running and \(waitingMax) are waiting already")
        }
    }

    /// Gives the place to whoever has waited longest.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Turn, Never>? in
            if state.waiting.isEmpty { state.running -= 1; return nil }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: .comes)
    }
}
