import MetricModel

/// One sample as the rules see it.
struct OpenMetricsSample {
    let name: String
    let labels: [String: String]
    let value: Double
    let timestampSeconds: Double?
    let hasExemplar: Bool

    init(_ parser: ExpositionParser, _ pairs: ExpositionParser.LabelPairs, exemplarLabels: ExpositionParser.LabelPairs) throws(BrokenRule) {
        name = pairs[0].value
        labels = Dictionary(uniqueKeysWithValues: pairs.dropFirst().map { ($0.name, $0.value) })
        value = parser.value
        timestampSeconds = parser.timestampSeconds
        hasExemplar = parser.exemplar != nil
        if let reserved = labels.keys.first(where: { $0.hasPrefix("__") }) { throw .rule("the label name \(reserved) is reserved") }
        try Self.checkCommas(parser.metric, isMetric: true)
        if let exemplar = parser.exemplar {
            try Self.checkCommas(exemplar.labelSet, isMetric: false)
            if Set(exemplarLabels.map(\.name)).count != exemplarLabels.count { throw .rule("a label name of the exemplar is not unique") }
            if exemplarLabels.reduce(0, { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }) > 128 {
                throw .rule("the exemplar's labels are longer than 128 characters")
            }
        }
    }

    private static func checkCommas(_ text: ExpositionParser.Span, isMetric: Bool) throws(BrokenRule) {
        guard let brace = text.firstIndex(of: UInt8(ascii: "{")) else { return }
        var reader = LabelSetReader(.init(rebasing: text[brace...]), dialect: .openMetrics, allowsMetricName: isMetric)
        do { while try reader.next() != nil {} } catch { throw .rule(error.reason) }
        if reader.hasTrailingComma { throw .rule("a comma stands before the closing brace") }
    }

    /// The labels that tell the groups of a family apart: without those that tell the samples of one group apart.
    func groupLabels(family: String, kind: MetricKind) -> [String: String] {
        var group = labels
        switch kind {
        case .info: return [:]
        case .summary where name == family: group[LabelName.quantile] = nil
        case .stateset: group[family] = nil
        case .histogram where name == family + "_bucket", .gaugehistogram where name == family + "_bucket": group[LabelName.bucketBound] = nil
        default: break
        }
        return group
    }
}

/// The metric family that is being read, and what has been seen of it.
struct OpenMetricsFamily {
    let name: String
    private(set) var kind: MetricKind?
    private var help: String?
    private var unit: String?
    private var samples: [OpenMetricsSample] = []
    private var hasSamples = false
    private var group: [String: String]?
    private var groupTimestamp: Double?
    private var seenGroups: Set<[String: String]> = []
    private var seenInGroup: Set<[String: String]> = []

    init(_ name: String) { self.name = name }

    static func suffixes(of kind: MetricKind) -> [String] {
        switch kind {
        case .counter: ["_total", "_created"]
        case .summary: ["", "_count", "_sum", "_created"]
        case .histogram: ["_count", "_sum", "_bucket", "_created"]
        case .gaugehistogram: ["_gcount", "_gsum", "_bucket"]
        case .info: ["_info"]
        case .gauge, .stateset, .unknown: [""]
        }
    }

    func allows(_ sampleName: String) -> Bool {
        sampleName.hasPrefix(name) && Self.suffixes(of: kind ?? .unknown).contains(String(sampleName.dropFirst(name.count)))
    }

    mutating func takeMetadata(_ entry: ExpositionParser.Entry, _ parser: ExpositionParser) throws(BrokenRule) {
        if hasSamples { throw .rule("metadata of \(name) follows its samples") }
        switch entry {
        case .help:
            if help != nil { throw .rule("\(name) has two HELP lines") }
            help = parser.help()
        case .type:
            if kind != nil { throw .rule("\(name) has two TYPE lines") }
            kind = parser.kind
        case .unit:
            if unit != nil { throw .rule("\(name) has two UNIT lines") }
            unit = parser.unit()
        case .series, .comment: break
        }
    }

    mutating func take(_ sample: OpenMetricsSample) throws(BrokenRule) {
        hasSamples = true
        try checkLabels(sample)
        try enterGroup(sample)
        try checkValue(sample)
    }

    // MARK: - One sample

    private func number(_ text: String?, _ what: String) throws(BrokenRule) -> Double {
        guard let text, let number = DecimalParser.parse(text) else { throw .rule("\(what) of \(name) is missing or no number") }
        if number == .infinity, text != "+Inf" { throw .rule("\(what) of \(name) must be written +Inf") }
        return number
    }

    private func checkLabels(_ sample: OpenMetricsSample) throws(BrokenRule) {
        if kind == .stateset, sample.labels[name] == nil { throw .rule("a state of \(name) lacks the label \(name)") }
        if sample.name == name + "_bucket", try number(sample.labels[LabelName.bucketBound], "the label le").isNaN { throw .rule("the label le of \(name) is not a number") }
        if kind == .summary, sample.name == name, !(0...1).contains(try number(sample.labels[LabelName.quantile], "the label quantile")) {
            throw .rule("the label quantile of \(name) is not between 0 and 1")
        }
        let isCount = ["_bucket", "_count", "_gcount"].contains { sample.name == name + $0 }
        if isCount, !sample.value.isFinite || sample.value != sample.value.rounded() { throw .rule("\(sample.name) must be a whole number") }
    }

