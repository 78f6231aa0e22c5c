/// `rate`, `increase` and `delta` of one thread's series: the difference over the window, counter resets added back, stretched to the
/// window's ends where the first and last sample are near enough (upstream `extrapolatedRate`).
///
/// Series that are scraped together have samples at the same moments, and stand next to one another. So what the windows are is found
/// once, and kept for as long as the next series has the same times; what is left for each is a difference and a product a step.
final class Extrapolation {
    private typealias Lanes = SIMD4<Double>
    private static let laneCount = 4

    private let grid: TimeGrid
    private let window: WindowTimes
    private let isCounter: Bool
    private let isRate: Bool

    /// The times that the windows were found for.
    // SAFETY: allocated with `timesCapacity` elements, replaced only in `find`, freed in deinit.
    private var times: UnsafeMutablePointer<Int64>
    private var timesCapacity: Int
    private var count = 0
    /// How many samples all windows hold together.
    private var held = 0
    /// Whether some step has fewer than two samples.
    private var hasGaps = false
    /// How many times longer than `toStart` the time from the first to the last sample is, at least.
    private var leastStretch = 0.0
    /// The first and the last sample of each step's window; twice the same where it has fewer than two.
    // SAFETY: like the columns below, allocated in init with room for `steps` elements each, freed in deinit.
    private let first, last: UnsafeMutablePointer<Int32>
    /// Rows of doubles, a column each, in seconds: from the window's start to the first sample as far as it counts, the same at the end,
    /// from the first to the last sample (0 where there are fewer than two), and the factor that follows.
    private let toStart, toEnd, sampled, factor: UnsafeMutablePointer<Double>
    /// Of the grid, rounded up to whole lanes.
    private let steps: Int

    init(_ grid: TimeGrid, _ window: WindowTimes, isCounter: Bool, isRate: Bool) {
        self.grid = grid
        self.window = window
        self.isCounter = isCounter
        self.isRate = isRate
        steps = max(1, (grid.count + Self.laneCount - 1) / Self.laneCount) * Self.laneCount
        timesCapacity = 256
        times = .allocate(capacity: timesCapacity)
        first = .allocate(capacity: steps)
        last = .allocate(capacity: steps)
        toStart = .allocate(capacity: steps)
        toEnd = .allocate(capacity: steps)
        sampled = .allocate(capacity: steps)
        factor = .allocate(capacity: steps)
        first.initialize(repeating: 0, count: steps)
        last.initialize(repeating: 0, count: steps)
        for column in [toStart, toEnd, sampled, factor] { column.initialize(repeating: 0, count: steps) }
    }

    deinit {
        times.deallocate()
        first.deallocate()
        last.deallocate()
        for column in [toStart, toEnd, sampled, factor] { column.deallocate() }
    }

    /// The function of that name, or nil where it is another.
    convenience init?(_ function: Function, _ grid: TimeGrid, _ window: WindowTimes) {
        guard window.edge == nil, function == .rate || function == .increase || function == .delta else { return nil }
        self.init(grid, window, isCounter: function != .delta, isRate: function == .rate)
    }

    /// Fills `out` with the function's value at every step of the grid. Returns how many samples the windows held.
    func compute(_ timestamps: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, count: Int, into out: UnsafeMutablePointer<Double>) -> Int {
        guard count > 1 else {
            // A lone sample has no difference, but is looked at.
            find(timestamps, count)
            out.update(repeating: absent, count: grid.count)
            return held
        }
        if count != self.count || !isSame(timestamps) { find(timestamps, count) }
        let (first, last, factor, steps) = (first, last, factor, grid.count)
        let isRising = !isCounter || rises(values, count)
        // A counter does not begin below zero, which matters to one that began not long before. What rises all the time, and began far
        // above zero for its rise, did not; the margin is for what rounding does.
        if isRising, !isCounter || values[0] * leastStretch > (values[count - 1] - values[0]) * 1.000_000_1 {
            for step in 0..<steps { out[step] = (values[Int(last[step])] - values[Int(first[step])]) * factor[step] }
            if hasGaps { for step in 0..<steps where sampled[step] == 0 { out[step] = absent } }
            return held
        }
        for step in 0..<steps { out[step] = values[Int(last[step])] - values[Int(first[step])] }
        if !isRising { addResets(values, count, to: out) }
        var step = 0
        while step + Self.laneCount <= grid.count {
            // SAFETY: four values lie behind each place.
            let rises = UnsafeRawPointer(out + step).loadUnaligned(as: Lanes.self)
            UnsafeMutableRawPointer(out + step).storeBytes(of: stretched(rises, values, step), as: Lanes.self)
            step += Self.laneCount
        }
        if step < grid.count {
            var rises = Lanes.zero
            for lane in 0..<grid.count - step { rises[lane] = out[step + lane] }
            let rest = stretched(rises, values, step)
            for lane in 0..<grid.count - step { out[step + lane] = rest[lane] }
        }
        return held
    }

    // MARK: Windows

    private func isSame(_ timestamps: UnsafePointer<Int64>) -> Bool {
        // A series of another scrape mostly differs everywhere.
        guard timestamps[count - 1] == times[count - 1] else { return false }
        var place = 0
        var difference = SIMD4<Int64>.zero
        while place + Self.laneCount <= count {
            // SAFETY: the loop's condition leaves four times behind each place.
            difference |= UnsafeRawPointer(timestamps + place).loadUnaligned(as: SIMD4<Int64>.self) ^ UnsafeRawPointer(times + place).loadUnaligned(as: SIMD4<Int64>.self)
            place += Self.laneCount
        }
        while place < count {
            difference[0] |= timestamps[place] ^ times[place]
            place += 1
        }
        return difference == .zero
    }

