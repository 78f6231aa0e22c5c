#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// State that threads of our own guard and wait on: a POSIX mutex and a condition variable around a value.
///
/// For code that runs on its own thread and must block there; asynchronous code uses `Mutex` and continuations.
package final class Condition<State: ~Copyable>: @unchecked Sendable {
    // SAFETY: `state` is touched with `mutex` held only; both live as long as the object and do not move.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let signal = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    package init(_ state: consuming sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(signal, nil)
    }

    deinit {
        pthread_cond_destroy(signal)
        pthread_mutex_destroy(mutex)
        signal.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone. It must not block and not come back here.
    package func withLock<R: ~Copyable, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Blocks this thread until `ready`, then runs `body` before anybody else can change the state.
    package func wait<R: ~Copyable>(until ready: (borrowing State) -> Bool, then body: (inout State) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !ready(state) { pthread_cond_wait(signal, mutex) }
        return body(&state)
    }

    /// As `wait(until:then:)`, and goes on after `seconds` even when it is not so.
    package func wait<R: ~Copyable>(atMost seconds: Double, until ready: (borrowing State) -> Bool, then body: (inout State) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        let nanos = Int64(end.tv_nsec) + Int64(min(max(seconds, 0), 1e9) * 1e9)
        end.tv_sec += time_t(nanos / 1_000_000_000)
        end.tv_nsec = Int(nanos % 1_000_000_000)
        while !ready(state) { if pthread_cond_timedwait(signal, mutex, &end) != 0 { break } }
        return body(&state)
    }

    /// Lets one waiting thread look at the state again.
    package func signalOne() { pthread_cond_signal(signal) }

    /// Lets all waiting threads look at the state again.
    package func signalAll() { pthread_cond_broadcast(signal) }
}
