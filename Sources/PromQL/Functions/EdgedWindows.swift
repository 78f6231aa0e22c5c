/// Functions over windows that know what was before and comes behind them: `anchored` and `smoothed` (upstream `extendedRate`).
enum EdgedWindows {
    static func compute(_ function: Function, _ edge: WindowEdge, _ input: WindowInput, into out: UnsafeMutablePointer<Double>) -> Int {
        switch function {
        case .changes: return fromAnchor(input, into: out) { before, value in value != before && !(value.isNaN && before.isNaN) }
        case .resets: return fromAnchor(input, into: out) { before, value in value < before }
        default: return input.slide(into: out) { samples, step in rate(function, edge, input, samples, step) }
        }
    }

    /// `rate`, `increase` or `delta` of the samples of one step's window.
    static func rate(_ function: Function, _ edge: WindowEdge, _ input: WindowInput, _ samples: Range<Int>, _ step: Int) -> Double {
        let end = input.window.end(input.grid.time(step))
        let change = change(input, samples, from: end - input.window.rangeMillis, to: end, isSmoothed: edge == .smoothed, isCounter: function != .delta)
        return function == .rate && isPresent(change) ? change / (Double(input.window.rangeMillis) / 1000) : change
    }

    /// Counts the steps between neighbours from the last sample at or before the window's start on.
    @inline(__always)
    private static func fromAnchor(_ input: WindowInput, into out: UnsafeMutablePointer<Double>, _ counts: (Double, Double) -> Bool) -> Int {
        input.slide(into: out) { samples, step in
            let start = input.window.end(input.grid.time(step)) - input.window.rangeMillis
            var inside = samples.lowerBound
            while inside < samples.upperBound, input.timestamps[inside] <= start { inside += 1 }
            if inside == samples.upperBound { return absent }
            let anchor = max(inside - 1, samples.lowerBound)
            var count = 0
            for i in (anchor + 1)..<max(samples.upperBound, anchor + 1) where counts(input.values[i - 1], input.values[i]) { count += 1 }
            return Double(count)
        }
    }

    /// The value between two samples; a counter that fell between them rose from 0.
    static func interpolated(_ input: WindowInput, _ left: Int, _ time: Int64, isCounter: Bool) -> Double {
        let to = input.values[left + 1]
        let from = isCounter && to < input.values[left] ? 0 : input.values[left]
        return from + (to - from) * Double(time - input.timestamps[left]) / Double(input.timestamps[left + 1] - input.timestamps[left])
    }

    /// The samples that stand for the edges of a window: the first at or before its start, the last in it or, smoothed, at or behind its
    /// end. nil when the window is to have no value.
    private static func edges(_ input: WindowInput, _ samples: Range<Int>, from start: Int64, to end: Int64, isSmoothed: Bool) -> (first: Int, last: Int)? {
        var last = samples.upperBound - 1
        var first = samples.lowerBound
        while first < last, input.timestamps[first] <= start { first += 1 }
        first = max(samples.lowerBound, first - 1)
        if isSmoothed {
            var behind = samples.lowerBound
            while behind < last, input.timestamps[behind] < end { behind += 1 }
            last = behind
        }
        return input.timestamps[last] <= start ? nil : (first, last)
    }

    private static func change(_ input: WindowInput, _ samples: Range<Int>, from start: Int64, to end: Int64, isSmoothed: Bool, isCounter: Bool) -> Double {
        guard var (first, last) = edges(input, samples, from: start, to: end, isSmoothed: isSmoothed) else { return absent }
        if isSmoothed, input.timestamps[first] > end { return absent }
        let left = isSmoothed && input.timestamps[first] < start ? interpolated(input, first, start, isCounter: isCounter) : input.values[first]
        let right =
            isSmoothed && last > samples.lowerBound && input.timestamps[last] > end ? interpolated(input, last - 1, end, isCounter: isCounter) : input.values[last]
        var result = right - left
        guard isCounter else { return result }
        if input.timestamps[first] <= start { first += 1 }
        if input.timestamps[last] >= end { last -= 1 }
        var correction = 0.0
        var before = left
        for i in first..<max(last + 1, first) {
            if input.values[i] < before { correction += before }
            before = input.values[i]
        }
        if right < before { correction += before }
        result += correction
        return result
    }

    /// The samples of a window with one at each of its edges, as a range vector shows them.
    static func extended(_ input: WindowInput, _ samples: Range<Int>, from start: Int64, to end: Int64, isSmoothed: Bool) -> (timestamps: [Int64], values: [Double]) {
        guard var (first, last) = edges(input, samples, from: start, to: end, isSmoothed: isSmoothed) else { return ([], []) }
        let left = isSmoothed && input.timestamps[first] < start ? interpolated(input, first, start, isCounter: false) : input.values[first]
        let right =
            isSmoothed && last > samples.lowerBound && input.timestamps[last] > end ? interpolated(input, last - 1, end, isCounter: false) : input.values[last]
        if input.timestamps[first] <= start { first += 1 }
        if input.timestamps[last] >= end { last -= 1 }
        let inner = first..<max(last + 1, first)
        return ([start] + inner.map { input.timestamps[$0] } + [end], [left] + inner.map { input.values[$0] } + [right])
    }
}
