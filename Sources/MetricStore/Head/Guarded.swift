import Synchronization

/// A value and the lock under which alone it is touched.
///
/// `Mutex` would do, but it asks that nothing of the caller's region — here, pointers into a batch that is only read — meets the
/// value, which no annotation can promise for pointers.
final class Guarded<State: ~Copyable>: @unchecked Sendable {
    // SAFETY: `state` is reached through `withLock` only; what is passed in or out of `body` holds no pointer into it.
    private var state: State
    private let mutex = Mutex(())

    init(_ state: consuming State) { self.state = state }

    /// Runs `body` alone. It must not suspend and not come back here.
    @inline(__always)
    func withLock<R: ~Copyable, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        mutex._unsafeLock()
        defer { mutex._unsafeUnlock() }
        return try body(&state)
    }
}
