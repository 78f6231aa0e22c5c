import MetricModel

/// The functions over windows of a series that has native histograms, or that says when its counter began
/// (upstream `promql/functions.go`). Slower than `WindowFunctions`, and asked only where those do not do.
struct MixedWindows {
    let function: Function
    let input: WindowInput
    let context: QueryContext
    /// The name that remarks call the series by.
    let metric: String
    let source: SourceRange
    /// What is known of the histograms whatever window they lie in.
    let known: Known

    /// Facts about a series' histograms, found out once.
    struct Known {
        /// The weight of all histograms before each, and of all.
        var weights: [Int] = [0]
        /// The histograms before which the counter was reset; for functions that ask.
        var resets: [Int] = []
        var hasGauges = false
        /// Whether all have one schema.
        var isUniform = true
    }

    init(function: Function, input: WindowInput, context: QueryContext, metric: String, source: SourceRange) {
        self.function = function
        self.input = input
        self.context = context
        self.metric = metric
        self.source = source
        var known = Known()
        let values = input.histograms.values
        known.weights.reserveCapacity(values.count + 1)
        for place in values.indices {
            known.weights.append(known.weights[place] + values[place].weight)
            if values[place].counterReset == .gauge { known.hasGauges = true }
            if values[place].schema != values[0].schema { known.isUniform = false }
        }
        if function == .rate || function == .increase || function == .resets {
            let starts = input.histograms.starts
            let times = input.histograms.times
            for place in values.indices.dropFirst() {
                let isRestarted = !starts.isEmpty && Self.restarts(starts[place - 1], times[place - 1], starts[place], times[place])
                if isRestarted || values[place].isReset(since: values[place - 1]) { known.resets.append(place) }
            }
        }
        self.known = known
    }

    /// Whether the counter was reset before a histogram.
    func isReset(_ place: Int) -> Bool { known.resets.contains(place) }

    /// The samples of one step's window: floats and histograms by their numbers.
    struct Window {
        let floats: Range<Int>
        let histograms: Range<Int>
        let step: Int
        let start: Int64
        let end: Int64

        var isMixed: Bool { !floats.isEmpty && !histograms.isEmpty }
    }

    /// Fills `out` with the function's value at every step. Returns the weight of the samples that the windows held.
    func compute(into out: UnsafeMutablePointer<Double>) throws(QueryError) -> Int {
        if Self.ignoresHistograms(function) { return computeFloats(into: out) }
        var held = 0
        // The first and the last of many windows are one sample.
        var shared: (place: Int, mark: Double)?
        try forEachWindow { window throws(QueryError) in
            held += window.floats.count + known.weights[window.histograms.upperBound] - known.weights[window.histograms.lowerBound]
            if window.floats.isEmpty && window.histograms.isEmpty {
                out[window.step] = absent
            } else if function == .firstOverTime || function == .lastOverTime {
                switch end(window, isFirst: function == .firstOverTime) {
                case .float(let place): out[window.step] = input.values[place]
                case .histogram(let place):
                    if shared?.place != place { shared = (place, try mark(input.histograms.values[place])) }
                    out[window.step] = shared?.mark ?? absent
                }
            } else {
                out[window.step] = try value(window)
            }
        }
        return held
    }

    private func forEachWindow(_ body: (Window) throws(QueryError) -> Void) throws(QueryError) {
        var (low, high, lowHistogram, highHistogram) = (0, 0, 0, 0)
        let times = input.histograms.times
        for step in 0..<input.grid.count {
            let end = input.window.end(input.grid.time(step))
            let start = end - input.window.rangeMillis
            while high < input.count, input.timestamps[high] <= end + input.behind { high += 1 }
            while low < high, input.timestamps[low] <= start - input.before { low += 1 }
            while highHistogram < times.count, times[highHistogram] <= end + input.behind { highHistogram += 1 }
            while lowHistogram < highHistogram, times[lowHistogram] <= start - input.before { lowHistogram += 1 }
            try body(Window(floats: low..<high, histograms: lowHistogram..<highHistogram, step: step, start: start, end: end))
        }
    }

    // MARK: Functions of floats

    private static func ignoresHistograms(_ function: Function) -> Bool {
        switch function {
        case .maxOverTime, .minOverTime, .stddevOverTime, .stdvarOverTime, .quantileOverTime, .madOverTime, .timestampOfMaxOverTime, .timestampOfMinOverTime, .deriv,
            .predictLinear, .doubleExponentialSmoothing: true
        default: false
        }
    }

    private func computeFloats(into out: UnsafeMutablePointer<Double>) -> Int {
        let held = WindowFunctions.compute(function, input, into: out)
        var isMixed = false
        try? forEachWindow { if $0.isMixed { isMixed = true } }
        if isMixed { context.annotate(.ignoredInMixedRange(metric, source)) }
        return held
    }

    // MARK: The rest

