import MetricModel

/// When one target is scraped and under which timestamp. Knows no clock: it is told the time and answers.
///
/// Source: prometheus `scrape/target.go` (`offset`) and `scrape/scrape.go` (`run`).
package struct ScrapeSchedule: Sendable {
    /// Scrape times may be moved so far back to stand exactly one interval apart, which compresses better.
    private static let toleranceNanosMax: Int64 = 2_000_000

    private let intervalNanos: Int64
    private let phase: UInt64
    private var start: (monotonicNanos: UInt64, tick: UInt64)?
    private var alignedUnixNanos: Int64 = 0

    /// `seed` spreads the same targets differently on different servers.
    package init(interval: ModelDuration, identity: UInt64, seed: UInt64) {
        intervalNanos = Int64(interval.nanos)
        phase = (identity ^ seed) % interval.nanos
    }

    /// How long to wait before the first scrape, so that a target's scrapes always fall on the same place in the interval.
    package func firstDelayNanos(unixNanos: Int64) -> UInt64 {
        let sinceStart = UInt64(((unixNanos % intervalNanos) + intervalNanos) % intervalNanos)
        let interval = UInt64(intervalNanos)
        return (interval - sinceStart + phase) % interval
    }

    /// The scrape that happens now: its timestamp in milliseconds since the epoch.
    package mutating func begin(unixNanos: Int64, monotonicNanos: UInt64) -> Int64 {
        if start == nil {
            start = (monotonicNanos, 0)
            alignedUnixNanos = unixNanos
        }
        // A clock that was set back starts a new row of timestamps; so does the gap of a machine that slept.
        let drift = unixNanos - alignedUnixNanos
        if drift < -intervalNanos { alignedUnixNanos = unixNanos }
        if drift >= intervalNanos { alignedUnixNanos += drift / intervalNanos * intervalNanos }
        let late = unixNanos - alignedUnixNanos
        let isClose = abs(late) <= min(intervalNanos / 100, Self.toleranceNanosMax)
        return (isClose ? alignedUnixNanos : unixNanos) / 1_000_000
    }

    /// How long to wait for the next scrape after one that began with `begin`: until the next whole interval since the first. Of
    /// ticks missed by a long scrape one is made up for, at once.
    package mutating func delayNanos(monotonicNanos: UInt64) -> UInt64 {
        guard let start else { return 0 }
        let interval = UInt64(intervalNanos)
        let passed = (monotonicNanos - start.monotonicNanos) / interval
        if passed > start.tick {
            self.start?.tick = passed
            return 0
        }
        self.start?.tick = start.tick + 1
        return start.monotonicNanos + (start.tick + 1) * interval - monotonicNanos
    }
}
