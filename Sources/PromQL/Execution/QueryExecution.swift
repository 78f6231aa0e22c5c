import MetricModel

/// One run of one query, from expression to value. Used on one thread, which it may block.
struct QueryExecution: Sendable {
    let context: QueryContext
    let expr: Expr
    let grid: TimeGrid
    /// The end that was asked for, which need not fall on a step.
    let endMillis: Int64
    let isRange: Bool
    /// At most so many series, 0 for all.
    let limit: Int

    func outcome() -> Result<QueryValue, QueryError> {
        do throws(QueryError) {
            let first = try value()
            guard context.needsHistogramScan else { return .success(first) }
            context.forgetRemarks()
            context.forgetHistograms(from: 0)
            return .success(try value())
        } catch {
            return .failure(error)
        }
    }

    private func value() throws(QueryError) -> QueryValue {
        try context.check()
        let planner = Planner(startMillis: grid.startMillis, endMillis: endMillis, stepMillis: isRange ? grid.stepMillis : 0)
        let plan = try planner.plan(expr)
        context.timer.isPrepared()
        switch expr.type {
        case .string:
            guard case .string(let text) = plan else { throw .execution("a string was expected") }
            return .string(timeMillis: grid.startMillis, text)
        case .scalar:
            let values = try OperatorBuilder(context, grid, plan: plan).scalar(plan)
            if !isRange { return .scalar(timeMillis: grid.startMillis, values.first ?? .nan) }
            return .matrix(Matrix(series: [MatrixSeries(labels: .empty, timestamps: (0..<grid.count).map(grid.time), values: values)]))
        case .vector:
            let root = MergeOperator(try OperatorBuilder.build(plan, context, grid), .sameStep)
            context.leave(root)
            try root.open()
            return isRange ? .matrix(try matrix(root)) : .vector(try vector(root))
        case .matrix:
            guard case .matrix(let source) = plan else { throw .execution("a range vector was expected") }
            return .matrix(try matrix(source, plan))
        }
    }

    private func vector(_ root: SeriesOperator) throws(QueryError) -> [InstantSample] {
        var values = [Double](repeating: absent, count: root.series.count)
        try values.withUnsafeMutableBufferPointer { values throws(QueryError) in
            let out = Disjoint(base: values.baseAddress)
            try context.parallel(root.series.count, cost: root.cost) { range, worker throws(QueryError) in
                for index in range { out.base?[index] = try root.column(index, worker)[0] }
            }
        }
        var samples: [InstantSample] = []
        samples.reserveCapacity(values.count)
        for (index, value) in values.enumerated() where isPresent(value) {
            if limit > 0, samples.count == limit { break }
            let histogram = histogram(value)
            samples.append(InstantSample(labels: root.series[index].labels, timeMillis: grid.startMillis, value: histogram == nil ? value : 0, histogram: histogram))
        }
        return samples
    }

    /// The histogram that a value stands for, or nil when it is a float.
    @inline(__always) private func histogram(_ value: Double) -> NativeHistogram? {
        context.histograms.isUsed && HistogramMark.isMark(value) ? context.histograms[value].native : nil
    }

    /// Each element is written by one worker only.
    private struct Disjoint<Element>: @unchecked Sendable {
        // SAFETY: outlives the parallel loop that writes through it; no two iterations write one element.
        let base: UnsafeMutablePointer<Element>?
    }

    private func matrix(_ root: SeriesOperator) throws(QueryError) -> Matrix {
        let everyStep = (0..<grid.count).map(grid.time)
        var columns = [MatrixSeries?](repeating: nil, count: root.series.count)
        try context.hold(samples: 0, for: root.source)
        try columns.withUnsafeMutableBufferPointer { columns throws(QueryError) in
            let out = Disjoint(base: columns.baseAddress)
            try context.parallel(root.series.count, cost: root.cost) { range, worker throws(QueryError) in
                for index in range {
                    let values = try root.column(index, worker)
                    var count = 0
                    for step in 0..<grid.count where isPresent(values[step]) { count += 1 }
                    if count == 0 { continue }
                    try context.hold(samples: count, for: root.source)
                    out.base?[index] = points(values, count, everyStep, root.series[index].labels)
                }
            }
        }
        return sorted(columns.compactMap { $0 })
    }

