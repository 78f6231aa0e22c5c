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

    /// Said before `open` by who groups the series by their labels and passes over the names that are to go: they need not be taken away.
    func leaveNames() {}

    /// Opens the operands and settles `series`.
    func prepare() throws(QueryError) { preconditionFailure("an operator must say what its series are") }

    /// The values of one series, `grid.count` of them.
    func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> { preconditionFailure("an operator must yield columns") }

    /// Writes the values of one series to where the caller wants them.
    func fill(_ out: UnsafeMutablePointer<Double>, _ index: Int, _ worker: Int) throws(QueryError) {
        out.update(from: try column(index, worker), count: grid.count)
    }

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
    /// On several workers where that is worth it; each step sees the series in order whatever their number. `fold` must not keep the marks of
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
        guard isStored else {
            let pipeline = FoldPipeline(context, seriesCount: series.count, steps: steps, histogramCount: histogramCount)
            return try pipeline.run(compute: { out, index, worker throws(QueryError) in try fill(out, index, worker) }, fold: fold)
        }
        let parts = steps >= 32 ? context.workers.count : 1
        let size = (steps + parts - 1) / parts
        try context.parallel(parts, cost: .max, piece: 1) { range, worker throws(QueryError) in
            for part in range {
                for index in series.indices { fold(index, try column(index, worker), min(part * size, steps)..<min((part + 1) * size, steps)) }
            }
        }
    }

    /// All columns in memory.
    func stored() throws(QueryError) -> StoredColumns {
        let columns = try StoredColumns(count: series.count, steps: grid.count, context: context, source: source)
        try context.parallel(series.count, cost: cost) { range, worker throws(QueryError) in
            for index in range { try fill(columns.column(index), index, worker) }
        }
        return columns
    }
}
