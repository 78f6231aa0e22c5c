#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// State that threads of our own guard and wait on: a POSIX mutex and a condition variable around a value.
final class GuardedState<State>: @unchecked Sendable {
    // SAFETY: `state` is touched with `mutex` held only; both live as long as the object and do not move.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone. It must not block and not come back here.
    func withLock<R>(_ body: (inout State) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// Blocks this thread until `ready`, or for so many seconds where they are given; then runs `body` before anybody else.
    func wait<R>(atMost seconds: Double? = nil, until ready: (State) -> Bool, then body: (inout State) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let nanos = Int64(end.tv_nsec) + Int64(min(max(seconds ?? 0, 0), 1e6) * 1e9)
        end.tv_sec += time_t(nanos / 1_000_000_000)
        end.tv_nsec = Int(nanos % 1_000_000_000)
        while !ready(state) {
            if seconds == nil { pthread_cond_wait(changed, mutex) } else if pthread_cond_timedwait(changed, mutex, &end) != 0 { break }
        }
        return body(&state)
    }

    /// Lets all waiting threads look at the state again.
    func signal() { pthread_cond_broadcast(changed) }
}
