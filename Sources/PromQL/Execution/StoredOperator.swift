/// Computes its operand once and keeps it, so that columns can be asked for again and again.
final class StoredOperator: SeriesOperator {
    private var operand: SeriesOperator?
    private var columns: StoredColumns?

    init(_ operand: SeriesOperator) {
        self.operand = operand
        super.init(operand.context, operand.grid, operand.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { true }

    override func prepare() throws(QueryError) {
        guard let operand else { return }
        try operand.open()
        series = operand.series
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        if operand.isStored { return }
        columns = try operand.stored()
        self.operand = nil
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        if let columns { return UnsafePointer(columns.column(index)) }
        guard let operand else { preconditionFailure("a stored operator has columns or an operand") }
        return try operand.column(index, worker)
    }
}

/// Repeats, at every step, what its operand is at the first.
final class StepInvariantOperator: SeriesOperator {
    private let operand: SeriesOperator
    private var values: [Double] = []

    init(_ operand: SeriesOperator, _ grid: TimeGrid) {
        self.operand = operand
        super.init(operand.context, grid, operand.source)
    }

    override func prepare() throws(QueryError) {
        try operand.open()
        series = operand.series
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        let columns = try operand.stored()
        values = series.indices.map { columns.column($0).pointee }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let out = output(worker)
        out.update(repeating: values[index], count: grid.count)
        return UnsafePointer(out)
    }
}

/// `vector(s)`: one series without labels.
final class ScalarVectorOperator: SeriesOperator {
    private let values: [Double]
    private var buffer: ColumnBuffer?

    init(_ context: QueryContext, _ grid: TimeGrid, values: [Double]) {
        self.values = values
        super.init(context, grid, SourceRange(0, 0))
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { true }

    override func prepare() throws(QueryError) {
        series = [SeriesIdentity(labels: .empty)]
        staysDistinctWithoutNames = true
        let buffer = ColumnBuffer(count: grid.count)
        for step in 0..<grid.count { buffer.values[step] = values[step] }
        self.buffer = buffer
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        guard let buffer else { preconditionFailure("column before open") }
        return UnsafePointer(buffer.values)
    }
}

import MetricModel
