import Bytes
import MetricModel

/// `and`, `or` and `unless`: whole series pass, masked by whether their match group has a sample on the other side.
final class SetOperator: SeriesOperator {
    private let operation: VectorOperation
    private let left: SeriesOperator
    private let right: SeriesOperator
    private var groups = MatchGroups(VectorMatching(), left: [], right: [], delaysNameRemoval: false)
    /// For each match group, 1 at the steps where the masking side has a sample; nil where it has no series at all.
    private var presence: [Int: ColumnBuffer] = [:]
    /// The operands' series behind each of ours: the left's are the first.
    private var sources: [Int] = []

    init(_ left: SeriesOperator, _ right: SeriesOperator, _ operation: VectorOperation) {
        self.operation = operation
        self.left = left
        self.right = right
        super.init(left.context, left.grid, operation.source)
    }

    deinit { context.release(samples: presence.count * grid.count) }

    override func prepare() throws(QueryError) {
        try left.open()
        try right.open()
        groups = MatchGroups(operation.matching, left: left.series, right: right.series, delaysNameRemoval: context.delaysNameRemoval)
        if operation.op == .or {
            try prepareOr()
            return
        }
        try markPresence(right, groups.right, wanted: Set(groups.left))
        sources = left.series.indices.filter { operation.op == .unless || presence[Int(groups.left[$0])] != nil }
        series = sources.map { left.series[$0] }
        staysDistinctWithoutNames = left.staysDistinctWithoutNames
    }

    private func prepareOr() throws(QueryError) {
        try markPresence(left, groups.left, wanted: Set(groups.right))
        sources = Array(left.series.indices) + right.series.indices.map { $0 + left.series.count }
        series = left.series + right.series
        isDistinct = false
    }

    private func markPresence(_ side: SeriesOperator, _ group: [Int32], wanted: Set<Int32>) throws(QueryError) {
        for index in side.series.indices where wanted.contains(group[index]) {
            if index & 15 == 0 { try context.check() }
            let number = Int(group[index])
            let marks: ColumnBuffer
            if let known = presence[number] { marks = known } else {
                try context.hold(samples: grid.count, for: source)
                marks = ColumnBuffer(count: grid.count, filledWith: 0)
                presence[number] = marks
            }
            let values = try side.column(index, 0)
            for step in 0..<grid.count where isPresent(values[step]) { marks.values[step] = 1 }
        }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let number = sources[index]
        let isLeft = number < left.series.count
        let values = isLeft ? try left.column(number, worker) : try right.column(number - left.series.count, worker)
        if operation.op == .or, isLeft { return values }
        let group = Int(isLeft ? groups.left[number] : groups.right[number - left.series.count])
        guard let marks = presence[group] else { return values }
        let out = output(worker)
        let passing = operation.op == .and ? 1.0 : 0.0
        for step in 0..<grid.count { out[step] = marks.values[step] == passing ? values[step] : absent }
        return UnsafePointer(out)
    }
}
