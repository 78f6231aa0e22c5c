import Bytes
import MetricModel

/// `quantile(q, v)`: needs all samples of a group at once.
final class QuantileOperator: SeriesOperator {
    private let plan: AggregatePlan
    private let operand: StoredOperator
    private let parameter: [Double]
    private var members: [[Int]] = []

    init(_ operand: SeriesOperator, _ plan: AggregatePlan, parameter: [Double]) {
        self.plan = plan
        self.operand = StoredOperator(operand)
        self.parameter = parameter
        super.init(operand.context, operand.grid, plan.source)
    }

    override func prepare() throws(QueryError) {
        try operand.open()
        let grouping = Grouping(operand.series, by: plan.grouping, isWithout: plan.isWithout, context)
        series = grouping.identities
        staysDistinctWithoutNames = plan.isWithout || !plan.grouping.contains { LabelSelection.metadataNames.contains($0) }
        members = Array(repeating: [], count: series.count)
        for (index, group) in grouping.groups.enumerated() { members[Int(group)].append(index) }
        if parameter.contains(where: \.isNaN) { context.annotate(.invalidQuantile(.nan, plan.parameterSource)) }
        if let large = parameter.filter({ $0 > 1 }).max() { context.annotate(.invalidQuantile(large, plan.parameterSource)) }
        if let small = parameter.filter({ $0 < 0 }).min() { context.annotate(.invalidQuantile(small, plan.parameterSource)) }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let out = output(worker)
        var columns: [UnsafePointer<Double>] = []
        for member in members[index] { columns.append(try operand.column(member, worker)) }
        let values = ColumnBuffer(count: columns.count)
        for step in 0..<grid.count {
            var count = 0
            for column in columns where isPresent(column[step]) {
                if context.histograms.isUsed, HistogramMark.isMark(column[step]) {
                    context.annotate(.ignoredInAggregation(.quantile, plan.source))
                    continue
                }
                values.values[count] = column[step]
                count += 1
            }
            out[step] = count == 0 ? absent : Quantile.sorting(parameter[step], UnsafeMutableBufferPointer(start: values.values, count: count))
        }
        return UnsafePointer(out)
    }
}

/// `count_values("label", v)`: a series for every distinct value, counting how often it occurs.
final class CountValuesOperator: SeriesOperator {
    private let plan: AggregatePlan
    private let label: String
    private let operand: SeriesOperator
    private var columns: [ColumnBuffer] = []

    private struct Key: Hashable {
        let group: Int32
        let bits: UInt64
    }

    init(_ operand: SeriesOperator, _ plan: AggregatePlan, label: String) {
        self.plan = plan
        self.label = label
        self.operand = operand
        super.init(operand.context, operand.grid, plan.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { true }

    deinit { context.release(samples: columns.count * grid.count) }

    override func prepare() throws(QueryError) {
        try operand.open()
        // Groups without the value; it is added to each group's labels once it is known.
        let names = plan.isWithout ? plan.grouping + [label] : plan.grouping.filter { $0 != label }
        let grouping = Grouping(operand.series, by: names, isWithout: plan.isWithout, context)
        let showsValue = !plan.isWithout || !plan.grouping.contains(label)
        var places: [Key: Int] = [:]
        var byLabels: [Labels: Int] = [:]
        for index in operand.series.indices {
            if index & 15 == 0 { try context.check() }
            let values = try operand.column(index, 0)
            let group = grouping.groups[index]
            for step in 0..<grid.count where isPresent(values[step]) {
                let value = values[step]
                let key = Key(group: group, bits: value.isNaN && !HistogramMark.isMark(value) ? 0x7FF8_0000_0000_0001 : value.bitPattern)
                var place = places[key]
                if place == nil {
                    let base = grouping.identities[Int(group)].labels
                    let labels = showsValue ? base.setting(label, text(value)) : base
                    place = byLabels[labels]
                    if place == nil {
                        try context.hold(samples: grid.count, for: source)
                        place = columns.count
                        columns.append(ColumnBuffer(count: grid.count, filledWith: absent))
                        series.append(SeriesIdentity(labels: labels))
                        byLabels[labels] = place
                    }
                    places[key] = place
                }
                guard let place else { continue }
                let column = columns[place].values
                column[step] = isPresent(column[step]) ? column[step] + 1 : 1
            }
        }
        staysDistinctWithoutNames = false
    }

    private func text(_ value: Double) -> String {
        context.histograms.isUsed && HistogramMark.isMark(value) ? context.histograms[value].native.description : GoFormat.shortest(value)
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> { UnsafePointer(columns[index].values) }
}
