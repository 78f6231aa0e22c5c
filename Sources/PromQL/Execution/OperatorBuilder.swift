import MetricModel

/// Builds the operators of a plan for one grid; operands that occur more than once are built once and kept.
///
/// Scalar parts are computed while building, a value a step.
final class OperatorBuilder {
    private let context: QueryContext
    private let grid: TimeGrid
    private let repeated: [PlanNode: PlanNode]
    private var shared: [PlanNode: SeriesOperator] = [:]

    init(_ context: QueryContext, _ grid: TimeGrid, plan: PlanNode) {
        self.context = context
        self.grid = grid
        repeated = CommonSubexpressions(of: plan).repeated
    }

    /// The operator of a whole plan.
    static func build(_ plan: PlanNode, _ context: QueryContext, _ grid: TimeGrid) throws(QueryError) -> SeriesOperator {
        try OperatorBuilder(context, grid, plan: plan).vector(plan)
    }

    // MARK: Vectors

    func vector(_ node: PlanNode) throws(QueryError) -> SeriesOperator {
        guard let last = repeated[node] else { return try fresh(node) }
        if let known = shared[node] { return known }
        let stored = StoredOperator(try fresh(last))
        shared[node] = stored
        return stored
    }

    /// What an operator that takes names away yields while names go at once.
    private func named(_ operand: SeriesOperator, _ rule: MergeOperator.Rule) -> SeriesOperator {
        context.delaysNameRemoval ? operand : MergeOperator(operand, rule)
    }

    private func fresh(_ node: PlanNode) throws(QueryError) -> SeriesOperator {
        switch node {
        case .select(let selection):
            let operand = SelectOperator(context, grid, selection)
            return selection.reading == .value ? operand : named(operand, .sameStep)
        case .window(let call): return named(try window(call), .anySample)
        case .map(let call):
            let operand = ElementOperator(try vector(call.operand), call.function, scalars: try call.scalars.map { node throws(QueryError) in try scalar(node) })
            return named(operand, .sameStep)
        case .vectorScalar(let operation):
            let operand = VectorScalarOperator(try vector(operation.vector), operation, scalar: try scalar(operation.scalar))
            return operation.op.changesMeaning || operation.returnsBool ? named(operand, .sameStep) : operand
        case .vectorVector(let operation):
            let left = try vector(operation.left)
            let right = try vector(operation.right)
            if operation.op.isSet {
                let operand = SetOperator(left, right, operation)
                return operation.op == .or ? MergeOperator(operand, .sameStep, removesNames: false) : operand
            }
            return MergeOperator(VectorVectorOperator(left, right, operation), .sameStep, removesNames: !context.delaysNameRemoval && operation.returnsBool)
        case .aggregate(let plan): return try aggregate(plan)
        case .absent(let operand, let labels): return AbsentOperator(try vector(operand), labels: labels, dropsName: false)
        case .absentOverTime(let call, let labels): return AbsentOperator(try window(call), labels: labels, dropsName: true)
        case .relabel(let plan): return MergeOperator(RelabelOperator(try vector(plan.operand), plan.rule), .sameStep, removesNames: false)
        case .sort(let plan):
            let operand = try vector(plan.operand)
            return SortOperator(plan.key == .value ? FloatsOperator(operand) : operand, plan)
        case .info(let plan): return InfoOperator(try vector(plan.operand), plan)
        case .histogram(let plan):
            let scalars: [PlanNode] =
                switch plan.measure {
                case .quantile(let q): [q]
                case .quantiles(_, let qs): qs
                case .fraction(let lower, let upper): [lower, upper]
                }
            let parameters = try scalars.map { node throws(QueryError) in try scalar(node) }
            return named(HistogramOperator(try vector(plan.operand), plan, parameters: parameters), .sameStep)
        case .stepInvariant(let operand):
            return grid.count == 1 ? try vector(operand) : StepInvariantOperator(try Self.build(operand, context, grid.first), grid)
        case .vector(let value): return ScalarVectorOperator(context, grid, values: try scalar(value))
        case .number, .time, .scalar, .scalarBinary, .scalarPair, .negatedScalar: return ScalarVectorOperator(context, grid, values: try scalar(node))
        case .string, .matrix: throw .execution("a \(node.isText ? "string" : "range vector") cannot be used as an instant vector")
        }
    }

