import Bytes
import MetricModel
import TraceModel

/// Translates `MetricsData` into a batch of samples in one walk over the bytes, without a model in between.
///
/// Source: prometheusremotewrite `metrics_to_prw.go`, `helper.go`, `number_data_points.go`.
struct MetricTranslator: ~Copyable {
    /// `target_info` gets at most so many samples a resource, the latest ones, however far apart its data points lie.
    private static let targetInfoSamplesMax = 1000

    let options: MetricTranslationOptions
    let memoryMax: Int
    private let metricNamer: MetricNamer

    var common: CommonDecoder
    var labels: SeriesLabels
    var translation = MetricTranslation()

    /// The current metric's name, escaped and with its suffixes.
    var name = ByteWriter(capacity: 128)

    private var arena: ByteWriter
    private var series: [SampleBatch.Series] = []
    private var timestamps: [Int64] = []
    private var values: [Double] = []
    private var histograms: [SampleBatch.HistogramRow] = []
    private var exemplars: [SampleBatch.ExemplarRow] = []
    /// Those of the current data point.
    var pointExemplars: [Exemplar] = []

    private var earliestUnixNano = UInt64.max
    private var latestUnixNano: UInt64 = 0
    private var seenTargetInfo: Set<TargetInfo> = []

    private struct TargetInfo: Hashable {
        let labels: [UInt8]
        let timestamp: Int64
    }

    /// What `histogram` keeps between data points; see there.
    var bucketCounts: [UInt64] = []
    var boundBits: [UInt64] = []
    var formattedBoundBits: [UInt64] = []
    var formattedBounds = ByteWriter(capacity: 256)
    var formattedBoundEnds: [Int] = []
    var quantiles: [(quantile: Double, value: Double)] = []
    /// Those of the current exponential histogram.
    var positiveBuckets = ExponentialBuckets()
    var negativeBuckets = ExponentialBuckets()

    init(options: MetricTranslationOptions, memoryMax: Int, bodyBytes: Int) {
        self.options = options
        self.memoryMax = memoryMax
        common = CommonDecoder(memoryMax: memoryMax)
        metricNamer = MetricNamer(escapes: options.strategy.escapes, addsSuffixes: options.strategy.addsSuffixes)
        labels = SeriesLabels(namer: LabelNamer(
            escapes: options.strategy.escapes, underscoreSanitization: options.labelNameUnderscoreSanitization,
            preservesMultipleUnderscores: options.labelNamePreservesMultipleUnderscores))
        arena = ByteWriter(capacity: bodyBytes)
    }

    consuming func finish() -> MetricTranslation {
        translation.batch.arena = arena.array()
        translation.batch.series = series
        translation.batch.timestamps = timestamps
        translation.batch.values = values
        translation.batch.histograms = histograms
        translation.batch.exemplars = exemplars
        return translation
    }

    mutating func metricsData(_ reader: MessageReader) throws(OTLPError) {
        var reader = reader
        while let field = try reader.next() {
            if field == 1 { try resourceMetrics(reader.message("ResourceMetrics")) } else { try reader.skip() }
        }
    }

    private mutating func resourceMetrics(_ message: MessageReader) throws(OTLPError) {
        var resource = Resource()
        var reader = message
        while let field = try reader.next() {
            if field == 1 { resource = try common.resource(reader.message("Resource")) } else { try reader.skip() }
        }
        guard setResource(resource) else {
            return try refuseAll(message)
        }
        earliestUnixNano = .max
        latestUnixNano = 0
        reader = message
        while let field = try reader.next() {
            if field == 2 { try scopeMetrics(reader.message("ScopeMetrics")) } else { try reader.skip() }
        }
        if earliestUnixNano < .max { try targetInfo(resource) }
    }

    private mutating func setResource(_ resource: Resource) -> Bool {
        labels.beginResource()
        for attribute in resource.attributes where options.promotion.includes(attribute.key) {
            guard labels.promote(attribute.key, attribute.value.text) else { return false }
        }
        if let name = resource.attributes["service.name"]?.text {
            let job = (resource.attributes["service.namespace"].map { $0.text + "/" } ?? "") + name
            if !job.isEmpty { labels.override(label: LabelName.job, job) }
        }
        if let instance = resource.attributes["service.instance.id"]?.text, !instance.isEmpty { labels.override(label: LabelName.instance, instance) }
        labels.endResource()
        return true
    }

    private mutating func scopeMetrics(_ message: MessageReader) throws(OTLPError) {
        labels.beginScope()
        var reader = message
        if options.promotesScopeMetadata {
            var scope = InstrumentationScope()
            var schemaURL = ""
            while let field = try reader.next() {
                switch field {
                case 1: scope = try common.scope(reader.message("InstrumentationScope"))
                case 3: schemaURL = try reader.string()
                default: try reader.skip()
                }
            }
            guard setScope(scope, schemaURL) else { return try refuseAll(scope: message) }
            reader = message
        }
        while let field = try reader.next() {
            if field == 2 { try metric(reader.message("Metric")) } else { try reader.skip() }
        }
    }

