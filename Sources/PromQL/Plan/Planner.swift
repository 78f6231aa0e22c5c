import MetricModel

/// Turns an expression into a plan for one query: durations and `@` resolved, parentheses gone, constants folded, and everything
/// that does not change from step to step marked so (upstream `PreprocessExpr`).
struct Planner {
    let startMillis: Int64
    let endMillis: Int64
    let stepMillis: Int64
    /// Whether the part being planned stands inside a function that looks at nothing of a histogram but its count and sum.
    private var isInsideStatistics = false
    /// Whether it stands inside something that needs the buckets.
    private var isInsideBuckets = false

    init(startMillis: Int64, endMillis: Int64, stepMillis: Int64) {
        self.startMillis = startMillis
        self.endMillis = endMillis
        self.stepMillis = stepMillis
    }

    private var readsStatisticsOnly: Bool { isInsideStatistics && !isInsideBuckets }

    private var needingBuckets: Planner {
        var planner = self
        planner.isInsideBuckets = true
        return planner
    }

    /// A node, and whether it is the same at every step.
    private typealias Planned = (node: PlanNode, isInvariant: Bool)

    func plan(_ expr: Expr) throws(QueryError) -> PlanNode { invariant(try planned(expr)) }

    /// The node, marked where that saves work.
    private func invariant(_ planned: Planned) -> PlanNode {
        guard planned.isInvariant else { return planned.node }
        switch planned.node {
        case .number, .string, .matrix, .stepInvariant: return planned.node
        default: return .stepInvariant(planned.node)
        }
    }

    private func planned(_ expr: Expr) throws(QueryError) -> Planned {
        switch expr {
        case .number(let node): return (.number(node.value), true)
        case .string(let node): return (.string(node.value), true)
        case .parentheses(let node): return try planned(node.expr)
        case .selector(let node):
            let at = time(node.at)
            var selection = InstantSelection(matchers: node.matchers, offsetMillis: try millis(node.offset), atMillis: at, source: node.source)
            selection.isSmoothed = node.edge == .smoothed
            selection.readsStatisticsOnly = readsStatisticsOnly
            return (.select(selection), at != nil)
        case .rangeSelector, .subquery:
            let window = try self.window(expr)
            return (.matrix(window), window.window.atMillis != nil)
        case .unary(let node):
            let operand = try planned(node.expr)
            guard node.isNegative else { return operand }
            if case .number(let value) = operand.node { return (.number(-value), true) }
            if node.expr.type == .scalar { return (.negatedScalar(operand.node), operand.isInvariant) }
            return (.map(ElementCall(function: nil, operand: operand.node)), operand.isInvariant)
        case .aggregation(let node): return try aggregation(node)
        case .binary(let node): return try binary(node, expr.source)
        case .call(let node): return try call(node)
        }
    }

    // MARK: Times

    private func time(_ at: AtModifier?) -> Int64? {
        switch at {
        case nil: nil
        case .time(let millis): millis
        case .start: startMillis
        case .end: endMillis
        }
    }

    private func millis(_ expr: DurationExpr, mayBeNegative: Bool) throws(QueryError) -> Int64 {
        let place = { (source: SourceRange) in "\(source.lower):\(source.upper)" }
        let seconds: Double
        do { seconds = try expr.seconds(stepMillis: stepMillis, rangeMillis: endMillis - startMillis) } catch {
            throw .execution("\(place(error.source)): \(error.message)")
        }
        if !seconds.isFinite { throw .execution("\(place(expr.source)): duration is NaN or infinite") }
        if seconds <= 0, !mayBeNegative { throw .execution("\(place(expr.source)): duration must be greater than 0") }
        if abs(seconds) > 0x1p63 / 1e9 { throw .execution("\(place(expr.source)): duration is out of range") }
        return Int64(seconds * 1000)
    }

    private func millis(_ offset: Offset) throws(QueryError) -> Int64 {
        switch offset {
        case .millis(let millis): millis
        case .expression(let expr): try millis(expr, mayBeNegative: true)
        }
    }

    private func millis(_ span: Span) throws(QueryError) -> Int64 {
        switch span {
        case .millis(let millis): millis
        case .expression(let expr): try millis(expr, mayBeNegative: false)
        }
    }

    private func window(_ expr: Expr) throws(QueryError) -> WindowSource {
        switch expr.unwrapped {
        case .rangeSelector(let node):
            let times = WindowTimes(
                rangeMillis: try millis(node.range), offsetMillis: try millis(node.selector.offset), atMillis: time(node.selector.at), edge: node.selector.edge)
            return .selector(matchers: node.selector.matchers, window: times, readsStatisticsOnly: readsStatisticsOnly, source: node.source)
        case .subquery(let node):
            let times = WindowTimes(rangeMillis: try millis(node.range), offsetMillis: try millis(node.offset), atMillis: time(node.at))
            var step: Int64 = 0
            if let span = node.step { step = try millis(span) }
            return .subquery(try needingBuckets.plan(node.expr), stepMillis: step, window: times, source: node.source)
        default: throw .execution("\(expr) is not a range vector")
        }
    }

