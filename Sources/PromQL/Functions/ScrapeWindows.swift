import Bytes
import Platform

/// Where the windows over one row of sample times begin and end, and what that makes of a difference: all that `rate`, `increase` and `delta` need
/// of a series but its values, for every step (upstream `extrapolatedRate`).
///
/// SAFETY: whoever finds them alone has them until they are found; then they are only read.
final class ScrapeWindows: @unchecked Sendable {
    typealias Lanes = SIMD4<Double>
    static let laneCount = 4

    private let grid: TimeGrid
    private let window: WindowTimes
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

    init(_ grid: TimeGrid, _ window: WindowTimes, isRate: Bool) {
        self.grid = grid
        self.window = window
        self.isRate = isRate
        steps = max(1, (grid.count + Self.laneCount - 1) / Self.laneCount) * Self.laneCount
        timesCapacity = 256
        times = ScratchMemory.shared.allocate(Int64.self, count: timesCapacity)
        first = ScratchMemory.shared.allocate(Int32.self, count: steps)
        last = ScratchMemory.shared.allocate(Int32.self, count: steps)
        toStart = ScratchMemory.shared.allocate(Double.self, count: steps)
        toEnd = ScratchMemory.shared.allocate(Double.self, count: steps)
        sampled = ScratchMemory.shared.allocate(Double.self, count: steps)
        factor = ScratchMemory.shared.allocate(Double.self, count: steps)
        // `find` writes every step of the grid; what whole lanes have behind it is zero.
        for step in grid.count..<steps {
            (first[step], last[step]) = (0, 0)
            for column in [toStart, toEnd, sampled, factor] { column[step] = 0 }
        }
    }

    /// What those over so many samples take, roughly.
    static func byteCount(steps: Int, samples: Int) -> Int { steps * (2 * MemoryLayout<Int32>.size + 4 * MemoryLayout<Double>.size) + samples * MemoryLayout<Int64>.size + 1 }

    deinit {
        ScratchMemory.shared.deallocate(times, count: timesCapacity)
        for column in [first, last] { ScratchMemory.shared.deallocate(column, count: steps) }
        for column in [toStart, toEnd, sampled, factor] { ScratchMemory.shared.deallocate(column, count: steps) }
    }

    /// The windows as they are, to be read as long as they live and are not found anew: threads that share them count no references for each series.
    struct View: BitwiseCopyable {
        fileprivate let times: UnsafePointer<Int64>
        let count, held: Int
        let hasGaps: Bool
        let leastStretch: Double
        let first, last: UnsafePointer<Int32>
        let toStart, toEnd, sampled, factor: UnsafePointer<Double>

        /// Whether they are those of samples at these times, at least one.
        @inline(__always)
        func isOf(_ timestamps: UnsafePointer<Int64>, _ count: Int) -> Bool {
            // A series of another scrape mostly differs everywhere.
            count == self.count && timestamps[count - 1] == times[count - 1] && timestamps[0] == times[0] && ByteComparison.isEqual(timestamps, times, count * MemoryLayout<Int64>.stride)
        }

        @inline(__always)
        func load(_ column: UnsafePointer<Double>, _ step: Int) -> Lanes {
            // SAFETY: columns are whole lanes long.
            UnsafeRawPointer(column + step).loadUnaligned(as: Lanes.self)
        }
    }

    var view: View {
        View(
            times: UnsafePointer(times), count: count, held: held, hasGaps: hasGaps, leastStretch: leastStretch, first: UnsafePointer(first), last: UnsafePointer(last),
            toStart: UnsafePointer(toStart), toEnd: UnsafePointer(toEnd), sampled: UnsafePointer(sampled), factor: UnsafePointer(factor))
    }

    /// Whether they are those of samples at these times, at least one.
    func isOf(_ timestamps: UnsafePointer<Int64>, _ count: Int) -> Bool { view.isOf(timestamps, count) }

    /// Makes them those of samples at these times.
    func find(_ timestamps: UnsafePointer<Int64>, _ count: Int) {
        if count > timesCapacity {
            ScratchMemory.shared.deallocate(times, count: timesCapacity)
            timesCapacity = count + count / 4
            times = ScratchMemory.shared.allocate(Int64.self, count: timesCapacity)
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
}
