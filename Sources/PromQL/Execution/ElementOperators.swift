import MetricModel

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
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        if readsHistograms, !context.delaysNameRemoval {
            // Type and unit stay while names go at once, as upstream.
            for index in series.indices { series[index] = SeriesIdentity(labels: Self.withoutName.applied(to: series[index].visible)) }
        } else {
            for index in series.indices { series[index].dropsName = true }
        }
    }

    private var readsHistograms: Bool {
        switch function {
        case .histogramCount, .histogramSum, .histogramAvg, .histogramStddev, .histogramStdvar: true
        default: false
        }
    }

    private static let withoutName = LabelSelection([LabelName.metric], keeping: false)

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let values = try operand.column(index, worker)
        let out = output(worker)
        if context.hasHistograms(values, 0..<grid.count) {
            try computeMixed(values, into: out)
        } else {
            ElementFunctions.compute(function, values, grid: grid, scalars: scalars, into: out)
        }
        return UnsafePointer(out)
    }

    private func computeMixed(_ values: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>) throws(QueryError) {
        // Functions of floats know nothing of histograms; when a sample is, is asked of both.
        for step in 0..<grid.count { out[step] = HistogramMark.isMark(values[step]) && function != .timestamp ? absent : values[step] }
        ElementFunctions.compute(function, UnsafePointer(out), grid: grid, scalars: scalars, into: out)
        for step in 0..<grid.count where HistogramMark.isMark(values[step]) {
            let histogram = context.histograms[values[step]]
            switch function {
            case nil: out[step] = try context.mark(histogram.multiplied(by: -1), for: source)
            case .histogramCount: out[step] = histogram.count
            case .histogramSum: out[step] = histogram.sum
            case .histogramAvg: out[step] = histogram.average
            case .histogramStddev: out[step] = histogram.variance.squareRoot()
            case .histogramStdvar: out[step] = histogram.variance
            default: break
            }
        }
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
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let values = try operand.column(index, worker)
        let out = output(worker)
        let scalars = UnsafePointer(scalar.values)
        if operation.op.isTrim || context.hasHistograms(values, 0..<grid.count) {
            let arithmetic = MixedArithmetic(op: operation.op, returnsBool: operation.returnsBool, context: context, source: source)
            for step in 0..<grid.count {
                guard isPresent(values[step]) else { out[step] = absent; continue }
                let (a, b) = operation.isSwapped ? (scalars[step], values[step]) : (values[step], scalars[step])
                out[step] = try arithmetic.combined(a, b, keeping: values[step])
            }
            return UnsafePointer(out)
        }
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