    // MARK: Operators

    private func aggregation(_ node: Aggregation) throws(QueryError) -> Planned {
        let operand = try planned(node.expr)
        var parameter: Planned?
        if let expr = node.parameter { parameter = try planned(expr) }
        var grouping = node.grouping
        if node.aggregator == .countValues, case .string(let label) = parameter?.node {
            if case .string(let literal) = node.parameter?.unwrapped, !isLabelName(literal) { throw .execution("invalid label name \(literal.quoted)") }
            if !node.isWithout { grouping.append(label) }
        }
        let isInvariant = operand.isInvariant && parameter?.isInvariant ?? true
        return (.aggregate(AggregatePlan(
            aggregator: node.aggregator, operand: isInvariant ? operand.node : invariant(operand),
            parameter: parameter?.node, grouping: grouping.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, isWithout: node.isWithout,
            parameterSource: node.parameter?.unwrapped.source ?? node.source, source: node.expr.unwrapped.source, wholeSource: node.source)), isInvariant)
    }

    private func binary(_ node: Binary, _ source: SourceRange) throws(QueryError) -> Planned {
        if node.op == .trimUpper || node.op == .trimLower, !isInsideBuckets { return try needingBuckets.binary(node, source) }
        let left = try planned(node.left)
        let right = try planned(node.right)
        let isInvariant = left.isInvariant && right.isInvariant
        let leftNode = isInvariant ? left.node : invariant(left)
        let rightNode = isInvariant ? right.node : invariant(right)
        switch (node.left.type, node.right.type) {
        case (.scalar, .scalar):
            if case .number(let a) = leftNode, case .number(let b) = rightNode { return (.number(node.op.applied(a, b)), true) }
            return (.scalarBinary(node.op, leftNode, rightNode), isInvariant)
        case (.vector, .vector):
            return (.vectorVector(VectorOperation(
                op: node.op, left: leftNode, right: rightNode, matching: node.matching ?? VectorMatching(), returnsBool: node.returnsBool, source: source)), isInvariant)
        default:
            let isSwapped = node.left.type == .scalar
            return (.vectorScalar(VectorScalarOperation(
                op: node.op, vector: isSwapped ? rightNode : leftNode, scalar: isSwapped ? leftNode : rightNode, isSwapped: isSwapped,
                returnsBool: node.returnsBool, source: source)), isInvariant)
        }
    }

    // MARK: Functions

    private func call(_ node: Call) throws(QueryError) -> Planned {
        let function = node.function.function
        switch function {
        case .histogramCount, .histogramSum, .histogramAvg:
            if !isInsideStatistics {
                var planner = self
                planner.isInsideStatistics = true
                return try planner.call(node)
            }
        case .histogramQuantile, .histogramQuantiles, .histogramFraction: if !isInsideBuckets { return try needingBuckets.call(node) }
        default: break
        }
        switch function {
        case .time: return (.time, false)
        case .pi: return (.number(.pi), true)
        case .start: return (.number(Double(startMillis) / 1000), true)
        case .end: return (.number(Double(endMillis) / 1000), true)
        case .range: return (.number(Double(endMillis - startMillis) / 1000), true)
        case .step: return (.number(startMillis == endMillis ? 0 : Double(stepMillis) / 1000), true)
        case .timestamp:
            if case .selector(let selector) = node.arguments[0].unwrapped, case (.select(var selection), let isInvariant) = try planned(.selector(selector)) {
                selection.reading = .timestamp
                return (.select(selection), isInvariant)
            }
            // The evaluation time where the operand has a sample.
            return (.map(ElementCall(function: .timestamp, operand: invariant(try planned(node.arguments[0])))), false)
        case .startTimestamp:
            if case .selector(let selector) = node.arguments[0].unwrapped, case (.select(var selection), let isInvariant) = try planned(.selector(selector)) {
                selection.reading = .startTimestamp
                return (.select(selection), isInvariant)
            }
            // What is computed has no beginning.
            return try elementCall(node)
        case .absentOverTime:
            let window = try self.window(node.arguments[0])
            try checkEdge(window.window.edge, function)
            let call = WindowCall(function: .presentOverTime, window: window, scalars: [], scalarSource: node.source)
            return (.absentOverTime(call, labels: absentLabels(node.arguments[0])), window.window.atMillis != nil)
        case .absent:
            let operand = try planned(node.arguments[0])
            return (.absent(operand.node, labels: absentLabels(node.arguments[0])), operand.isInvariant)
        case .scalar:
            let operand = try planned(node.arguments[0])
            return (.scalar(of: operand.node), operand.isInvariant)
        case .vector:
            let operand = try planned(node.arguments[0])
            return (.vector(operand.node), operand.isInvariant)
        case .maxOf, .minOf:
            let a = try planned(node.arguments[0])
            let b = try planned(node.arguments[1])
            return (.scalarPair(function, a.node, b.node), a.isInvariant && b.isInvariant)
        case .labelReplace, .labelJoin: return try relabel(node)
        case .sort, .sortDesc, .sortByLabel, .sortByLabelDesc:
            let operand = try planned(node.arguments[0])
            let labels = node.arguments.dropFirst().compactMap(text)
            return (.sort(SortPlan(
                key: function == .sort || function == .sortDesc ? .value : .labels(labels), isDescending: function == .sortDesc || function == .sortByLabelDesc,
                operand: operand.node, source: node.source)), operand.isInvariant)
        case .histogramQuantile, .histogramQuantiles, .histogramFraction: return try histogram(node)
        case .info: return try info(node)
        case .daysInMonth, .dayOfMonth, .dayOfWeek, .dayOfYear, .hour, .minute, .month, .year:
            guard let argument = node.arguments.first else { return (.map(ElementCall(function: function, operand: .vector(.time))), false) }
            let operand = try planned(argument)
            return (.map(ElementCall(function: function, operand: invariant(operand))), false)
        default:
            return node.function.parameters.contains(.matrix) ? try windowCall(node) : try elementCall(node)
        }
    }

