import MetricModel

/// One node of a running query: a vector whose series are known before their values, and whose values come a column at a time.
///
/// Call order: `open` once, on one thread; it settles `series`. Then `column` for any index, any number of times, from several
/// threads at once as long as each names a worker of its own. A column is valid until the same worker asks the same operator again.
class SeriesOperator {
    final let context: QueryContext
    final let grid: TimeGrid
    /// The part of the query that it computes, for messages.
    final let source: SourceRange
    /// Set by `open`; order is the order of the result where order matters.
    final var series: [SeriesIdentity] = []
    /// Whether no two series would become equal if they lost their names.
    final var staysDistinctWithoutNames = false
    /// Whether no two series have equal labels. Settled by `open`.
    final var isDistinct = true
    private final var isOpen = false
    private final var scratch: [ColumnBuffer] = []

    init(_ context: QueryContext, _ grid: TimeGrid, _ source: SourceRange) {
        self.context = context
        self.grid = grid
        self.source = source
    }

    final func open() throws(QueryError) {
        if isOpen { return }
        isOpen = true
        try context.check()
        try prepare()
        if needsScratch { scratch = context.workers.map { _ in ColumnBuffer(count: grid.count) } }
    }

    /// Opens the operands and settles `series`.
    func prepare() throws(QueryError) { preconditionFailure("an operator must say what its series are") }

    /// The values of one series, `grid.count` of them.
    func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> { preconditionFailure("an operator must yield columns") }

    /// Whether `output` is used.
    var needsScratch: Bool { true }

    /// Whether columns stay valid for as long as the operator lives and asking for them costs nothing.
    var isStored: Bool { false }

    /// Where a worker may write the column it is asked for.
    @inline(__always) final func output(_ worker: Int) -> UnsafeMutablePointer<Double> { scratch[worker].values }

    /// Roughly what computing every column costs, in samples touched.
    final var cost: Int { series.count * (grid.count + 20) }
}

extension SeriesOperator {
    /// Hands every column, in the order of `series`, to `fold`, for a range of steps at a time.
    ///
    /// Columns are computed on all workers, a block at a time; then the block is folded, the steps shared out among the workers. So
    /// each step sees the series in order whatever the number of threads, and sums come out the same. `fold` must not keep the marks of
    /// histograms: those that the columns brought are forgotten once they are folded.
    func stream(_ fold: (_ index: Int, _ column: UnsafePointer<Double>, _ steps: Range<Int>) -> Void) throws(QueryError) {
        let steps = grid.count
        let histogramCount = context.histograms.count
        guard context.workers.count > 1, cost > 60_000 else {
            for index in series.indices {
                if index & 15 == 0 { try context.check() }
                fold(index, try column(index, 0), 0..<steps)
                context.forgetHistograms(from: histogramCount)
            }
            return
        }
        let size = min(series.count, max(32, 65_536 / max(steps, 1)))
        let block = isStored ? nil : ColumnBuffer(count: size * steps)
        var from = 0
        while from < series.count {
            let count = min(size, series.count - from)
            if let block {
                try context.parallel(count, cost: .max, piece: 8) { range, worker throws(QueryError) in
                    for i in range { (block.values + i * steps).update(from: try column(from + i, worker), count: steps) }
                }
            }
            func foldSteps(_ range: Range<Int>) throws(QueryError) {
                for i in 0..<count {
                    if let block { fold(from + i, block.values + i * steps, range) } else { fold(from + i, try column(from + i, 0), range) }
                }
            }
            if steps >= 32 {
                let half = (steps + context.workers.count - 1) / context.workers.count
                try context.parallel(context.workers.count, cost: .max, piece: 1) { range, _ throws(QueryError) in
                    for part in range { try foldSteps(min(part * half, steps)..<min((part + 1) * half, steps)) }
                }
            } else {
                try foldSteps(0..<steps)
            }
            context.forgetHistograms(from: histogramCount)
            from += count
        }
    }

    /// All columns in memory.
    func stored() throws(QueryError) -> StoredColumns {
        let columns = try StoredColumns(count: series.count, steps: grid.count, context: context, source: source)
        try context.parallel(series.count, cost: cost) { range, worker throws(QueryError) in
            for index in range { columns.column(index).update(from: try column(index, worker), count: grid.count) }
        }
        return columns
    }
}
