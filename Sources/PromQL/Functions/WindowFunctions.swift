/// The functions over windows, a column at a time (upstream `promql/functions.go`).
enum WindowFunctions {
    /// Fills `out` with the function's value at every step. Returns how many samples the windows held.
    static func compute(_ function: Function, _ input: WindowInput, into out: UnsafeMutablePointer<Double>) -> Int {
        let values = input.values
        let timestamps = input.timestamps
        if let edge = input.window.edge { return EdgedWindows.compute(function, edge, input, into: out) }
        if let rates = Extrapolation(function, input.grid, input.window, ScrapeRows()) { return rates.compute(timestamps, values, count: input.count, into: out) }
        switch function {
        case .irate: return input.slide(into: out) { samples, _ in lastTwo(input, samples, isRate: true) }
        case .idelta: return input.slide(into: out) { samples, _ in lastTwo(input, samples, isRate: false) }
        case .sumOverTime, .avgOverTime: return KahanWindows(values: values, isMean: function == .avgOverTime).compute(input, into: out)
        case .countOverTime: return input.slide(into: out) { samples, _ in Double(samples.count) }
        case .presentOverTime, .absentOverTime: return input.slide(into: out) { _, _ in 1 }
        case .firstOverTime: return input.slide(into: out) { samples, _ in values[samples.lowerBound] }
        case .lastOverTime: return input.slide(into: out) { samples, _ in values[samples.upperBound - 1] }
        case .timestampOfFirstOverTime: return input.slide(into: out) { samples, _ in Double(timestamps[samples.lowerBound]) / 1000 }
        case .timestampOfLastOverTime: return input.slide(into: out) { samples, _ in Double(timestamps[samples.upperBound - 1]) / 1000 }
        case .maxOverTime: return extreme(input, into: out) { $0 > $1 }
        case .minOverTime: return extreme(input, into: out) { $0 < $1 }
        case .timestampOfMaxOverTime: return extremeTime(input, into: out) { $0 >= $1 }
        case .timestampOfMinOverTime: return extremeTime(input, into: out) { $0 <= $1 }
        case .stdvarOverTime: return input.slide(into: out) { samples, _ in variance(values, samples) }
        case .stddevOverTime: return input.slide(into: out) { samples, _ in variance(values, samples).squareRoot() }
        case .quantileOverTime: return quantiles(input, into: out)
        case .madOverTime: return medianDeviations(input, into: out)
        case .changes:
            return input.slide(into: out) { samples, _ in
                var changes = 0
                for i in samples.dropFirst() where values[i] != values[i - 1] && !(values[i].isNaN && values[i - 1].isNaN) { changes += 1 }
                return Double(changes)
            }
        case .resets:
            return input.slide(into: out) { samples, _ in
                var resets = 0
                for i in samples.dropFirst() where values[i] < values[i - 1] { resets += 1 }
                return Double(resets)
            }
        case .deriv:
            return input.slide(into: out) { samples, _ in
                samples.count < 2 ? absent : regression(input, samples, from: timestamps[samples.lowerBound]).slope
            }
        case .predictLinear:
            return input.slide(into: out) { samples, step in
                if samples.count < 2 { return absent }
                let line = regression(input, samples, from: input.grid.time(step))
                return line.slope * input.scalars[0][step] + line.intercept
            }
        case .doubleExponentialSmoothing:
            return input.slide(into: out) { samples, step in
                samples.count < 2 ? absent : smoothed(values, samples, factor: input.scalars[0][step], trend: input.scalars[1][step])
            }
        default: preconditionFailure("\(function.rawValue) is not a function over windows")
        }
    }

    // MARK: Rates

    @inline(__always)
    private static func lastTwo(_ input: WindowInput, _ samples: Range<Int>, isRate: Bool) -> Double {
        guard samples.count >= 2 else { return absent }
        let last = samples.upperBound - 1
        let before = input.values[last - 1]
        var result = input.values[last]
        let interval = input.timestamps[last] - input.timestamps[last - 1]
        if interval == 0 { return absent }
        if !isRate || !(result < before) { result -= before }
        return isRate ? result / (Double(interval) / 1000) : result
    }

    // MARK: Statistics

