import Bytes
import MetricModel

/// An operation between two vectors, matched by labels.
///
/// Where a match group has one series on the "one" side and every result has its own labels, results are computed column by column.
/// The other groups are rare, and there upstream's rules depend on which series have samples at the same step: those groups are
/// worked out step by step beforehand.
final class VectorVectorOperator: SeriesOperator {
    private let operation: VectorOperation
    private let left: SeriesOperator
    private let right: SeriesOperator
    private var results: [Result] = []

    private enum Result {
        case pair(left: Int, right: Int)
        case computed(ColumnBuffer)
    }

    init(_ left: SeriesOperator, _ right: SeriesOperator, _ operation: VectorOperation) {
        self.operation = operation
        self.left = left
        // The "one" side is asked for again and again.
        let cardinality = operation.matching.cardinality
        self.right = cardinality == .manyToOne ? StoredOperator(right) : right
        super.init(left.context, left.grid, operation.source)
    }

    private var isSwapped: Bool { operation.matching.cardinality == .oneToMany }
    private var fills: Bool { operation.matching.fillLeft != nil || operation.matching.fillRight != nil }

    deinit {
        let computed = results.reduce(0) { if case .computed = $1 { $0 + 1 } else { $0 } }
        context.release(samples: computed * grid.count)
    }

    override func prepare() throws(QueryError) {
        try left.open()
        try right.open()
        let groups = MatchGroups(operation.matching, left: left.series, right: right.series, delaysNameRemoval: context.delaysNameRemoval)
        let many = MatchGroups.members(isSwapped ? groups.right : groups.left, count: groups.count)
        let one = MatchGroups.members(isSwapped ? groups.left : groups.right, count: groups.count)
        let naming = ResultNaming(operation.matching, removesName: operation.op.changesMeaning || (operation.returnsBool && !context.delaysNameRemoval))
        var stepwise: [Int] = []
        var seen: Set<Labels> = []
        var pairs: [(identity: SeriesIdentity, result: Result)] = []
        for group in 0..<groups.count {
            if fills { if !many[group].isEmpty || !one[group].isEmpty { stepwise.append(group) }; continue }
            // Two series on the "one" side are an error even where nothing matches them.
            if one[group].count > 1 { stepwise.append(group); continue }
            if one[group].isEmpty || many[group].isEmpty { continue }
            if operation.matching.cardinality == .oneToOne, many[group].count > 1 { stepwise.append(group); continue }
            var fresh: [(SeriesIdentity, Result)] = []
            for index in many[group] {
                let identity = result(naming, Int(index), Int(one[group][0]))
                fresh.append((identity, isSwapped ? .pair(left: Int(one[group][0]), right: Int(index)) : .pair(left: Int(index), right: Int(one[group][0]))))
            }
            if Set(fresh.map(\.0.labels)).count == fresh.count { pairs.append(contentsOf: fresh) } else { stepwise.append(group) }
        }
        for pair in pairs { seen.insert(pair.identity.labels) }
        series = pairs.map(\.identity)
        results = pairs.map(\.result)
        if !stepwise.isEmpty { try computeStepwise(stepwise, many: many, one: one, naming) }
        isDistinct = seen.count == pairs.count && stepwise.isEmpty
        staysDistinctWithoutNames = operation.op.changesMeaning && isDistinct
    }

    private func manySeries(_ index: Int) -> SeriesIdentity { isSwapped ? right.series[index] : left.series[index] }
    private func oneSeries(_ index: Int) -> SeriesIdentity { isSwapped ? left.series[index] : right.series[index] }

    private func visible(_ identity: SeriesIdentity) -> Labels { context.delaysNameRemoval ? identity.labels : identity.visible }

    private func result(_ naming: ResultNaming, _ many: Int, _ one: Int) -> SeriesIdentity {
        SeriesIdentity(labels: naming.labels(many: visible(manySeries(many)), one: visible(oneSeries(one))), dropsName: operation.returnsBool)
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        switch results[index] {
        case .computed(let buffer): return UnsafePointer(buffer.values)
        case .pair(let l, let r):
            let a = try left.column(l, worker)
            let b = try right.column(r, worker)
            let out = output(worker)
            if operation.op.isTrim || context.hasHistograms(a, 0..<grid.count) || context.hasHistograms(b, 0..<grid.count) {
                for step in 0..<grid.count { out[step] = isPresent(a[step]) && isPresent(b[step]) ? try mixedArithmetic.combined(a[step], b[step]) : absent }
                return UnsafePointer(out)
            }
            operation.op.apply(a, b, returnsBool: operation.returnsBool, count: grid.count, into: out)
            return UnsafePointer(out)
        }
    }

    // MARK: Step by step