    private func find(_ timestamps: UnsafePointer<Int64>, _ count: Int) {
        if count > timesCapacity {
            times.deallocate()
            timesCapacity = count * 2
            times = .allocate(capacity: timesCapacity)
        }
        times.update(from: timestamps, count: count)
        self.count = count
        held = 0
        hasGaps = false
        var low = 0
        var high = 0
        for step in 0..<grid.count {
            // Times are within 2^61 of the epoch, and ranges, too.
            let end = window.end(grid.time(step))
            let start = end &- window.rangeMillis
            while high < count, timestamps[high] <= end { high &+= 1 }
            while low < high, timestamps[low] <= start { low &+= 1 }
            held &+= high &- low
            guard high &- low > 1 else {
                (first[step], last[step]) = (0, 0)
                (toStart[step], toEnd[step], sampled[step]) = (0, 0, 0)
                hasGaps = true
                continue
            }
            (first[step], last[step]) = (Int32(truncatingIfNeeded: low), Int32(truncatingIfNeeded: high &- 1))
            toStart[step] = Double(timestamps[low] &- start)
            toEnd[step] = Double(end &- timestamps[high &- 1])
            sampled[step] = Double(timestamps[high &- 1] &- timestamps[low])
        }
        measure()
    }

    /// Makes seconds of the milliseconds in the columns, cuts them where a series is thought to begin or to end within the window, and finds the
    /// factors.
    private func measure() {
        let thousand = Lanes(repeating: 1000)
        let range = Lanes(repeating: Double(window.rangeMillis) / 1000)
        var least = Lanes(repeating: .infinity)
        for step in stride(from: 0, to: steps, by: Self.laneCount) {
            let spaces = Lanes(Double(last[step] &- first[step]), Double(last[step + 1] &- first[step + 1]), Double(last[step + 2] &- first[step + 2]), Double(last[step + 3] &- first[step + 3]))
            let span = load(sampled, step) / thousand
            let isGap = span .== 0
            let between = span / spaces
            let threshold = between * 1.1
            var (before, behind) = (load(toStart, step) / thousand, load(toEnd, step) / thousand)
            before.replace(with: between * 0.5, where: before .>= threshold)
            behind.replace(with: between * 0.5, where: behind .>= threshold)
            least.replace(with: span / before, where: (before * least .> span) .& .!isGap)
            var result = (span + before + behind) / span
            if isRate { result /= range }
            // Where nothing was sampled the quotients are none.
            store(span, sampled, step)
            store(before.replacing(with: 0, where: isGap), toStart, step)
            store(behind.replacing(with: 0, where: isGap), toEnd, step)
            store(result.replacing(with: 0, where: isGap), factor, step)
        }
        leastStretch = least.min()
    }

    // MARK: Values

    @inline(__always)
    private func load(_ column: UnsafeMutablePointer<Double>, _ step: Int) -> Lanes {
        // SAFETY: columns are whole lanes long.
        UnsafeRawPointer(column + step).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    private func store(_ values: Lanes, _ column: UnsafeMutablePointer<Double>, _ step: Int) {
        // SAFETY: columns are whole lanes long.
        UnsafeMutableRawPointer(column + step).storeBytes(of: values, as: Lanes.self)
    }

    @inline(__always)
    private func stretched(_ rises: Lanes, _ values: UnsafePointer<Double>, _ step: Int) -> Lanes {
        let sampled = load(sampled, step)
        var result = rises * load(factor, step)
        if isCounter {
            let first = Lanes(values[Int(first[step])], values[Int(first[step + 1])], values[Int(first[step + 2])], values[Int(first[step + 3])])
            let toStart = load(toStart, step)
            var limited = toStart
            let toZero = sampled * (first / rises)
            limited.replace(with: toZero, where: (rises .> 0) .& (first .>= 0) .& (toZero .< toStart))
            var factor = (sampled + limited + load(toEnd, step)) / sampled
            if isRate { factor /= Lanes(repeating: Double(window.rangeMillis) / 1000) }
            result = rises * factor
        }
        result.replace(with: Lanes(repeating: absent), where: sampled .== 0)
        return result
    }

    /// Whether no value is less than the one before it, and none is NaN.
    @inline(__always)
    private func rises(_ values: UnsafePointer<Double>, _ count: Int) -> Bool {
        var place = 1
        var holds = SIMDMask<SIMD4<Int64>>(repeating: true)
        while place + Self.laneCount <= count {
            // SAFETY: the loop's condition leaves four values behind each place.
            let before = UnsafeRawPointer(values + place - 1).loadUnaligned(as: Lanes.self)
            holds = holds .& (UnsafeRawPointer(values + place).loadUnaligned(as: Lanes.self) .>= before)
            place += Self.laneCount
        }
        while place < count {
            if !(values[place] >= values[place - 1]) { return false }
            place += 1
        }
        return all(holds)
    }

    /// Adds what a counter had when it was reset.
    private func addResets(_ values: UnsafePointer<Double>, _ count: Int, to rises: UnsafeMutablePointer<Double>) {
        let resets = (1..<count).filter { values[$0] < values[$0 - 1] }
        var next = 0
        for step in 0..<grid.count where sampled[step] > 0 {
            while next < resets.count, resets[next] <= first[step] { next += 1 }
            var reset = next
            while reset < resets.count, resets[reset] <= last[step] {
                rises[step] += values[resets[reset] - 1]
                reset += 1
            }
        }
    }
}
