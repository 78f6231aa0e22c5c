/// `rate`, `increase` and `delta`: the difference over the window, counter resets added back, stretched to the window's ends where the first
/// and last sample are near enough (upstream `extrapolatedRate`).
///
/// Windows are found first, then computed four at a time: what the function costs is divisions.
struct Extrapolation {
    private typealias Lanes = SIMD4<Double>
    private static let laneCount = 4

    private let input: WindowInput
    private let isCounter: Bool
    private let isRate: Bool

    init(_ input: WindowInput, isCounter: Bool, isRate: Bool) {
        self.input = input
        self.isCounter = isCounter
        self.isRate = isRate
    }

    /// What is known of every step's window, a column each. Times are in milliseconds.
    private struct Windows {
        static let columnCount = 6
        // SAFETY: each column has room for `steps` values, a multiple of the lanes.
        let rise, first, toStart, toEnd, sampled: UnsafeMutablePointer<Double>
        /// From sample to sample; 0 where there are fewer than two.
        let gaps: UnsafeMutablePointer<Double>

        init(_ memory: UnsafeMutablePointer<Double>, steps: Int) {
            rise = memory
            first = memory + steps
            toStart = memory + 2 * steps
            toEnd = memory + 3 * steps
            sampled = memory + 4 * steps
            gaps = memory + 5 * steps
        }
    }

    /// Fills `out` with the function's value at every step. Returns how many samples the windows held.
    func compute(into out: UnsafeMutablePointer<Double>) -> Int {
        let steps = (input.grid.count + Self.laneCount - 1) / Self.laneCount * Self.laneCount
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(steps, 1) * Windows.columnCount) { memory in
            guard let base = memory.baseAddress else { return 0 }
            memory.initialize(repeating: 0)
            let windows = Windows(base, steps: steps)
            let held = find(windows, out)
            var step = 0
            while step + Self.laneCount <= input.grid.count {
                store(values(windows, step), to: out + step)
                step += Self.laneCount
            }
            if step < input.grid.count {
                let rest = values(windows, step)
                for lane in 0..<input.grid.count - step { out[step + lane] = rest[lane] }
            }
            return held
        }
    }

    /// Finds the windows; `out` is overwritten with nothing that counts.
    private func find(_ windows: Windows, _ out: UnsafeMutablePointer<Double>) -> Int {
        let (values, timestamps) = (input.values, input.timestamps)
        // Where the counter fell, so that windows need not be walked.
        var resets: [Int] = []
        if isCounter { for i in 1..<max(input.count, 1) where values[i] < values[i - 1] { resets.append(i) } }
        var firstReset = 0
        let (rises, firsts, toStarts, toEnds, spans, gaps) = (windows.rise, windows.first, windows.toStart, windows.toEnd, windows.sampled, windows.gaps)
        let (window, grid) = (input.window, input.grid)
        return input.slide(into: out) { samples, step in
            let first = samples.lowerBound
            let last = samples.upperBound &- 1
            guard last > first else { return absent }
            var rise = values[last] - values[first]
            if !resets.isEmpty {
                while firstReset < resets.count, resets[firstReset] <= first { firstReset += 1 }
                var reset = firstReset
                while reset < resets.count, resets[reset] <= last {
                    rise += values[resets[reset] - 1]
                    reset += 1
                }
            }
            let end = window.end(grid.time(step))
            rises[step] = rise
            firsts[step] = values[first]
            toStarts[step] = Double(timestamps[first] &- (end &- window.rangeMillis))
            toEnds[step] = Double(end &- timestamps[last])
            spans[step] = Double(timestamps[last] &- timestamps[first])
            gaps[step] = Double(last &- first)
            return 0
        }
    }

    @inline(__always)
    private func values(_ windows: Windows, _ step: Int) -> Lanes {
        let (rise, first, gaps) = (load(windows.rise + step), load(windows.first + step), load(windows.gaps + step))
        let milli = Lanes(repeating: 1000)
        var toStart = load(windows.toStart + step) / milli
        var toEnd = load(windows.toEnd + step) / milli
        let sampled = load(windows.sampled + step) / milli
        let between = sampled / gaps
        let threshold = between * 1.1
        let half = between * 0.5
        toStart.replace(with: half, where: toStart .>= threshold)
        if isCounter {
            // A counter does not begin below zero.
            let toZero = sampled * (first / rise)
            toStart.replace(with: toZero, where: (rise .> 0) .& (first .>= 0) .& (toZero .< toStart))
        }
        toEnd.replace(with: half, where: toEnd .>= threshold)
        var factor = (sampled + toStart + toEnd) / sampled
        if isRate { factor /= Lanes(repeating: Double(input.window.rangeMillis) / 1000) }
        var result = rise * factor
        result.replace(with: Lanes(repeating: absent), where: gaps .== 0)
        return result
    }

    // SAFETY of both: the callers see to it that there are as many values as lanes.
    @inline(__always) private func load(_ place: UnsafeMutablePointer<Double>) -> Lanes { UnsafeRawPointer(place).loadUnaligned(as: Lanes.self) }
    @inline(__always) private func store(_ lanes: Lanes, to place: UnsafeMutablePointer<Double>) { UnsafeMutableRawPointer(place).storeBytes(of: lanes, as: Lanes.self) }
}