    @inline(__always)
    private static func extreme(_ input: WindowInput, into out: UnsafeMutablePointer<Double>, _ beats: (Double, Double) -> Bool) -> Int {
        let values = input.values
        // Where the best of the window stands, as long as it stays inside.
        var best = -1
        var seen = 0
        return input.slide(into: out) { samples, _ in
            if best < samples.lowerBound {
                best = samples.lowerBound
                seen = best + 1
            }
            for i in max(seen, samples.lowerBound)..<samples.upperBound where beats(values[i], values[best]) || values[best].isNaN { best = i }
            seen = samples.upperBound
            return values[best]
        }
    }

    @inline(__always)
    private static func extremeTime(_ input: WindowInput, into out: UnsafeMutablePointer<Double>, _ beats: (Double, Double) -> Bool) -> Int {
        input.slide(into: out) { samples, _ in
            var best = samples.lowerBound
            for i in samples where beats(input.values[i], input.values[best]) || input.values[best].isNaN { best = i }
            return Double(input.timestamps[best]) / 1000
        }
    }

    @inline(__always)
    private static func variance(_ values: UnsafePointer<Double>, _ samples: Range<Int>) -> Double {
        var count = 0.0
        var mean = KahanSum()
        var squares = KahanSum()
        for i in samples {
            count += 1
            let delta = values[i] - (mean.sum + mean.compensation)
            mean.add(delta / count)
            squares.add(delta * (values[i] - (mean.sum + mean.compensation)))
        }
        return (squares.sum + squares.compensation) / count
    }

    private static func quantiles(_ input: WindowInput, into out: UnsafeMutablePointer<Double>) -> Int {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: max(input.count, 1)) { sorted in
            input.slide(into: out) { samples, step in
                for i in samples { sorted[i - samples.lowerBound] = input.values[i] }
                return Quantile.sorting(input.scalars[0][step], UnsafeMutableBufferPointer(rebasing: sorted[..<samples.count]))
            }
        }
    }

    private static func medianDeviations(_ input: WindowInput, into out: UnsafeMutablePointer<Double>) -> Int {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: max(input.count, 1)) { sorted in
            input.slide(into: out) { samples, _ in
                for i in samples {
                    if input.values[i].isNaN { return .nan }
                    sorted[i - samples.lowerBound] = input.values[i]
                }
                let window = UnsafeMutableBufferPointer(rebasing: sorted[..<samples.count])
                let median = Quantile.sorting(0.5, window)
                for i in window.indices { window[i] = abs(window[i] - median) }
                return Quantile.sorting(0.5, window)
            }
        }
    }

    // MARK: Lines

    /// The least-squares line through the samples, its intercept at `origin` (milliseconds), time in seconds.
    private static func regression(_ input: WindowInput, _ samples: Range<Int>, from origin: Int64) -> (slope: Double, intercept: Double) {
        let first = input.values[samples.lowerBound]
        var isConstant = true
        var n = 0.0
        var sumX = KahanSum()
        var sumY = KahanSum()
        var sumXY = KahanSum()
        var sumX2 = KahanSum()
        for i in samples {
            let y = input.values[i]
            if i > samples.lowerBound, y != first { isConstant = false }
            n += 1
            let x = Double(input.timestamps[i] - origin) / 1000
            sumX.add(x)
            sumY.add(y)
            sumXY.add(x * y)
            sumX2.add(x * x)
        }
        if isConstant { return first.isInfinite ? (.nan, .nan) : (0, first) }
        let x = sumX.sum + sumX.compensation
        let y = sumY.sum + sumY.compensation
        let covariance = sumXY.sum + sumXY.compensation - x * y / n
        let variance = sumX2.sum + sumX2.compensation - x * x / n
        let slope = covariance / variance
        return (slope, y / n - slope * x / n)
    }

    private static func smoothed(_ values: UnsafePointer<Double>, _ samples: Range<Int>, factor: Double, trend: Double) -> Double {
        let first = samples.lowerBound
        var before = 0.0
        var level = values[first]
        var slope = values[first + 1] - values[first]
        for i in samples.dropFirst() {
            if i > first + 1 { slope = trend * (level - before) + (1 - trend) * slope }
            let next = factor * values[i] + (1 - factor) * (level + slope)
            before = level
            level = next
        }
        return level
    }
}
