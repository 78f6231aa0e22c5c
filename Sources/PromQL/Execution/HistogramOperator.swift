import Bytes
import MetricModel

/// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` over classic histograms: series that differ only in `le`
/// are the buckets of one histogram.
final class HistogramOperator: SeriesOperator {
    private let plan: HistogramPlan
    private let operand: SeriesOperator
    /// The scalar arguments: the quantiles, or the two ends of a fraction.
    private let parameters: [[Double]]
    private var histograms: [[Member]] = []
    private var buffers: [ColumnBuffer] = []
    private var largest = 0

    private struct Member {
        let index: Int
        let upperBound: Double
    }

    init(_ operand: SeriesOperator, _ plan: HistogramPlan, parameters: [[Double]]) {
        self.plan = plan
        self.operand = operand
        self.parameters = parameters
        super.init(operand.context, operand.grid, plan.source)
    }

    /// How many results each histogram has.
    private var resultsPerHistogram: Int { if case .quantiles = plan.measure { parameters.count } else { 1 } }

    override func prepare() throws(QueryError) {
        try operand.open()
        remarkQuantiles()
        let unbucketed = LabelSelection([LabelName.bucketBound], keeping: false)
        let nameless = LabelSelection(LabelSelection.metadataNames + [LabelName.bucketBound], keeping: false)
        var table = KeyTable(expected: operand.series.count / 8 + 1)
        var key = ByteWriter(capacity: 256)
        var identities: [SeriesIdentity] = []
        for (index, identity) in operand.series.enumerated() {
            let text = identity.labels[LabelName.bucketBound] ?? ""
            guard let bound = GoFormat.number(text), !text.isEmpty else {
                try remarkBadBucket(index, text)
                continue
            }
            key.removeAll()
            (identity.dropsName && !context.delaysNameRemoval ? nameless : unbucketed).write(identity.labels, to: &key)
            let ordinal = key.withBytes { table.ordinal(of: $0) }
            if ordinal == histograms.count {
                histograms.append([])
                identities.append(SeriesIdentity(labels: Labels(unchecked: key.array()), dropsName: true))
            }
            histograms[ordinal].append(Member(index: index, upperBound: bound))
        }
        for index in histograms.indices {
            histograms[index].sort { $0.upperBound == $1.upperBound ? $0.index < $1.index : $0.upperBound < $1.upperBound }
            largest = max(largest, histograms[index].count)
        }
        name(identities)
        if !operand.isStored { buffers = context.workers.map { _ in ColumnBuffer(count: largest * grid.count) } }
        // A quantile's label may take the place of the one that told two histograms apart.
        if case .quantiles = plan.measure { isDistinct = false } else { staysDistinctWithoutNames = operand.staysDistinctWithoutNames }
    }

    private func remarkQuantiles() {
        if case .fraction = plan.measure { return }
        for (index, values) in parameters.enumerated() {
            for q in values where q.isNaN || q < 0 || q > 1 { context.annotate(.invalidQuantile(q, plan.parameterSources[index])) }
        }
    }

    /// Only a series that has samples is worth a remark.
    private func remarkBadBucket(_ index: Int, _ text: String) throws(QueryError) {
        let values = try operand.column(index, 0)
        guard (0..<grid.count).contains(where: { isPresent(values[$0]) }) else { return }
        context.annotate(.badBucketLabel(text, metric: context.delaysNameRemoval ? operand.series[index].labels.metricName ?? "" : "", source))
    }

    private func name(_ identities: [SeriesIdentity]) {
        guard case .quantiles(let label, _) = plan.measure else { series = identities; return }
        series = identities.flatMap { identity in
            parameters.map { values in
                SeriesIdentity(labels: identity.labels.setting(label, values.first.map(GoFormat.openMetrics) ?? ""), dropsName: true)
            }
        }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let members = histograms[index / resultsPerHistogram]
        let parameter = index % resultsPerHistogram
        var columns: [UnsafePointer<Double>] = []
        columns.reserveCapacity(members.count)
        for (position, member) in members.enumerated() {
            let values = try operand.column(member.index, worker)
            if operand.isStored { columns.append(values); continue }
            let copy = buffers[worker].values + position * grid.count
            copy.update(from: values, count: grid.count)
            columns.append(UnsafePointer(copy))
        }
        let out = output(worker)
        var buckets: [Quantile.Bucket] = []
        buckets.reserveCapacity(members.count)
        for step in 0..<grid.count {
            buckets.removeAll(keepingCapacity: true)
            for (position, column) in columns.enumerated() where isPresent(column[step]) {
                buckets.append(Quantile.Bucket(upperBound: members[position].upperBound, count: column[step]))
            }
            out[step] = buckets.isEmpty ? absent : measure(&buckets, step, parameter, index)
        }
        return UnsafePointer(out)
    }

    private func measure(_ buckets: inout [Quantile.Bucket], _ step: Int, _ parameter: Int, _ index: Int) -> Double {
        if case .fraction = plan.measure { return Quantile.fraction(parameters[0][step], parameters[1][step], &buckets) }
        let (value, repair) = Quantile.ofBuckets(parameters[parameter][step], &buckets)
        if let repair { remark(repair, step, index) }
        return value
    }

    private func remark(_ repair: Quantile.Repair, _ step: Int, _ index: Int) {
        let metric = context.delaysNameRemoval ? series[index].labels.metricName ?? "" : ""
        context.annotate(repair, metric: metric, atMillis: grid.time(step), source)
    }
}
