import Bytes
import MetricModel

/// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`, over native histograms and over classic ones: series that differ
/// only in `le` are the buckets of one.
final class HistogramOperator: SeriesOperator {
    private let plan: HistogramPlan
    private let operand: SeriesOperator
    /// The scalar arguments: the quantiles, or the two ends of a fraction.
    private let parameters: [[Double]]
    private var histograms: [Source] = []
    private var buffers: [ColumnBuffer] = []
    private var largest = 0

    /// What a histogram is computed from.
    private struct Source {
        /// The series of the buckets of a classic histogram, lowest bound first.
        var buckets: [Bucket] = []
        /// The series of the native histogram of the same name.
        var native: Int?
    }

    private struct Bucket {
        let index: Int
        let upperBound: Double
    }

    init(_ operand: SeriesOperator, _ plan: HistogramPlan, parameters: [[Double]]) {
        self.plan = plan
        self.operand = operand.context.needsHistogramScan ? StoredOperator(operand) : operand
        self.parameters = parameters
        super.init(operand.context, operand.grid, plan.source)
    }

    /// How many results each histogram has.
    private var resultsPerHistogram: Int { if case .quantiles = plan.measure { parameters.count } else { 1 } }

    // MARK: Series

    override func prepare() throws(QueryError) {
        operand.leaveNames()
        try operand.open()
        remarkQuantiles()
        let unbucketed = LabelSelection([LabelName.bucketBound], keeping: false)
        let nameless = LabelSelection(LabelSelection.metadataNames + [LabelName.bucketBound], keeping: false)
        var table = KeyTable(expected: operand.series.count / 8 + 1)
        var key = ByteWriter(capacity: 256)
        var identities: [SeriesIdentity] = []
        func place(_ labels: Labels) -> Int {
            let ordinal = labels.packed.withUnsafeBufferPointer { table.ordinal(of: $0) }
            if ordinal == histograms.count {
                histograms.append(Source())
                identities.append(SeriesIdentity(labels: labels, dropsName: true))
            }
            return ordinal
        }
        for (index, identity) in operand.series.enumerated() {
            let text = identity.labels[LabelName.bucketBound] ?? ""
            let bound = text.isEmpty ? nil : GoFormat.number(text)
            // A series without a bound is a native histogram or a mistake.
            if bound == nil || context.needsHistogramScan, try isNative(index, remarking: bound == nil ? text : nil) {
                let labels = context.delaysNameRemoval ? identity.labels : identity.visible
                histograms[place(labels)].native = index
            }
            guard let bound else { continue }
            key.removeAll()
            (identity.dropsName && !context.delaysNameRemoval ? nameless : unbucketed).write(identity.labels, to: &key)
            histograms[place(Labels(unchecked: key.array()))].buckets.append(Bucket(index: index, upperBound: bound))
        }
        for index in histograms.indices {
            histograms[index].buckets.sort { $0.upperBound == $1.upperBound ? $0.index < $1.index : $0.upperBound < $1.upperBound }
            largest = max(largest, histograms[index].buckets.count + 1)
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

    /// Whether a series has native histograms. `remarking`: a bound that is none, which is worth a remark where the series has floats.
    private func isNative(_ index: Int, remarking text: String?) throws(QueryError) -> Bool {
        let histogramCount = context.histograms.count
        let values = try operand.column(index, 0)
        let hasHistograms = context.hasHistograms(values, 0..<grid.count)
        if let text, (0..<grid.count).contains(where: { isPresent(values[$0]) && !(hasHistograms && HistogramMark.isMark(values[$0])) }) {
            context.annotate(.badBucketLabel(text, metric: metric(of: operand.series[index].labels), source))
        }
        if !operand.isStored { context.forgetHistograms(from: histogramCount) }
        return hasHistograms
    }

    /// What remarks call a metric; nothing where names are gone by now.
    private func metric(of labels: Labels) -> String { context.delaysNameRemoval ? labels.metricName ?? "" : "" }

    private func name(_ identities: [SeriesIdentity]) {
        guard case .quantiles(let label, _) = plan.measure else { series = identities; return }
        series = identities.flatMap { identity in
            parameters.map { values in
                SeriesIdentity(labels: identity.labels.setting(label, values.first.map(GoFormat.openMetrics) ?? ""), dropsName: true)
            }
        }
    }

    // MARK: Values

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let histogram = histograms[index / resultsPerHistogram]
        let parameter = index % resultsPerHistogram
        var columns: [UnsafePointer<Double>] = []
        columns.reserveCapacity(histogram.buckets.count)
        for (position, bucket) in histogram.buckets.enumerated() { columns.append(try kept(bucket.index, position, worker)) }
        let native = try histogram.native.map { index throws(QueryError) in try kept(index, histogram.buckets.count, worker) }
        let mixes = context.histograms.isUsed && columns.contains { HistogramMark.occurs(in: $0, 0..<grid.count) }
        if mixes { context.demandHistogramScan() }
        let out = output(worker)
        var buckets: [Quantile.Bucket] = []
        buckets.reserveCapacity(columns.count)
        var repairs: MonotonicityNote?
        for step in 0..<grid.count {
            buckets.removeAll(keepingCapacity: true)
            for (position, column) in columns.enumerated() where isPresent(column[step]) && !(mixes && HistogramMark.isMark(column[step])) {
                buckets.append(Quantile.Bucket(upperBound: histogram.buckets[position].upperBound, count: column[step]))
            }
            if let native, HistogramMark.isMark(native[step]) {
                out[step] = buckets.isEmpty ? measure(context.histograms[native[step]], step, parameter, index) : absent
                if !buckets.isEmpty { context.annotate(.mixedClassicAndNative(metric(of: series[index].labels), source)) }
            } else {
                out[step] = buckets.isEmpty ? absent : measure(&buckets, step, parameter, &repairs)
            }
        }
        if let repairs { context.annotate(repairs, metric: metric(of: series[index].labels)) }
        return UnsafePointer(out)
    }

    /// An operand's column, kept until the worker computes its next result.
    private func kept(_ index: Int, _ position: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let values = try operand.column(index, worker)
        if operand.isStored { return values }
        let copy = buffers[worker].values + position * grid.count
        copy.update(from: values, count: grid.count)
        return UnsafePointer(copy)
    }

    private func measure(_ histogram: FloatHistogram, _ step: Int, _ parameter: Int, _ index: Int) -> Double {
        let (value, doubt) =
            if case .fraction = plan.measure { histogram.fraction(parameters[0][step], parameters[1][step]) } else { histogram.quantile(parameters[parameter][step]) }
        if let doubt { context.annotate(.doubtful(doubt, metric: metric(of: series[index].labels), source)) }
        return value
    }

    private func measure(_ buckets: inout [Quantile.Bucket], _ step: Int, _ parameter: Int, _ repairs: inout MonotonicityNote?) -> Double {
        if case .fraction = plan.measure { return Quantile.fraction(parameters[0][step], parameters[1][step], &buckets) }
        let (value, repair) = Quantile.ofBuckets(parameters[parameter][step], &buckets)
        if let repair {
            let note = MonotonicityNote(repair: repair, firstMillis: grid.time(step), lastMillis: grid.time(step), source: source)
            if repairs == nil { repairs = note } else { repairs?.merge(note) }
        }
        return value
    }
}
