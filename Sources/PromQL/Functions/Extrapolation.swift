/// `rate`, `increase` and `delta` of one thread's series: the difference over the window, counter resets added back, stretched to the
/// window's ends where the first and last sample are near enough (upstream `extrapolatedRate`).
///
/// Series that are scraped together have samples at the same moments. So what the windows are is found once for a query, and kept while series with
/// these times may come: of the few targets that one machine has, of all of them. What is left for each series is a difference and a product a
/// step.
final class Extrapolation {
    private typealias Lanes = ScrapeWindows.Lanes
    private static let laneCount = ScrapeWindows.laneCount

    private let key: ScrapeRows.Key
    private let isCounter: Bool
    private let rows: ScrapeRows
    /// The rows that this thread knows of, and the one that was met last.
    private var known: [ScrapeWindows] = []
    // SAFETY: of one of the query's rows, of `passing`, or of `none`, which all live as long as this.
    private var current: ScrapeWindows.View
    private let none: ScrapeWindows
    /// For times of which no more rows are remembered.
    private lazy var passing = ScrapeWindows(key.grid, key.window, isRate: key.isRate)

    private var grid: TimeGrid { key.grid }

    /// The function of that name, or nil where it is another. `rows` is the query's.
    init?(_ function: Function, _ grid: TimeGrid, _ window: WindowTimes, _ rows: ScrapeRows) {
        guard window.edge == nil, function == .rate || function == .increase || function == .delta else { return nil }
        key = ScrapeRows.Key(grid: grid, window: window, isRate: function == .rate)
        isCounter = function != .delta
        self.rows = rows
        // The windows of no samples.
        none = ScrapeWindows(TimeGrid(startMillis: 0, stepMillis: 1, count: 0), WindowTimes(rangeMillis: 1, offsetMillis: 0), isRate: false)
        current = none.view
    }

    /// Fills `out` with the function's value at every step of the grid. Returns how many samples the windows held. `isRising`: what `Rising` says of the
    /// values, where it has been asked.
    func compute(_ timestamps: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, count: Int, isRising: Bool? = nil, into out: UnsafeMutablePointer<Double>) -> Int {
        guard count > 0 else {
            out.update(repeating: absent, count: grid.count)
            return 0
        }
        let windows = windows(of: timestamps, count)
        let held = windows.held
        guard count > 1 else {
            // A lone sample has no difference, but is looked at.
            out.update(repeating: absent, count: grid.count)
            return held
        }
        let (first, last, factor, sampled, steps) = (windows.first, windows.last, windows.factor, windows.sampled, grid.count)
        let isRising = !isCounter || (isRising ?? Rising.holds(values, count))
        // A counter does not begin below zero, which matters to one that began not long before. What rises all the time, and began far
        // above zero for its rise, did not; the margin is for what rounding does.
        if isRising, !isCounter || values[0] * windows.leastStretch > (values[count - 1] - values[0]) * 1.000_000_1 {
            for step in 0..<steps { out[step] = (values[Int(last[step])] - values[Int(first[step])]) * factor[step] }
            if windows.hasGaps { for step in 0..<steps where sampled[step] == 0 { out[step] = absent } }
            return held
        }
        for step in 0..<steps { out[step] = values[Int(last[step])] - values[Int(first[step])] }
        if !isRising { addResets(values, count, windows, to: out) }
        var step = 0
        while step + Self.laneCount <= grid.count {
            // SAFETY: four values lie behind each place.
            let rises = UnsafeRawPointer(out + step).loadUnaligned(as: Lanes.self)
            UnsafeMutableRawPointer(out + step).storeBytes(of: stretched(rises, values, windows, step), as: Lanes.self)
            step += Self.laneCount
        }
        if step < grid.count {
            var rises = Lanes.zero
            for lane in 0..<grid.count - step { rises[lane] = out[step + lane] }
            let rest = stretched(rises, values, windows, step)
            for lane in 0..<grid.count - step { out[step + lane] = rest[lane] }
        }
        return held
    }

    /// The windows over samples at these times.
    private func windows(of timestamps: UnsafePointer<Int64>, _ count: Int) -> ScrapeWindows.View {
        if current.isOf(timestamps, count) { return current }
        if let found = known.first(where: { $0.isOf(timestamps, count) }) {
            current = found.view
            return current
        }
        let before = known.count
        known = rows.known(key)
        if let found = known.dropFirst(before).first(where: { $0.isOf(timestamps, count) }) ?? rows.find(key, timestamps, count) {
            current = found.view
        } else {
            passing.find(timestamps, count)
            current = passing.view
        }
        return current
    }

    // MARK: Values

    @inline(__always)
    private func stretched(_ rises: Lanes, _ values: UnsafePointer<Double>, _ windows: ScrapeWindows.View, _ step: Int) -> Lanes {
        let (first, sampled) = (windows.first, windows.load(windows.sampled, step))
        var result = rises * windows.load(windows.factor, step)
        if isCounter {
            let begun = Lanes(values[Int(first[step])], values[Int(first[step + 1])], values[Int(first[step + 2])], values[Int(first[step + 3])])
            let toStart = windows.load(windows.toStart, step)
            var limited = toStart
            let toZero = sampled * (begun / rises)
            limited.replace(with: toZero, where: (rises .> 0) .& (begun .>= 0) .& (toZero .< toStart))
            var factor = (sampled + limited + windows.load(windows.toEnd, step)) / sampled
            if key.isRate { factor /= Lanes(repeating: Double(key.window.rangeMillis) / 1000) }
            result = rises * factor
        }
        result.replace(with: Lanes(repeating: absent), where: sampled .== 0)
        return result
    }

    /// Adds what a counter had when it was reset.
    private func addResets(_ values: UnsafePointer<Double>, _ count: Int, _ windows: ScrapeWindows.View, to rises: UnsafeMutablePointer<Double>) {
        let resets = (1..<count).filter { values[$0] < values[$0 - 1] }
        var next = 0
        for step in 0..<grid.count where windows.sampled[step] > 0 {
            while next < resets.count, resets[next] <= windows.first[step] { next += 1 }
            var reset = next
            while reset < resets.count, resets[reset] <= windows.last[step] {
                rises[step] += values[resets[reset] - 1]
                reset += 1
            }
        }
    }
}
