import Synchronization

/// Decides which of many failures of one kind are worth a line: the first, and then one a minute.
final class Grievance: Sendable {
    private struct State {
        var spokenNanos: UInt64?
        var failures = 0
    }

    private let state = Mutex(State())
    private static let silenceNanos: UInt64 = 60_000_000_000

    /// How many failures there were since the last line when there is to be another, else nil.
    func note(_ nowNanos: UInt64) -> Int? {
        state.withLock { state in
            state.failures += 1
            if let spoken = state.spokenNanos, nowNanos - spoken < Self.silenceNanos { return nil }
            defer { state = State(spokenNanos: nowNanos) }
            return state.failures
        }
    }

    /// Ends it; whether there was one.
    func end() -> Bool {
        state.withLock { state in
            defer { state = State() }
            return state.spokenNanos != nil
        }
    }
}
