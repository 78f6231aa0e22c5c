#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What time it is. `SystemClock` is the machine's; `ManualClock` is its twin for tests.
package protocol TimeSource: Sendable {
    /// Nanoseconds since the epoch; may jump when the machine's clock is set.
    var unixNanos: Int64 { get }
    /// Nanoseconds since some moment; never goes back. For durations.
    var monotonicNanos: UInt64 { get }
    /// Returns when `nanos` have passed; throws `CancellationError` when the task is cancelled before.
    func sleep(nanos: UInt64) async throws
}

extension TimeSource {
    /// Milliseconds since the epoch.
    package var unixMillis: Int64 { unixNanos / 1_000_000 }
}

/// The machine's clocks.
package struct SystemClock: TimeSource {
    package init() {}

    package var unixNanos: Int64 { Int64(bitPattern: Self.read(CLOCK_REALTIME)) }
    package var monotonicNanos: UInt64 { Self.read(CLOCK_MONOTONIC) }
    package func sleep(nanos: UInt64) async throws { try await Task.sleep(nanoseconds: nanos) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