    private mutating func enterGroup(_ sample: OpenMetricsSample) throws(BrokenRule) {
        let entered = sample.groupLabels(family: name, kind: kind ?? .unknown)
        if group == entered {
            if (sample.timestampSeconds == nil) != (groupTimestamp == nil) { throw .rule("some samples of a group of \(name) have timestamps and some have none") }
            if let before = groupTimestamp, let now = sample.timestampSeconds, before > now, kind != .info {
                throw .rule("timestamps go backwards within a group of \(name)")
            }
        } else {
            if group != nil, seenGroups.contains(entered) { throw .rule("the samples of a group of \(name) do not stand together") }
            seenInGroup = []
        }
        var identity = sample.labels
        identity[LabelName.metric] = sample.name
        // Equal timestamps may be two that were cut to the same digits: the first sample stands.
        if sample.timestampSeconds != groupTimestamp || !seenInGroup.contains(identity) { samples.append(sample) }
        seenInGroup.insert(identity)
        group = entered
        groupTimestamp = sample.timestampSeconds
        seenGroups.insert(entered)
    }

    private func checkValue(_ sample: OpenMetricsSample) throws(BrokenRule) {
        let value = sample.value
        let suffix = sample.name.dropFirst(name.count)
        if kind == .stateset, value != 0, value != 1 { throw .rule("a state of \(name) is neither 0 nor 1") }
        if kind == .info, value != 1 { throw .rule("the info metric \(name) is not 1") }
        if kind == .summary, suffix.isEmpty, value < 0 { throw .rule("a quantile of \(name) is negative") }
        if ["_total", "_sum", "_count", "_bucket", "_gcount", "_gsum"].contains(suffix), value.isNaN { throw .rule("\(sample.name) is NaN") }
        if ["_total", "_sum", "_count", "_bucket", "_gcount"].contains(suffix), value < 0 { throw .rule("\(sample.name) is negative") }
        let allowsExemplar = kind == .counter ? suffix == "_total" : (kind == .histogram || kind == .gaugehistogram) && suffix == "_bucket"
        if sample.hasExemplar, !allowsExemplar { throw .rule("\(sample.name) has an exemplar; only counters and buckets may") }
    }

    // MARK: - The whole family

    func checkWhole() throws(BrokenRule) {
        if let unit, !unit.isEmpty {
            if !name.hasSuffix("_" + unit) { throw .rule("the unit \(unit) is not the last part of the metric name \(name)") }
            if kind == .info || kind == .stateset { throw .rule("\(name) has a unit, which its type does not allow") }
        }
        if kind == .histogram || kind == .gaugehistogram { try checkHistogram() }
    }

    private func checkHistogram() throws(BrokenRule) {
        var current: HistogramGroup?
        var labels: [String: String]?
        var timestamp: Double?
        for sample in samples {
            let entered = sample.groupLabels(family: name, kind: .histogram)
            if current == nil || labels != entered || timestamp != sample.timestampSeconds {
                try current?.check(name)
                current = HistogramGroup()
            }
            labels = entered
            timestamp = sample.timestampSeconds
            try current?.take(sample, family: name)
        }
        try current?.check(name)
    }
}

/// The buckets, count and sum of one histogram at one time.
private struct HistogramGroup {
    private var bound: Double?
    private var cumulative = 0.0
    private var count: Double?
    private var hasSum = false
    private var hasGaugeSum = false
    private var hasNegativeBound = false
    private var hasNegativeGaugeSum = false

    mutating func take(_ sample: OpenMetricsSample, family: String) throws(BrokenRule) {
        switch sample.name.dropFirst(family.count) {
        case "_bucket":
            guard let text = sample.labels[LabelName.bucketBound], let next = DecimalParser.parse(text) else { return }
            if next < 0 { hasNegativeBound = true }
            if let bound, next <= bound { throw .rule("the buckets of \(family) are not in order") }
            if sample.value < cumulative { throw .rule("the buckets of \(family) do not grow") }
            bound = next
            cumulative = sample.value
        case "_count", "_gcount": count = sample.value
        case "_sum": hasSum = true
        case "_gsum":
            hasGaugeSum = true
            if sample.value < 0 { hasNegativeGaugeSum = true }
        default: break
        }
    }

    func check(_ family: String) throws(BrokenRule) {
        if bound != .infinity { throw .rule("\(family) has no bucket +Inf") }
        if let count, count != cumulative { throw .rule("the count of \(family) differs from its bucket +Inf") }
        if hasSum || hasGaugeSum, count == nil { throw .rule("\(family) has a sum and no count") }
        if !(hasSum || hasGaugeSum), count != nil { throw .rule("\(family) has a count and no sum") }
        if hasNegativeBound, hasSum { throw .rule("\(family) has negative buckets and a sum") }
        if !hasNegativeBound, hasNegativeGaugeSum { throw .rule("\(family) has a negative sum and no negative bucket") }
    }
}