    private func isLabelName(_ literal: StringLiteral) -> Bool { !literal.value.isEmpty && literal.malformedBytes.isEmpty }

    private func text(_ expr: Expr) -> String? { if case .string(let literal) = expr.unwrapped { literal.value } else { nil } }

    private func elementCall(_ node: Call) throws(QueryError) -> Planned {
        let operand = try planned(node.arguments[0])
        var scalars: [PlanNode] = []
        var isInvariant = operand.isInvariant
        for argument in node.arguments.dropFirst() {
            let scalar = try planned(argument)
            scalars.append(scalar.node)
            isInvariant = isInvariant && scalar.isInvariant
        }
        let operandNode = isInvariant ? operand.node : invariant(operand)
        return (.map(ElementCall(function: node.function.function, operand: operandNode, scalars: scalars)), isInvariant)
    }

    private func windowCall(_ node: Call) throws(QueryError) -> Planned {
        var scalars: [PlanNode] = []
        var windowSource: WindowSource?
        var scalarSource = node.source
        // The time of the evaluation enters a prediction whatever its window is.
        var isInvariant = node.function.function != .predictLinear
        for argument in node.arguments {
            if argument.type == .matrix {
                let window = try self.window(argument)
                windowSource = window
                isInvariant = isInvariant && window.window.atMillis != nil
            } else {
                let scalar = try planned(argument)
                scalars.append(scalar.node)
                scalarSource = argument.unwrapped.source
                isInvariant = isInvariant && scalar.isInvariant
            }
        }
        guard let windowSource else { throw .execution("\(node.function.name) needs a range vector") }
        try checkEdge(windowSource.window.edge, node.function.function)
        return (.window(WindowCall(function: node.function.function, window: windowSource, scalars: scalars, scalarSource: scalarSource)), isInvariant)
    }

    /// Samples outside the window would be mistaken for samples inside it by most functions.
    private func checkEdge(_ edge: WindowEdge?, _ function: Function) throws(QueryError) {
        guard let edge else { return }
        let allowed: [Function] = edge == .anchored ? [.changes, .delta, .increase, .rate, .resets] : [.delta, .increase, .rate]
        if allowed.contains(function) { return }
        throw .execution("\(edge.rawValue) modifier can only be used with: \(allowed.map(\.rawValue).joined(separator: ", ")) - not with \(function.rawValue)")
    }

    private func relabel(_ node: Call) throws(QueryError) -> Planned {
        let operand = try planned(node.arguments[0])
        let literals = node.arguments.dropFirst().compactMap { if case .string(let literal) = $0.unwrapped { literal } else { nil } }
        let texts = literals.map(\.value)
        let rule: RelabelPlan.Rule
        if node.function.function == .labelReplace {
            if (try? LabelPattern(texts[3])) == nil { throw .execution("invalid regular expression in label_replace(): \(texts[3])") }
            if !isLabelName(literals[0]) { throw .execution("invalid destination label name in label_replace(): \(texts[0])") }
            rule = .replace(destination: texts[0], replacement: texts[1], source: texts[2], pattern: texts[3])
        } else {
            let sources = Array(texts.dropFirst(2))
            if let wrong = literals.dropFirst(2).first(where: { !isLabelName($0) }) { throw .execution("invalid source label name in label_join(): \(wrong.value)") }
            if !isLabelName(literals[0]) { throw .execution("invalid destination label name in label_join(): ") }
            rule = .join(destination: texts[0], separator: texts[1], sources: sources)
        }
        return (.relabel(RelabelPlan(rule: rule, operand: operand.node)), operand.isInvariant)
    }

