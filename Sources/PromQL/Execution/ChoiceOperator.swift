import MetricModel

/// `topk`, `bottomk`, `limitk` and `limit_ratio`: some of the series, unchanged, a choice a step.
final class ChoiceOperator: SeriesOperator {
    private let plan: AggregatePlan
    private let operand: StoredOperator
    private let parameter: [Double]
    private var columns: StoredColumns?

    init(_ operand: SeriesOperator, _ plan: AggregatePlan, parameter: [Double]) {
        self.plan = plan
        self.operand = StoredOperator(operand)
        self.parameter = parameter
        super.init(operand.context, operand.grid, plan.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { true }

    override func prepare() throws(QueryError) {
        guard try wantsAnything() else { return }
        try operand.open()
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        let grouping = Grouping(operand.series, by: plan.grouping, isWithout: plan.isWithout, context)
        let all = try operand.series.indices.map { index throws(QueryError) in try operand.column(index, 0) }
        var chosen: [Int32] = []
        // Which of our series stands for each of the operand's.
        var place = [Int32](repeating: -1, count: all.count)
        var picks: [(series: Int32, step: Int32)] = []
        var choice = Choice(plan.aggregator, groups: grouping.identities.count, seriesCount: all.count)
        let isRanking = plan.aggregator == .topk || plan.aggregator == .bottomk
        let offsets = plan.aggregator == .limitRatio ? operand.series.map { LimitRatio.offset(of: $0.labels) } : []
        for step in 0..<grid.count {
            if step & 63 == 0 { try context.check() }
            choice.begin(parameter[step])
            for (index, column) in all.enumerated() where isPresent(column[step]) {
                if isRanking, context.histograms.isUsed, HistogramMark.isMark(column[step]) {
                    if choice.isOpen { context.annotate(.ignoredInAggregation(plan.aggregator, plan.wholeSource)) }
                    continue
                }
                choice.offer(index, column[step], group: Int(grouping.groups[index]), ratioOffset: offsets.isEmpty ? 0 : offsets[index])
            }
            choice.forEachChosen { index in
                if place[index] < 0 {
                    place[index] = Int32(chosen.count)
                    chosen.append(Int32(index))
                }
                picks.append((Int32(index), Int32(step)))
            }
        }
        // An instant query shows them best first, a range query in the operand's order.
        if grid.count != 1 {
            chosen.sort()
            for (position, index) in chosen.enumerated() { place[Int(index)] = Int32(position) }
        }
        let columns = try StoredColumns(count: chosen.count, steps: grid.count, context: context, source: source, filledWith: absent)
        for pick in picks { columns.column(Int(place[Int(pick.series)]))[Int(pick.step)] = all[Int(pick.series)][Int(pick.step)] }
        series = chosen.map { operand.series[Int($0)] }
        self.columns = columns
    }

    /// Checks the parameter; false when nothing can be chosen at any step.
    private func wantsAnything() throws(QueryError) -> Bool {
        // As Go's comparisons: a NaN is never the largest or smallest, but counts as one.
        let largest = parameter.reduce(-Double.infinity) { $1.isNaN ? $0 : max($0, $1) }
        let smallest = parameter.reduce(Double.infinity) { $1.isNaN ? $0 : min($0, $1) }
        let hasNaN = parameter.contains(where: \.isNaN)
        if plan.aggregator == .limitRatio {
            if largest == 0, smallest == 0 { return false }
            if hasNaN { throw .execution("Ratio value is NaN") }
            if largest > 1 { context.annotate(.invalidRatio(largest, cappedTo: 1, plan.parameterSource)) }
            if smallest < -1 { context.annotate(.invalidRatio(smallest, cappedTo: -1, plan.parameterSource)) }
            return true
        }
        if !hasNaN, largest < 1 { return false }
        if hasNaN { throw .execution("Parameter value is NaN") }
        if smallest <= -0x1p63 { throw .execution("Scalar value \(GoFormat.general(smallest)) underflows int64") }
        if largest >= 0x1p63 { throw .execution("Scalar value \(GoFormat.general(largest)) overflows int64") }
        return true
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        guard let columns else { preconditionFailure("column before open") }
        return UnsafePointer(columns.column(index))
    }
}

/// The choice among the samples of one step, group by group.
struct Choice {
    private struct Entry {
        var index: Int
        var value: Double
    }

    private let aggregator: Aggregator
    private let seriesCount: Int
    private var entries: [[Entry]]
    private var used: [Int] = []
    private var limit = 0
    private var ratio = 0.0

    init(_ aggregator: Aggregator, groups: Int, seriesCount: Int) {
        self.aggregator = aggregator
        self.seriesCount = seriesCount
        entries = Array(repeating: [], count: groups)
    }

    mutating func begin(_ parameter: Double) {
        for group in used { entries[group].removeAll(keepingCapacity: true) }
        used.removeAll(keepingCapacity: true)
        if aggregator == .limitRatio { ratio = max(-1, min(1, parameter)) } else { limit = min(Int(parameter), seriesCount) }
    }

    /// Whether anything can be chosen at the step.
    var isOpen: Bool { limit >= 1 }

    mutating func offer(_ index: Int, _ value: Double, group: Int, ratioOffset: Double) {
        let entry = Entry(index: index, value: value)
        if aggregator == .limitRatio ? !LimitRatio.takes(ratioOffset, ratio) : limit < 1 { return }
        if entries[group].isEmpty { used.append(group) }
        switch aggregator {
        case .limitRatio: entries[group].append(entry)
        case .limitk: if entries[group].count < limit { entries[group].append(entry) }
        default:
            if entries[group].count < limit {
                entries[group].append(entry)
                siftUp(&entries[group])
            } else if isWorse(entries[group][0].value, value) {
                entries[group][0] = entry
                siftDown(&entries[group])
            }
        }
    }

    /// Whether a kept value gives way to a new one. NaN gives way to any number.
    private func isWorse(_ kept: Double, _ new: Double) -> Bool {
        if kept.isNaN { return !new.isNaN }
        return aggregator == .topk ? kept < new : kept > new
    }

    /// The heap's order: the worst on top.
    private func precedes(_ a: Entry, _ b: Entry) -> Bool {
        if a.value.isNaN { return true }
        return aggregator == .topk ? a.value < b.value : a.value > b.value
    }

    private func siftUp(_ heap: inout [Entry]) {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if !precedes(heap[child], heap[parent]) { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func siftDown(_ heap: inout [Entry]) {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
            if !precedes(heap[child], heap[parent]) { break }
            heap.swapAt(child, parent)
            parent = child
        }
    }

    /// The chosen series, best first within each group.
    mutating func forEachChosen(_ body: (Int) -> Void) {
        for group in used.sorted() {
            if aggregator == .topk || aggregator == .bottomk {
                let isTop = aggregator == .topk
                entries[group].sort { a, b in
                    if a.value.isNaN || b.value.isNaN { return !a.value.isNaN || (b.value.isNaN && a.index < b.index) }
                    return a.value == b.value ? a.index < b.index : isTop ? a.value > b.value : a.value < b.value
                }
            }
            for entry in entries[group] { body(entry.index) }
        }
    }
}