    private func value(_ window: Window) throws(QueryError) -> Double {
        switch function {
        case .rate: try rate(window, isCounter: true, isRate: true)
        case .increase: try rate(window, isCounter: true, isRate: false)
        case .delta: try rate(window, isCounter: false, isRate: false)
        case .irate: try lastTwo(window, isRate: true)
        case .idelta: try lastTwo(window, isRate: false)
        case .sumOverTime, .avgOverTime: try total(window)
        case .countOverTime: Double(window.floats.count + window.histograms.count)
        case .presentOverTime, .absentOverTime: 1
        case .timestampOfFirstOverTime:
            Double(min(window.floats.first.map { input.timestamps[$0] } ?? .max, window.histograms.first.map { input.histograms.times[$0] } ?? .max)) / 1000
        case .timestampOfLastOverTime:
            Double(max(window.floats.last.map { input.timestamps[$0] } ?? 0, window.histograms.last.map { input.histograms.times[$0] } ?? 0)) / 1000
        case .changes, .resets: steps(window)
        default: preconditionFailure("\(function.rawValue) is not a function over windows")
        }
    }

    func mark(_ histogram: FloatHistogram) throws(QueryError) -> Double { try context.mark(histogram, for: source) }

    /// The first or last sample of a window that is not empty.
    private func end(_ window: Window, isFirst: Bool) -> Sample {
        let float = isFirst ? window.floats.first : window.floats.last
        guard let histogram = isFirst ? window.histograms.first : window.histograms.last else { return .float(float ?? 0) }
        let time = input.histograms.times[histogram]
        if let float, isFirst ? input.timestamps[float] < time : time < input.timestamps[float] { return .float(float) }
        return .histogram(histogram)
    }

    private func total(_ window: Window) throws(QueryError) -> Double {
        if window.isMixed {
            context.annotate(.mixedFloatsAndHistograms(metric, source))
            return absent
        }
        guard let first = window.histograms.first else {
            if function == .sumOverTime {
                var sum = KahanSum()
                for i in window.floats { sum.add(input.values[i]) }
                return sum.value
            }
            var mean = KahanMean(first: input.values[window.floats.lowerBound])
            for i in window.floats.dropFirst() { mean.add(input.values[i]) }
            return mean.value
        }
        var total = HistogramTotal(input.histograms.values[first], isMean: function == .avgOverTime)
        for place in window.histograms.dropFirst() {
            guard total.add(input.histograms.values[place]) else {
                context.annotate(.mixedSchemas(metric, source))
                return absent
            }
        }
        if total.countersCollide { context.annotate(.countersCollide(in: .aggregation, source)) }
        if total.boundsWereReconciled { context.annotate(.boundsReconciled(in: .aggregation, source)) }
        return try mark(total.value)
    }

    // MARK: Changes and resets

    /// The number of a sample of either kind.
    private enum Sample {
        case float(Int)
        case histogram(Int)
    }

    /// Counts changes or resets from sample to sample, from the last one at or before the window's start on where it is anchored.
    private func steps(_ window: Window) -> Double {
        guard let (firstFloat, firstHistogram) = input.window.edge == .anchored ? anchors(window) : (window.floats.lowerBound, window.histograms.lowerBound) else {
            return absent
        }
        var (float, histogram) = (firstFloat, firstHistogram)
        var before: Sample?
        var count = 0
        while float < window.floats.upperBound || histogram < window.histograms.upperBound {
            let sample: Sample
            let hasFloat = float < window.floats.upperBound
            if histogram >= window.histograms.upperBound || (hasFloat && input.timestamps[float] < input.histograms.times[histogram]) {
                sample = .float(float)
                float += 1
            } else {
                sample = .histogram(histogram)
                histogram += 1
            }
            if let before, function == .changes ? changes(before, sample) : resets(before, sample) { count += 1 }
            before = sample
        }
        return Double(count)
    }

    private func changes(_ before: Sample, _ now: Sample) -> Bool {
        switch (before, now) {
        case (.float(let a), .float(let b)): input.values[a] != input.values[b] && !(input.values[a].isNaN && input.values[b].isNaN)
        case (.histogram(let a), .histogram(let b)): !input.histograms.values[b].holdsSameData(as: input.histograms.values[a])
        default: true
        }
    }

    private func resets(_ before: Sample, _ now: Sample) -> Bool {
        switch (before, now) {
        case (.float(let a), .float(let b)): input.values[b] < input.values[a] || floatsRestart(a, b)
        case (.histogram, .histogram(let b)): isReset(b)
        default: true
        }
    }

    /// Where counting begins in an anchored window: at the newest sample at or before its start. nil when nothing comes after that.
    private func anchors(_ window: Window) -> (float: Int, histogram: Int)? {
        let firstFloat = window.floats.first { input.timestamps[$0] > window.start } ?? window.floats.upperBound
        let firstHistogram = window.histograms.first { input.histograms.times[$0] > window.start } ?? window.histograms.upperBound
        if firstFloat == window.floats.upperBound, firstHistogram == window.histograms.upperBound { return nil }
        let float = firstFloat > window.floats.lowerBound ? firstFloat - 1 : nil
        let histogram = firstHistogram > window.histograms.lowerBound ? firstHistogram - 1 : nil
        guard let float else { return (firstFloat, histogram ?? firstHistogram) }
        guard let histogram, input.histograms.times[histogram] > input.timestamps[float] else { return (float, firstHistogram) }
        return (firstFloat, histogram)
    }
}
