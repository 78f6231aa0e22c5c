/// When a group is evaluated. Knows no clock: it is told the time and answers. Times are nanoseconds since the epoch.
///
/// Source: upstream rules/group.go (`EvalTimestamp`, `run`).
package struct GroupSchedule: Sendable, Equatable {
    /// Sleeps may end a little early.
    private static let toleranceNanos: Int64 = 2_000_000

    private let intervalNanos: Int64
    private let offsetNanos: Int64
    /// The time of the evaluation that is under way, or comes first.
    package private(set) var slotNanos: Int64

    /// The first slot is the one after next, so that a group never begins with a time that has passed.
    package init(_ group: RuleGroup, nowNanos: Int64) {
        intervalNanos = group.intervalMillis * 1_000_000
        offsetNanos = Int64(Self.hash(group.key) % UInt64(intervalNanos))
        let since = nowNanos - offsetNanos
        slotNanos = since - ((since % intervalNanos) + intervalNanos) % intervalNanos + offsetNanos + intervalNanos
    }

    /// FNV-1a: groups keep their places from one start to the next.
    private static func hash(_ key: String) -> UInt64 { key.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }

    /// How long to wait for the first evaluation.
    package func firstDelayNanos(nowNanos: Int64) -> UInt64 { UInt64(min(max(slotNanos - nowNanos, 0), intervalNanos)) }

    /// How long to wait for the one behind the current slot; never longer than an interval, whatever is done to the clock.
    package func delayNanos(nowNanos: Int64) -> UInt64 { UInt64(min(max(slotNanos + intervalNanos - nowNanos, 0), intervalNanos)) }

    /// Goes to the slot that is due, and says how many were missed. A clock that was set back takes the slots back with it.
    package mutating func advance(nowNanos: Int64) -> Int {
        let passed = nowNanos + Self.toleranceNanos - slotNanos
        let steps = passed >= 0 ? max(passed / intervalNanos, 1) : (passed - intervalNanos + 1) / intervalNanos
        slotNanos += steps * intervalNanos
        return max(Int(steps) - 1, 0)
    }
}
