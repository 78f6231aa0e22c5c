import Synchronization

/// A clock that stands still but when it is told, or that goes on at once by whatever is slept. Remembers what was slept.
final class HandClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        let offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private let state = Mutex((now: Duration.zero, sleeps: [Duration]()))
    private let sleepsEndAtOnce: Bool

    /// With `sleepsEndAtOnce` false a sleep ends by cancellation alone.
    init(sleepsEndAtOnce: Bool = true) { self.sleepsEndAtOnce = sleepsEndAtOnce }

    var now: Instant { Instant(offset: state.withLock { $0.now }) }
    var minimumResolution: Duration { .nanoseconds(1) }
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(by duration: Duration) { state.withLock { $0.now += duration } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.sleeps.append(deadline.offset - state.now)
            if sleepsEndAtOnce { state.now = max(state.now, deadline.offset) }
        }
        if !sleepsEndAtOnce { try await Task.sleep(for: .seconds(3_600)) }
    }
}
