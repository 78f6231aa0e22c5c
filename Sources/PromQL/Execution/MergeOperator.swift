import Bytes
import MetricModel

/// Takes away the names that are to go and makes one series of those that are then equal.
final class MergeOperator: SeriesOperator {
    /// When equal series are an error.
    enum Rule {
        /// As soon as two of them have any sample (functions over windows).
        case anySample
        /// Only where two of them have a sample at the same step.
        case sameStep
    }

    private let operand: SeriesOperator
    private let rule: Rule
    private let removesNames: Bool
    private var leavesNames = false
    /// The operand's series behind each of ours; empty when they are the same.
    private var members: [[Int]] = []

    init(_ operand: SeriesOperator, _ rule: Rule, removesNames: Bool = true) {
        self.operand = operand
        self.rule = rule
        self.removesNames = removesNames
        super.init(operand.context, operand.grid, operand.source)
    }

    override var needsScratch: Bool { !members.isEmpty }
    override var isStored: Bool { members.isEmpty && operand.isStored }

    override func leaveNames() { leavesNames = true }

    override func prepare() throws(QueryError) {
        try operand.open()
        series = operand.series
        if leavesNames, operand.staysDistinctWithoutNames {
            staysDistinctWithoutNames = true
            return
        }
        if removesNames { for index in series.indices where series[index].dropsName { series[index] = SeriesIdentity(labels: series[index].visible) } }
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        if removesNames ? operand.staysDistinctWithoutNames : operand.isDistinct { return }
        var table = KeyTable(expected: series.count)
        var groups: [[Int]] = []
        for (index, identity) in series.enumerated() {
            let ordinal = identity.labels.packed.withUnsafeBufferPointer { table.ordinal(of: $0) }
            if ordinal == groups.count { groups.append([index]) } else { groups[ordinal].append(index) }
        }
        if groups.count == series.count { return }
        members = groups
        series = groups.map { series[$0[0]] }
        // An error even where nobody asks for the series.
        let scratch = ColumnBuffer(count: grid.count)
        for group in groups where group.count > 1 { try merge(group, 0, into: scratch.values) }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        if members.isEmpty { return try operand.column(index, worker) }
        let sources = members[index]
        if sources.count == 1 { return try operand.column(sources[0], worker) }
        let out = output(worker)
        try merge(sources, worker, into: out)
        return UnsafePointer(out)
    }

    override func fill(_ out: UnsafeMutablePointer<Double>, _ index: Int, _ worker: Int) throws(QueryError) {
        let sources = members.isEmpty ? [] : members[index]
        if sources.count > 1 { try merge(sources, worker, into: out) } else { try operand.fill(out, sources.first ?? index, worker) }
    }

    private func merge(_ sources: [Int], _ worker: Int, into out: UnsafeMutablePointer<Double>) throws(QueryError) {
        out.update(repeating: absent, count: grid.count)
        var filled = 0
        for member in sources {
            let values = try operand.column(member, worker)
            var isEmpty = true
            for step in 0..<grid.count where isPresent(values[step]) {
                if isPresent(out[step]) { throw Self.duplicate }
                out[step] = values[step]
                isEmpty = false
            }
            if !isEmpty { filled += 1 }
            if filled > 1, rule == .anySample { throw Self.duplicate }
        }
    }

    static let duplicate = QueryError.execution("vector cannot contain metrics with the same labelset")
}
