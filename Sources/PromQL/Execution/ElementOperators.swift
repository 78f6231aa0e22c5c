/// A function of one sample at a time.
final class ElementOperator: SeriesOperator {
    private let function: Function?
    private let operand: SeriesOperator
    private let scalars: [[Double]]

    init(_ operand: SeriesOperator, _ function: Function?, scalars: [[Double]]) {
        self.function = function
        self.operand = operand
        self.scalars = scalars
        super.init(operand.context, operand.grid, operand.source)
    }

    override func prepare() throws(QueryError) {
        try operand.open()
        series = operand.series
        for index in series.indices { series[index].dropsName = true }
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let values = try operand.column(index, worker)
        let out = output(worker)
        ElementFunctions.compute(function, values, grid: grid, scalars: scalars, into: out)
        return UnsafePointer(out)
    }
}

/// An operation between every sample of a vector and a scalar.
final class VectorScalarOperator: SeriesOperator {
    private let operation: VectorScalarOperation
    private let operand: SeriesOperator
    private let scalar: ColumnBuffer

    init(_ operand: SeriesOperator, _ operation: VectorScalarOperation, scalar values: [Double]) {
        self.operation = operation
        self.operand = operand
        scalar = ColumnBuffer(count: values.count)
        for (step, value) in values.enumerated() { scalar.values[step] = value }
        super.init(operand.context, operand.grid, operation.source)
    }

    override func prepare() throws(QueryError) {
        try operand.open()
        series = operand.series
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        if operation.op.changesMeaning || operation.returnsBool { for index in series.indices { series[index].dropsName = true } }
        if operation.op == .trimUpper || operation.op == .trimLower, !series.isEmpty {
            context.annotate(.incompatibleTypes("float", operation.op, "float", source))
        }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let values = try operand.column(index, worker)
        let out = output(worker)
        let scalars = UnsafePointer(scalar.values)
        operation.op.apply(
            operation.isSwapped ? scalars : values, operation.isSwapped ? values : scalars, keeping: values, returnsBool: operation.returnsBool,
            count: grid.count, into: out)
        return UnsafePointer(out)
    }
}

/// `absent(v)`: 1 where no series has a sample.
final class AbsentOperator: SeriesOperator {
    private let operand: SeriesOperator
    private let labels: Labels
    private let dropsName: Bool
    private var values: [Double] = []

    init(_ operand: SeriesOperator, labels: Labels, dropsName: Bool) {
        self.operand = operand
        self.labels = labels
        self.dropsName = dropsName
        super.init(operand.context, operand.grid, operand.source)
    }

    override func prepare() throws(QueryError) {
        try operand.open()
        let presence = ColumnBuffer(count: grid.count, filledWith: 1)
        try operand.stream { _, column, steps in for step in steps where isPresent(column[step]) { presence.values[step] = absent } }
        values = (0..<grid.count).map { presence.values[$0] }
        series = values.contains(where: isPresent) ? [SeriesIdentity(labels: labels, dropsName: dropsName)] : []
        staysDistinctWithoutNames = true
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let out = output(worker)
        for step in 0..<grid.count { out[step] = values[step] }
        return UnsafePointer(out)
    }
}

import MetricModel
