/// What a window function computes from: one series' samples, the steps, and the window of each step.
struct WindowInput {
    let timestamps: UnsafePointer<Int64>
    let values: UnsafePointer<Double>
    let count: Int
    /// When the counter behind each float began; empty where nobody said.
    let starts: [Int64]
    let histograms: WindowSamples.HistogramRun
    let grid: TimeGrid
    let window: WindowTimes
    /// The scalar arguments, a value a step each.
    let scalars: [[Double]]
    let before: Int64
    let behind: Int64

    init(run: WindowSamples.Run, grid: TimeGrid, window: WindowTimes, lookbackMillis: Int64, scalars: [[Double]]) {
        timestamps = run.timestamps
        values = run.values
        count = run.count
        starts = run.starts
        histograms = run.histograms
        self.grid = grid
        self.window = window
        self.scalars = scalars
        before = window.reachBefore(lookbackMillis: lookbackMillis)
        behind = window.reachBehind(lookbackMillis: lookbackMillis)
    }

    /// Calls `body` with the samples of each step's window that has any, and writes what it gives. Returns how many samples the
    /// windows held in all. O(steps + samples) beside what `body` does.
    @inline(__always)
    func slide(into out: UnsafeMutablePointer<Double>, _ body: (_ samples: Range<Int>, _ step: Int) -> Double) -> Int {
        var low = 0
        var high = 0
        var held = 0
        let (timestamps, count, behind, reach) = (timestamps, count, behind, window.rangeMillis + before)
        for step in 0..<grid.count {
            let windowEnd = window.end(grid.time(step))
            // Times are within 2^61 of the epoch, and ranges, too.
            let end = windowEnd &+ behind
            let start = windowEnd &- reach
            while high < count, timestamps[high] <= end { high &+= 1 }
            while low < high, timestamps[low] <= start { low &+= 1 }
            guard low < high else { out[step] = absent; continue }
            held &+= high &- low
            out[step] = body(Range(uncheckedBounds: (low, high)), step)
        }
        return held
    }
}
