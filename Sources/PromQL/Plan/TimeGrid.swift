/// The moments at which a part of a query is evaluated: `count` of them, `stepMillis` apart.
struct TimeGrid: Hashable, Sendable {
    var startMillis: Int64
    var stepMillis: Int64
    var count: Int

    var endMillis: Int64 { startMillis + Int64(max(count, 1) - 1) * stepMillis }

    @inline(__always) func time(_ index: Int) -> Int64 { startMillis + Int64(index) * stepMillis }

    /// One moment.
    static func instant(_ millis: Int64) -> TimeGrid { TimeGrid(startMillis: millis, stepMillis: 1, count: 1) }

    /// The first moment alone.
    var first: TimeGrid { .instant(startMillis) }

    /// Every step from start to end, the end included where a step falls on it.
    static func range(from start: Int64, to end: Int64, step: Int64) -> TimeGrid {
        TimeGrid(startMillis: start, stepMillis: step, count: end < start ? 0 : Int((end - start) / step) + 1)
    }
}
