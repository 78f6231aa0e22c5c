#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The two clocks of a span: the day's, for when it began, and one that is never set back, for how long it took.
enum SpanClock {
    /// Nanoseconds since 1970.
    static func unixNanos() -> UInt64 { read(CLOCK_REALTIME) }

    /// Nanoseconds since some moment.
    static func ticks() -> UInt64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }
}
