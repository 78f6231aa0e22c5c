import MetricModel

/// A function over windows: reads each series once and slides the window over its samples.
final class WindowOperator: SeriesOperator {
    /// How many samples times steps are computed without asking whether the query is to end.
    private static let unwatchedMax = 1 << 16

    private let call: WindowCall
    private let samples: WindowSamples
    private let scalars: [[Double]]
    private var hasCounterNames = true
    private var hasInvalidQuantiles = false
    /// One for every worker, where the function is of that kind.
    private var extrapolations: [Extrapolation] = []

    init(_ context: QueryContext, _ grid: TimeGrid, _ call: WindowCall, _ samples: WindowSamples, scalars: [[Double]]) {
        self.call = call
        self.samples = samples
        self.scalars = scalars
        super.init(context, grid, call.window.source)
    }

    override func prepare() throws(QueryError) {
        try samples.open()
        let keepsName = call.function == .lastOverTime || call.function == .firstOverTime
        series = samples.series
        if !keepsName { for index in series.indices { series[index].dropsName = true } }
        staysDistinctWithoutNames = samples.staysDistinctWithoutNames
        if call.function == .rate || call.function == .increase { hasCounterNames = hasNothingToRemark() }
        extrapolations = context.workers.compactMap { _ in Extrapolation(call.function, grid, call.window.window, context.rows) }
        hasInvalidQuantiles = call.function == .quantileOverTime && scalars[0].contains(where: Self.isInvalid)
        if call.function == .doubleExponentialSmoothing, !samples.series.isEmpty { try checkSmoothingFactors() }
    }

    private func hasNothingToRemark() -> Bool {
        // Series of one name need one look, unless the answer is in their labels.
        let looks = samples.haveOneName && !context.usesTypeAndUnitLabels ? series.prefix(1) : series[...]
        return looks.allSatisfy { counterRemark($0.labels) == nil }
    }

    private func checkSmoothingFactors() throws(QueryError) {
        for (name, values) in zip(["smoothing", "trend"], scalars) {
            if let wrong = values.first(where: { $0 <= 0 || $0 >= 1 }) {
                throw .execution("invalid \(name) factor. Expected: 0 < \(name == "smoothing" ? "sf" : "tf") < 1, got: \(GoFormat.fixed(wrong, digits: 6))")
            }
        }
    }

    /// What is to be said when a series that does not look like a counter is treated as one.
    private func counterRemark(_ labels: Labels) -> Annotation? {
        guard let name = labels.metricName, !name.isEmpty else { return nil }
        if context.usesTypeAndUnitLabels {
            let type = labels["__type__"] ?? ""
            return type == "counter" || type == "histogram" ? nil : .possibleNonCounter(name, type: type, call.window.source)
        }
        let isCounter = ["_total", "_sum", "_count", "_bucket"].contains { name.utf8.count >= $0.utf8.count && name.hasSuffix($0) }
        return isCounter ? nil : .possibleNonCounter(name, call.window.source)
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let out = output(worker)
        try fill(out, index, worker)
        return UnsafePointer(out)
    }

    override func fill(_ out: UnsafeMutablePointer<Double>, _ index: Int, _ worker: Int) throws(QueryError) {
        let run = try samples.samples(index, worker)
        // A column of long windows can take seconds; short ones are looked after by who asks for many.
        if run.count &* grid.count > Self.unwatchedMax { try context.check() }
        if run.isPlain, !extrapolations.isEmpty {
            context.workers[worker].samplesQueried += extrapolations[worker].compute(run.timestamps, run.values, count: run.count, isRising: run.isRising, into: out)
        } else if run.isPlain {
            context.workers[worker].samplesQueried += WindowFunctions.compute(call.function, input(run), into: out)
        } else {
            let input = input(run)
            let identity = samples.series[index]
            let windows = MixedWindows(
                function: call.function, input: input, context: context, metric: (context.delaysNameRemoval ? identity.labels : identity.visible).metricName ?? "",
                source: call.function == .quantileOverTime ? call.scalarSource : call.window.source)
            context.workers[worker].samplesQueried += try windows.compute(into: out)
        }
        if !hasCounterNames, let remark = counterRemark(series[index].labels), (0..<grid.count).contains(where: { isPresent(out[$0]) && !HistogramMark.isMark(out[$0]) }) {
            context.annotate(remark)
        }
        if hasInvalidQuantiles {
            for step in 0..<grid.count where isPresent(out[step]) && Self.isInvalid(scalars[0][step]) { context.annotate(.invalidQuantile(scalars[0][step], call.scalarSource)) }
        }
    }

    private func input(_ run: WindowSamples.Run) -> WindowInput {
        WindowInput(run: run, grid: grid, window: call.window.window, lookbackMillis: context.lookbackMillis, scalars: scalars)
    }

    private static func isInvalid(_ q: Double) -> Bool { !(q >= 0 && q <= 1) }
}