    private func aggregate(_ plan: AggregatePlan) throws(QueryError) -> SeriesOperator {
        let operand = try vector(plan.operand)
        switch plan.aggregator {
        case .sum, .avg, .count, .min, .max, .group, .stddev, .stdvar: return AggregateOperator(operand, plan)
        case .topk, .bottomk, .limitk, .limitRatio: return ChoiceOperator(operand, plan, parameter: try scalar(plan.parameter ?? .number(0)))
        case .quantile: return QuantileOperator(operand, plan, parameter: try scalar(plan.parameter ?? .number(0)))
        case .countValues:
            guard case .string(let label) = plan.parameter else { throw .execution("count_values needs a label name") }
            return MergeOperator(CountValuesOperator(operand, plan, label: label), .sameStep, removesNames: false)
        }
    }

    // MARK: Windows

    private func window(_ call: WindowCall) throws(QueryError) -> SeriesOperator {
        let scalars = try call.scalars.map { node throws(QueryError) in try scalar(node) }
        return WindowOperator(context, grid, call, try samples(call.window, forgetsCounterResets: true), scalars: scalars)
    }

    /// The samples that the windows of all steps need. `forgetsCounterResets`: see `SubquerySamples`.
    func samples(_ source: WindowSource, forgetsCounterResets: Bool) throws(QueryError) -> WindowSamples {
        let times = source.window
        let last = times.end(grid.endMillis) + times.reachBehind(lookbackMillis: context.lookbackMillis)
        let before = times.end(grid.startMillis) - times.rangeMillis - times.reachBefore(lookbackMillis: context.lookbackMillis)
        switch source {
        case .selector(let matchers, _, let readsStatisticsOnly, let place):
            return SelectedSamples(context, matchers, span: (before + 1)...max(before + 1, last), readsStatisticsOnly: readsStatisticsOnly, source: place)
        case .subquery(let operand, let stepMillis, _, _):
            let step = stepMillis > 0 ? stepMillis : context.defaultSubqueryStepMillis
            // The first multiple of the step after the window's open end.
            var first = step * (before / step)
            if first <= before { first += step }
            let inner = TimeGrid.range(from: first, to: last, step: step)
            let series = inner.count == 0 ? EmptyOperator(context, inner, source.source) : try Self.build(operand, context, inner)
            return SubquerySamples(series, forgetsCounterResets: forgetsCounterResets)
        }
    }

    // MARK: Scalars

    /// The value of a scalar part at every step.
    func scalar(_ node: PlanNode) throws(QueryError) -> [Double] {
        switch node {
        case .number(let value): return [Double](repeating: value, count: grid.count)
        case .time: return (0..<grid.count).map { Double(grid.time($0)) / 1000 }
        case .negatedScalar(let operand): return try scalar(operand).map { -$0 }
        case .scalarBinary(let op, let a, let b): return zip(try scalar(a), try scalar(b)).map { op.applied($0, $1) }
        case .scalarPair(let function, let a, let b):
            return zip(try scalar(a), try scalar(b)).map { x, y in
                if x.isNaN || y.isNaN { return .nan }
                return function == .maxOf ? max(x, y) : min(x, y)
            }
        case .scalar(let operand): return try single(try vector(operand))
        case .stepInvariant(let operand):
            let value = try OperatorBuilder(context, grid.first, plan: operand).scalar(operand)
            return [Double](repeating: value.first ?? .nan, count: grid.count)
        default: throw .execution("a scalar was expected")
        }
    }

    /// The only sample of a vector at every step, or NaN where there is none or more than one.
    private func single(_ operand: SeriesOperator) throws(QueryError) -> [Double] {
        try operand.open()
        let values = ColumnBuffer(count: grid.count, filledWith: absent)
        let counts = ColumnBuffer(count: grid.count, filledWith: 0)
        try operand.stream { _, column, steps in
            for step in steps where isPresent(column[step]) && !HistogramMark.isMark(column[step]) {
                values.values[step] = column[step]
                counts.values[step] += 1
            }
        }
        return (0..<grid.count).map { counts.values[$0] == 1 ? values.values[$0] : .nan }
    }
}

extension PlanNode {
    fileprivate var isText: Bool { if case .string = self { true } else { false } }
}

/// A vector without series.
final class EmptyOperator: SeriesOperator {
    override func prepare() throws(QueryError) { staysDistinctWithoutNames = true }
}