    /// The match groups that need every step looked at: duplicates on the "one" side, several series on the left of a one-to-one match,
    /// results that would be called the same, and missing samples that are filled in.
    private func computeStepwise(_ stepwise: [Int], many: [[Int32]], one: [[Int32]], _ naming: ResultNaming) throws(QueryError) {
        let manySide = try sideColumns(isSwapped ? right : left, stepwise.flatMap { many[$0] })
        let oneSide = try sideColumns(isSwapped ? left : right, stepwise.flatMap { one[$0] })
        let bothPresent = try presentSteps(manySide: isSwapped ? right : left, oneSide: isSwapped ? left : right)
        var places: [Labels: Int] = [:]
        var names: [Pair: SeriesIdentity] = [:]
        for group in stepwise {
            try context.check()
            var matched: Set<Int> = []
            for step in 0..<grid.count where bothPresent[step] {
                matched.removeAll(keepingCapacity: true)
                var single: Int32?
                for index in one[group] where isPresent(oneSide[index, step]) {
                    if let other = single { throw duplicates(Int(other), Int(index)) }
                    single = index
                }
                var hasMatched = false
                func combine(_ manyIndex: Int?, _ oneIndex: Int?, _ a: Double, _ b: Double) throws(QueryError) {
                    let pair = Pair(many: manyIndex ?? -1, one: oneIndex ?? -1)
                    let identity = names[pair] ?? filledName(naming, manyIndex, oneIndex)
                    names[pair] = identity
                    var place = places[identity.labels]
                    if place == nil {
                        try context.hold(samples: grid.count, for: source)
                        place = series.count
                        series.append(identity)
                        results.append(.computed(ColumnBuffer(count: grid.count, filledWith: absent)))
                        places[identity.labels] = place
                    }
                    guard let place, case .computed(let buffer) = results[place] else { return }
                    if operation.matching.cardinality == .oneToOne {
                        if hasMatched { throw .execution("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)") }
                    } else if !matched.insert(place).inserted {
                        throw .execution("multiple matches for labels: grouping labels must ensure unique matches")
                    }
                    hasMatched = true
                    let value = isSwapped ? try combined(b, a) : try combined(a, b)
                    if isAbsent(value) { return }
                    if isPresent(buffer.values[step]) { throw MergeOperator.duplicate }
                    buffer.values[step] = value
                }
                for index in many[group] where isPresent(manySide[index, step]) {
                    if let single {
                        try combine(Int(index), Int(single), manySide[index, step], oneSide[single, step])
                    } else if let fill = operation.matching.fillRight {
                        try combine(Int(index), nil, manySide[index, step], fill)
                    }
                }
                if let single, !hasMatched, let fill = operation.matching.fillLeft { try combine(nil, Int(single), fill, oneSide[single, step]) }
            }
        }
    }

    private struct Pair: Hashable {
        let many: Int
        let one: Int
    }

    /// The columns of some series of a side, kept.
    private struct SideColumns {
        let columns: StoredColumns
        let places: [Int32: Int]
        subscript(_ index: Int32, _ step: Int) -> Double { columns.column(places[index] ?? 0)[step] }
    }

    private func sideColumns(_ side: SeriesOperator, _ wanted: [Int32]) throws(QueryError) -> SideColumns {
        let columns = try StoredColumns(count: wanted.count, steps: grid.count, context: context, source: source)
        var places: [Int32: Int] = [:]
        for (place, index) in wanted.enumerated() {
            columns.column(place).update(from: try side.column(Int(index), 0), count: grid.count)
            places[index] = place
        }
        return SideColumns(columns: columns, places: places)
    }

    /// At a step where a whole side is empty nothing is matched, and so nothing can be wrong.
    private func presentSteps(manySide: SeriesOperator, oneSide: SeriesOperator) throws(QueryError) -> [Bool] {
        if fills { return Array(repeating: true, count: grid.count) }
        let marks = ColumnBuffer(count: 2 * grid.count, filledWith: 0)
        let steps = grid.count
        try manySide.stream { _, column, range in for step in range where isPresent(column[step]) { marks.values[step] = 1 } }
        try oneSide.stream { _, column, range in for step in range where isPresent(column[step]) { marks.values[steps + step] = 1 } }
        return (0..<steps).map { marks.values[$0] + marks.values[steps + $0] == 2 }
    }

    private func filledName(_ naming: ResultNaming, _ many: Int?, _ one: Int?) -> SeriesIdentity {
        if let many, let one { return result(naming, many, one) }
        let known = visible(many.map(manySeries) ?? one.map(oneSeries) ?? SeriesIdentity(labels: .empty))
        let shared = MatchGroups.groupLabels(known, operation.matching)
        return SeriesIdentity(labels: naming.labels(many: many == nil ? shared : known, one: one == nil ? shared : known), dropsName: operation.returnsBool)
    }

    private var mixedArithmetic: MixedArithmetic { MixedArithmetic(op: operation.op, returnsBool: operation.returnsBool, context: context, source: source) }

    private func combined(_ a: Double, _ b: Double) throws(QueryError) -> Double {
        if operation.op.isTrim || (context.histograms.isUsed && (HistogramMark.isMark(a) || HistogramMark.isMark(b))) { return try mixedArithmetic.combined(a, b) }
        if operation.op.isComparison {
            let holds = operation.op.holds(a, b)
            return operation.returnsBool ? (holds ? 1 : 0) : (holds ? a : absent)
        }
        return operation.op.applied(a, b)
    }

    private func duplicates(_ first: Int, _ second: Int) -> QueryError {
        let labels = [visible(oneSeries(first)), visible(oneSeries(second))]
        let group = MatchGroups.groupLabels(labels[1], operation.matching)
        let names = labels.map { PromQLText.metric($0) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return .execution(
            "found duplicate series for the match group \(PromQLText.metric(group)) on the \(isSwapped ? "left" : "right") hand-side of the operation: "
                + "[\(names.joined(separator: ", "))];many-to-many matching not allowed: matching labels must be unique on one side")
    }
}

/// Label sets as error messages show them.
enum PromQLText {
    /// Go's `labels.Labels.String`: `{__name__="up", job="a"}`.
    static func metric(_ labels: Labels) -> String {
        "{" + labels.pairs.map { "\(LabelName.isLegacy($0.name) ? $0.name : LabelName.quoted($0.name))=\(LabelName.quoted($0.value))" }.joined(separator: ", ") + "}"
    }
}