    private func histogram(_ node: Call) throws(QueryError) -> Planned {
        let vectorIndex = node.function.function == .histogramQuantiles ? 0 : node.arguments.count - 1
        let operand = try planned(node.arguments[vectorIndex])
        var scalars: [PlanNode] = []
        var sources: [SourceRange] = []
        var isInvariant = operand.isInvariant
        for (index, argument) in node.arguments.enumerated() where index != vectorIndex && argument.type == .scalar {
            let scalar = try planned(argument)
            scalars.append(scalar.node)
            sources.append(argument.unwrapped.source)
            isInvariant = isInvariant && scalar.isInvariant
        }
        let measure: HistogramPlan.Measure =
            switch node.function.function {
            case .histogramFraction: .fraction(lower: scalars[0], upper: scalars[1])
            case .histogramQuantiles: .quantiles(label: text(node.arguments[1]) ?? "", scalars)
            default: .quantile(scalars[0])
            }
        let operandNode = isInvariant ? operand.node : invariant(operand)
        return (.histogram(HistogramPlan(
            measure: measure, operand: operandNode, parameterSources: sources, source: node.arguments[vectorIndex].unwrapped.source)), isInvariant)
    }

    private func info(_ node: Call) throws(QueryError) -> Planned {
        let operand = try planned(node.arguments[0])
        var (names, data): ([Matcher], [Matcher]) = ([], [])
        if node.arguments.count > 1, case .selector(let selector) = node.arguments[1] {
            names = selector.matchers.filter { $0.name == LabelName.metric }
            data = selector.matchers.filter { $0.name != LabelName.metric }
        }
        do throws(LabelPattern.Invalid) {
            if names.isEmpty {
                names = [.equal(LabelName.metric, "target_info")]
            } else if !names.contains(where: { $0.kind == .equal || $0.kind == .regex }) {
                names.insert(try Matcher(.regex, LabelName.metric, ".+_info"), at: 0)
            }
        } catch {
            throw .execution("\(error)")
        }
        let (at, offset) = try infoTime(node.arguments[0])
        // What is joined changes with the time of evaluation, unless the operand's is fixed.
        return (.info(InfoPlan(
            operand: invariant(operand), names: names, data: data, atMillis: at, offsetMillis: offset, source: node.source)), operand.isInvariant && at != nil)
    }

    /// When info series are to be looked at: as of the operand's first selector, the subqueries around it included.
    private func infoTime(_ expr: Expr) throws(QueryError) -> (at: Int64?, offset: Int64) {
        guard let found = try firstSelector(expr) else { return (nil, 0) }
        return (found.at, found.offset)
    }

    private func firstSelector(_ expr: Expr) throws(QueryError) -> (at: Int64?, offset: Int64)? {
        switch expr {
        case .number, .string: return nil
        case .selector(let node): return (time(node.at), try millis(node.offset))
        case .rangeSelector(let node): return (time(node.selector.at), try millis(node.selector.offset))
        case .parentheses(let node): return try firstSelector(node.expr)
        case .unary(let node): return try firstSelector(node.expr)
        case .subquery(let node):
            guard let inner = try firstSelector(node.expr) else { return nil }
            return inner.at == nil ? (time(node.at), inner.offset + (try millis(node.offset))) : inner
        case .aggregation(let node):
            if let found = try firstSelector(node.expr) { return found }
            return try node.parameter.flatMap { expr throws(QueryError) in try firstSelector(expr) }
        case .binary(let node):
            if let found = try firstSelector(node.left) { return found }
            return try firstSelector(node.right)
        case .call(let node):
            for argument in node.arguments { if let found = try firstSelector(argument) { return found } }
            return nil
        }
    }

    /// The labels that a missing vector would have had: those that its selector pins to one value.
    private func absentLabels(_ expr: Expr) -> Labels {
        let matchers: [Matcher]
        switch expr.unwrapped {
        case .selector(let node): matchers = node.matchers
        case .rangeSelector(let node): matchers = node.selector.matchers
        default: return .empty
        }
        var values: [String: String] = [:]
        var seen: Set<String> = []
        for matcher in matchers where matcher.name != LabelName.metric {
            if matcher.kind == .equal, seen.insert(matcher.name).inserted { values[matcher.name] = matcher.value } else { values[matcher.name] = nil }
        }
        return Labels(values.map { ($0.key, $0.value) })
    }
}