    private mutating func setScope(_ scope: InstrumentationScope, _ schemaURL: String) -> Bool {
        guard !scope.name.isEmpty else { return true }
        for attribute in scope.attributes {
            guard labels.override(attribute: "otel_scope_" + attribute.key, attribute.value.text) else { return false }
        }
        labels.override(label: "otel_scope_name", scope.name)
        labels.override(label: "otel_scope_version", scope.version)
        labels.override(label: "otel_scope_schema_url", schemaURL)
        labels.endScope()
        return true
    }

    private mutating func metric(_ message: MessageReader) throws(OTLPError) {
        guard let metric = try MetricHeader(message) else { return }
        translation.pointCount += metric.pointCount
        var reader = metric.data
        // Data points are first asked for their time, also those refused below: `target_info` spans them all.
        while let field = try reader.next() {
            if field == 1 { try noteTime(of: reader.message("DataPoint"), metric.kind) } else { try reader.skip() }
        }
        if let refusal = metric.refusal {
            return translation.refuse(points: metric.pointCount, "metric \"\(metric.nameText)\": \(refusal)")
        }
        name.removeAll()
        guard metricNamer.append(metric.name, metric.unit, metric.kind, to: &name) else {
            return translation.refuse(points: metric.pointCount, "metric \"\(metric.nameText)\": no Prometheus name can be made of its name")
        }
        guard metric.pointCount > 0 else { return }

        let seriesBefore = series.count
        reader = metric.data
        while let field = try reader.next() {
            guard field == 1 else { try reader.skip(); continue }
            labels.beginPoint()
            var isTaken = false
            switch metric.kind {
            case .gauge, .monotonicSum, .nonMonotonicSum: isTaken = try numberPoint(reader.message("NumberDataPoint"), keepsExemplars: metric.kind != .gauge)
            case .histogram: isTaken = try histogramPoint(reader.message("HistogramDataPoint"))
            case .summary: isTaken = try summaryPoint(reader.message("SummaryDataPoint"))
            case .exponentialHistogram:
                switch try exponentialPoint(reader.message("ExponentialHistogramDataPoint")) {
                case .taken: isTaken = true
                case .unnamed: break
                case .refused(let reason):
                    translation.refuse(points: 1, "metric \"\(metric.nameText)\": \(reason)")
                    continue
                }
            case .unknown: break
            }
            if !isTaken {
                translation.refuse(points: 1, "metric \"\(metric.nameText)\": an attribute's key gives no label name; it needs a letter or a digit")
            }
        }
        if series.count > seriesBefore { describe(metric) }
    }

    private mutating func describe(_ metric: MetricHeader) {
        let name = name.withBytes { String(decoding: $0, as: UTF8.self) }
        let unit = UnitNamer(String(decoding: metric.unit, as: UTF8.self)).metadata
        translation.batch.metadata.append((name, MetricMetadata(kind: metric.promKind, unit: unit, help: String(decoding: metric.description, as: UTF8.self))))
    }

    private mutating func noteTime(of point: MessageReader, _ kind: MetricNamer.Kind) throws(OTLPError) {
        // The field has the same number in all data points.
        var point = point
        while let field = try point.next() {
            guard field == 3 else { try point.skip(); continue }
            let time = try point.fixed64()
            earliestUnixNano = min(earliestUnixNano, time)
            latestUnixNano = max(latestUnixNano, time)
            return
        }
        earliestUnixNano = 0
    }

    private mutating func refuseAll(_ resourceMetrics: MessageReader) throws(OTLPError) {
        var reader = resourceMetrics
        while let field = try reader.next() {
            if field == 2 { try refuseAll(scope: reader.message("ScopeMetrics")) } else { try reader.skip() }
        }
    }

    private mutating func refuseAll(scope: MessageReader) throws(OTLPError) {
        var reader = scope
        while let field = try reader.next() {
            guard field == 2 else { try reader.skip(); continue }
            guard let metric = try MetricHeader(reader.message("Metric")) else { continue }
            translation.pointCount += metric.pointCount
            translation.refuse(points: metric.pointCount, "an attribute's key of the resource or scope gives no label name; it needs a letter or a digit")
        }
    }

    // MARK: Series

    enum Extra { case none, bound(UnsafeBufferPointer<UInt8>), quantile(UnsafeBufferPointer<UInt8>) }

