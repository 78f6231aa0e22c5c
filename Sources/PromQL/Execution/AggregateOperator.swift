import MetricModel

/// `sum`, `avg`, `count`, `min`, `max`, `group`, `stddev` and `stdvar`: folds columns into their groups as they come.
final class AggregateOperator: SeriesOperator {
    private let plan: AggregatePlan
    private let operand: SeriesOperator
    private var columns: StoredColumns?

    init(_ operand: SeriesOperator, _ plan: AggregatePlan) {
        self.plan = plan
        self.operand = operand
        super.init(operand.context, operand.grid, plan.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { true }

    override func prepare() throws(QueryError) {
        operand.leaveNames()
        try operand.open()
        let grouping = Grouping(operand.series, by: plan.grouping, isWithout: plan.isWithout, context)
        series = grouping.identities
        staysDistinctWithoutNames = plan.isWithout || !plan.grouping.contains { LabelSelection.metadataNames.contains($0) }
        columns = try GroupFold(plan.aggregator, groups: series.count, operand: operand, source: source).run(grouping.groups)
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        guard let columns else { preconditionFailure("column before open") }
        return UnsafePointer(columns.column(index))
    }
}

/// Running totals of every group at every step. A step without samples stays absent.
struct GroupFold {
    private let aggregator: Aggregator
    private let operand: SeriesOperator
    /// The running value, which becomes the result.
    private let values: StoredColumns
    /// What rounding lost, or the mean so far.
    private let auxiliary: StoredColumns?
    private let counts: StoredColumns?
    private let steps: Int
    private let groups: Int
    private let source: SourceRange
    private let context: QueryContext
    /// The sums and means of histograms, of groups that have any.
    private let histograms: HistogramCells

    init(_ aggregator: Aggregator, groups: Int, operand: SeriesOperator, source: SourceRange) throws(QueryError) {
        self.aggregator = aggregator
        self.operand = operand
        self.groups = groups
        self.source = source
        steps = operand.grid.count
        context = operand.context
        histograms = HistogramCells(groups: groups, steps: steps, isMean: aggregator == .avg, context: context, source: source)
        values = try StoredColumns(count: groups, steps: steps, context: context, source: source, filledWith: absent)
        let needsCount = aggregator == .avg || aggregator == .stddev || aggregator == .stdvar
        auxiliary = needsCount || aggregator == .sum ? try StoredColumns(count: groups, steps: steps, context: context, source: source, filledWith: 0) : nil
        counts = needsCount ? try StoredColumns(count: groups, steps: steps, context: context, source: source, filledWith: 0) : nil
    }

    func run(_ group: [Int32]) throws(QueryError) -> StoredColumns {
        switch aggregator {
        case .sum: try sum(group)
        case .avg: try average(group)
        case .min: try extreme(group) { $0 > $1 }
        case .max: try extreme(group) { $0 < $1 }
        case .count: try foldAll(group) { state, _ in state = isPresent(state) ? state + 1 : 1 }
        case .group: try foldAll(group) { state, _ in state = 1 }
        case .stddev, .stdvar: try variance(group)
        case .topk, .bottomk, .quantile, .limitk, .countValues, .limitRatio: preconditionFailure("\(aggregator.rawValue) does not fold")
        }
        return values
    }

    @inline(__always)
    private func foldAll(_ group: [Int32], _ body: (_ state: inout Double, _ value: Double) -> Void) throws(QueryError) {
        try operand.stream { index, column, range in
            let state = values.column(Int(group[index]))
            for step in range where isPresent(column[step]) { body(&state[step], column[step]) }
        }
    }

    /// Whether a value takes part where histograms are left out; remarks when one is.
    @inline(__always)
    private func isNumber(_ value: Double, _ mayBeHistogram: Bool) -> Bool {
        if !mayBeHistogram || !HistogramMark.isMark(value) { return true }
        context.annotate(.ignoredInAggregation(aggregator, source))
        return false
    }

    @inline(__always)
    private func foldFloats(_ group: [Int32], _ body: (_ state: inout Double, _ value: Double) -> Void) throws(QueryError) {
        try operand.stream { index, column, range in
            let state = values.column(Int(group[index]))
            let mixes = context.hasHistograms(column, range)
            for step in range where isPresent(column[step]) && isNumber(column[step], mixes) { body(&state[step], column[step]) }
        }
    }

    @inline(__always)
    private func extreme(_ group: [Int32], _ loses: (Double, Double) -> Bool) throws(QueryError) {
        try foldFloats(group) { state, value in if loses(state, value) || state.isNaN { state = value } }
    }

    private func sum(_ group: [Int32]) throws(QueryError) {
        guard let auxiliary else { return }
        try operand.stream { index, column, range in
            let sums = values.column(Int(group[index]))
            let lost = auxiliary.column(Int(group[index]))
            guard context.hasHistograms(column, range) else { KahanColumns.add(column, to: sums, lost, range); return }
            for step in range {
                let value = column[step]
                if isAbsent(value) { continue }
                if HistogramMark.isMark(value) { addHistogram(value, index, Int(group[index]), step, isFirst: isAbsent(sums[step])); continue }
                KahanColumns.add(value, to: &sums[step], &lost[step])
            }
        }
        for group in 0..<groups {
            let sums = values.column(group)
            let lost = auxiliary.column(group)
            for step in 0..<steps where isPresent(sums[step]) { sums[step] += lost[step] }
        }
        try settleHistograms()
    }

    // MARK: Histograms

    private func addHistogram(_ mark: Double, _ index: Int, _ group: Int, _ step: Int, isFirst: Bool) {
        if histograms.add(context.histograms[mark], group, step, isFirst: isFirst) { return }
        context.annotate(.mixedSchemas(operand.series[index].labels.metricName ?? "", source))
    }

    /// Puts the sums and means of histograms in the place of those of floats, where a group had nothing but histograms.
    private func settleHistograms() throws(QueryError) {
        try context.check()
        try histograms.drain { group, step, cell throws(QueryError) in
            let column = values.column(group)
            if cell.total?.boundsWereReconciled == true { context.annotate(.boundsReconciled(in: .aggregation, source)) }
            if isPresent(column[step]) {
                context.annotate(.mixedFloatsAndHistogramsInAggregation(source))
                column[step] = absent
            } else if let total = cell.total, !cell.isIncompatible {
                if total.countersCollide { context.annotate(.countersCollide(in: .aggregation, source)) }
                column[step] = try context.mark(total.value.compacted(), for: source)
            }
        }
    }

    /// `values` is the sum or, once that overflowed, the mean; the sign of the count says which.
    private func average(_ group: [Int32]) throws(QueryError) {
        guard let auxiliary, let counts else { return }
        try operand.stream { index, column, range in
            let sums = values.column(Int(group[index]))
            let lost = auxiliary.column(Int(group[index]))
            let count = counts.column(Int(group[index]))
            let mixes = context.hasHistograms(column, range)
            for step in range where isPresent(column[step]) {
                let value = column[step]
                if mixes, HistogramMark.isMark(value) { addHistogram(value, index, Int(group[index]), step, isFirst: isAbsent(sums[step])); continue }
                if isAbsent(sums[step]) { sums[step] = value; count[step] = 1; continue }
                if count[step] > 0 {
                    var sum = KahanSum(sums[step], compensation: lost[step])
                    sum.add(value)
                    if !sum.sum.isInfinite {
                        sums[step] = sum.sum
                        lost[step] = sum.compensation
                        count[step] += 1
                        continue
                    }
                    sums[step] /= count[step]
                    lost[step] /= count[step]
                    count[step] = -count[step]
                }
                count[step] -= 1
                let n = -count[step]
                let weight = (n - 1) / n
                var mean = KahanSum(weight * sums[step], compensation: weight * lost[step])
                mean.add(value / n)
                sums[step] = mean.sum
                lost[step] = mean.compensation
            }
        }
        for group in 0..<groups {
            let sums = values.column(group)
            let lost = auxiliary.column(group)
            let count = counts.column(group)
            for step in 0..<steps where isPresent(sums[step]) {
                sums[step] = count[step] > 0 ? sums[step] / count[step] + lost[step] / count[step] : sums[step] + lost[step]
            }
        }
        try settleHistograms()
    }

    /// Welford's running variance: `values` holds the squares, `auxiliary` the mean.
    private func variance(_ group: [Int32]) throws(QueryError) {
        guard let auxiliary, let counts else { return }
        try operand.stream { index, column, range in
            let squares = values.column(Int(group[index]))
            let means = auxiliary.column(Int(group[index]))
            let count = counts.column(Int(group[index]))
            let mixes = context.hasHistograms(column, range)
            for step in range where isPresent(column[step]) && isNumber(column[step], mixes) {
                let value = column[step]
                count[step] += 1
                if isAbsent(squares[step]) {
                    squares[step] = value.isNaN || value.isInfinite ? .nan : 0
                    means[step] = value
                    continue
                }
                let delta = value - means[step]
                means[step] += delta / count[step]
                squares[step] += delta * (value - means[step])
            }
        }
        for group in 0..<groups {
            let squares = values.column(group)
            let count = counts.column(group)
            for step in 0..<steps where isPresent(squares[step]) {
                let variance = squares[step] / count[step]
                squares[step] = aggregator == .stddev ? variance.squareRoot() : variance
            }
        }
    }
}
