/// How long to wait before the next attempt: half a second, then half as long again each time, a minute at most, each spread by half to either side.
///
/// Source: cenkalti/backoff `ExponentialBackOff`, with the defaults that alertmanager takes.
package struct RetrySchedule: Sendable {
    private var intervalMillis = 500.0

    package init() {}

    /// Milliseconds; `chance` lies between 0 and 1.
    package mutating func next(chance: Double) -> Int64 {
        defer { intervalMillis = min(intervalMillis * 1.5, 60_000) }
        return Int64(intervalMillis * (0.5 + chance))
    }
}