    /// Adds a series of one sample with the current data point's labels.
    mutating func append(_ suffix: StaticString, _ extra: Extra = .none, _ timestamp: Int64, _ value: Double) throws(OTLPError) {
        let start = arena.count
        name.withBytes { name in
            switch extra {
            case .none: labels.append(name: name, suffix: suffix, to: &arena)
            case .bound(let bound): labels.append(name: name, bound: bound, to: &arena)
            case .quantile(let quantile): labels.append(name: name, quantile: quantile, to: &arena)
            }
        }
        try append(keyFrom: start, timestamps: CollectionOfOne(timestamp), value)
    }

    /// Adds a series of one native histogram with the current data point's labels.
    mutating func append(histogram: NativeHistogram, _ timestamp: Int64) throws(OTLPError) {
        let start = arena.count
        name.withBytes { labels.append(name: $0, to: &arena) }
        histograms.append(SampleBatch.HistogramRow(series: series.count, timestamp: timestamp, histogram: histogram))
        try append(keyFrom: start, timestamps: EmptyCollection(), 0)
    }

    private mutating func append(keyFrom start: Int, timestamps newTimestamps: some Collection<Int64>, _ value: Double) throws(OTLPError) {
        let first = values.count
        timestamps.append(contentsOf: newTimestamps)
        values.append(contentsOf: repeatElement(value, count: newTimestamps.count))
        series.append(SampleBatch.Series(keyOffset: start, keyLength: arena.count - start, keyEncoding: .packed, samples: first..<values.count))
        // Labels of a resource are repeated in every series, so a small body can become a large batch.
        guard arena.count + series.count * MemoryLayout<SampleBatch.Series>.stride + values.count * 16 <= memoryMax else { throw .tooLarge(limit: memoryMax) }
    }

    /// The place in the batch of the series that was added last.
    var lastSeries: Int { series.count - 1 }

    mutating func attach(_ exemplar: Exemplar, to series: Int) { exemplars.append(SampleBatch.ExemplarRow(series: series, exemplar: exemplar)) }

    /// Reads an attribute of a data point; false when its key cannot become a label name.
    mutating func attribute(_ message: MessageReader) throws(OTLPError) -> Bool {
        var key = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var value: MessageReader?
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 1: key = try reader.bytes()
            case 2: value = try reader.message("AnyValue")
            default: try reader.skip()
            }
        }
        if key.equals("__name__") { return true }
        guard let value else { return try labels.add(key) { (_) throws(OTLPError) in } }
        var plain = value
        if try plain.next() == 1 {
            let text = try plain.bytes()
            if plain.isAtEnd { return try labels.add(key) { (out) throws(OTLPError) in out.append(text) } }
        }
        let text = try common.value(value, depth: 0).text
        return try labels.add(key) { (out) throws(OTLPError) in out.append(utf8: text) }
    }

    /// Nanoseconds to milliseconds with Go's conversions.
    static func millis(_ unixNano: UInt64) -> Int64 { Int64(bitPattern: unixNano) / 1_000_000 }

    // MARK: target_info

    private mutating func targetInfo(_ resource: Resource) throws(OTLPError) {
        let identifying = ["service.namespace", "service.name", "service.instance.id"]
        guard resource.attributes.count > identifying.count(where: { resource.attributes[$0] != nil }) else { return }
        labels.beginScope()
        labels.beginPoint()
        for attribute in resource.attributes where options.keepsIdentifyingResourceAttributes || !identifying.contains(attribute.key) {
            guard labels.add(attribute.key, attribute.value.text) else {
                return translation.refuse(points: 0, "target_info: the resource attribute \"\(attribute.key)\" gives no label name; it needs a letter or a digit")
            }
        }
        labels.endPoint(promotes: false)
        guard labels.hasIdentity else { return }

        let start = arena.count
        let name: StaticString = "target_info"
        labels.append(name: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), to: &arena)
        let key = arena.withBytes { [UInt8]($0[start...]) }
        let times = targetInfoTimes().filter { seenTargetInfo.insert(TargetInfo(labels: key, timestamp: $0)).inserted }
        guard !times.isEmpty else { return }
        try append(keyFrom: start, timestamps: times, 1)
        if !translation.batch.metadata.contains(where: { $0.metric == "target_info" }) {
            translation.batch.metadata.append(("target_info", MetricMetadata(kind: .gauge, help: "Target metadata")))
        }
    }

    /// From the earliest data point to the latest in steps of half a lookback, and the latest.
    private func targetInfoTimes() -> [Int64] {
        let (first, last) = (Self.millis(earliestUnixNano), Self.millis(latestUnixNano))
        let step = max(options.lookbackMillis / 2, 1)
        guard first < last else { return [last] }
        let steps = (last.subtractingReportingOverflow(first).partialValue &- 1) / step + 1
        let skipped = max(0, steps - Int64(Self.targetInfoSamplesMax) + 1)
        return (skipped..<max(steps, skipped)).map { first &+ $0 * step } + [last]
    }
}