    private func points(_ values: UnsafePointer<Double>, _ count: Int, _ everyStep: [Int64], _ labels: Labels) -> MatrixSeries {
        if context.hasHistograms(values, 0..<grid.count) { return mixedPoints(values, everyStep, labels) }
        if count == grid.count {
            return MatrixSeries(labels: labels, timestamps: everyStep, values: Array(UnsafeBufferPointer(start: values, count: count)))
        }
        var timestamps: [Int64] = []
        var present: [Double] = []
        timestamps.reserveCapacity(count)
        present.reserveCapacity(count)
        for step in 0..<grid.count where isPresent(values[step]) {
            timestamps.append(everyStep[step])
            present.append(values[step])
        }
        return MatrixSeries(labels: labels, timestamps: timestamps, values: present)
    }

    private func mixedPoints(_ values: UnsafePointer<Double>, _ everyStep: [Int64], _ labels: Labels) -> MatrixSeries {
        var series = MatrixSeries(labels: labels, timestamps: [], values: [])
        for step in 0..<grid.count where isPresent(values[step]) {
            if let histogram = histogram(values[step]) {
                series.histograms.append(HistogramSample(everyStep[step], histogram))
            } else {
                series.timestamps.append(everyStep[step])
                series.values.append(values[step])
            }
        }
        return series
    }

    private func matrix(_ source: WindowSource, _ plan: PlanNode) throws(QueryError) -> Matrix {
        let samples = try OperatorBuilder(context, grid, plan: plan).samples(source, forgetsCounterResets: false)
        try samples.open()
        let window = source.window
        let end = window.end(grid.startMillis)
        let start = end - window.rangeMillis
        var series: [MatrixSeries] = []
        for index in samples.series.indices {
            try context.check()
            let run = try samples.samples(index, 0)
            var timestamps: [Int64] = []
            var values: [Double] = []
            let inside = run.histograms.times.indices.filter { run.histograms.times[$0] > start && run.histograms.times[$0] <= end }
            if let edge = window.edge, !run.histograms.times.isEmpty { throw .execution("\(edge.rawValue) modifier is not supported with histograms") }
            if let edge = window.edge, run.count > 0 {
                let input = WindowInput(run: run, grid: grid, window: window, lookbackMillis: context.lookbackMillis, scalars: [])
                (timestamps, values) = EdgedWindows.extended(input, 0..<run.count, from: start, to: end, isSmoothed: edge == .smoothed)
            } else {
                for i in 0..<run.count where run.timestamps[i] > start && run.timestamps[i] <= end {
                    timestamps.append(run.timestamps[i])
                    values.append(run.values[i])
                }
            }
            if timestamps.isEmpty, inside.isEmpty { continue }
            let weight = inside.reduce(0) { $0 + run.histograms.values[$1].weight }
            try context.hold(samples: timestamps.count + weight, for: source.source)
            let histograms = inside.map { HistogramSample(run.histograms.times[$0], run.histograms.values[$0].native) }
            series.append(MatrixSeries(labels: samples.series[index].visible, timestamps: timestamps, values: values, histograms: histograms))
        }
        return sorted(series)
    }

    private func sorted(_ series: [MatrixSeries]) -> Matrix {
        let begun = ContinuousClock.now
        defer { context.timer.sorted(since: begun) }
        var series = series
        let places = LabelsOrder.places(series.map(\.labels))
        if !zip(places, places.indices).allSatisfy(==) { series = places.map { series[$0] } }
        if limit > 0, series.count > limit { series.removeLast(series.count - limit) }
        return Matrix(series: series)
    }
}
