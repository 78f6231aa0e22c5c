import MetricFormats
import MetricModel

/// Turns the labels that a target exposes into those that are stored, and checks them.
struct SampleLabels: Sendable {
    struct Refusal: Error {
        let reason: String
        var isLimit = false
    }

    private let targetPairs: [(name: String, value: String)]
    private let honorsLabels: Bool
    private let rules: [RelabelRule]
    private let names: NameRules
    private let labelLimit: Int
    private let nameLengthMax: Int
    private let valueLengthMax: Int

    init(_ target: Target, _ config: ScrapeConfig) {
        targetPairs = target.labels.pairs
        honorsLabels = config.honorsLabels
        rules = config.metricRelabelRules
        names = config.nameRules
        labelLimit = config.labelLimit
        nameLengthMax = config.labelNameLengthMax
        valueLengthMax = config.labelValueLengthMax
    }

    /// The labels to store, or nil where relabeling drops the series.
    func stored(_ exposed: ExpositionParser.LabelPairs) throws(Refusal) -> Labels? {
        var set = LabelSet(exposed)
        if honorsLabels {
            // An exposed label with an empty value still keeps the target's away.
            for pair in targetPairs where !exposed.contains(where: { $0.name == pair.name }) { set[pair.name] = pair.value }
        } else {
            let conflicts = targetPairs.map { (name: $0.name, value: set[$0.name]) }.filter { !$0.value.isEmpty }
            for pair in targetPairs { set[pair.name] = pair.value }
            for conflict in conflicts.sorted(by: { $0.name.utf8.count < $1.name.utf8.count }) {
                var name = TargetLabel.exportedPrefix + conflict.name
                while !set[name].isEmpty { name = TargetLabel.exportedPrefix + name }
                set[name] = conflict.value
            }
        }
        guard RelabelRule.apply(rules, to: &set), !set.isEmpty else { return nil }
        try check(set)
        return set.labels
    }

    private func check(_ set: LabelSet) throws(Refusal) {
        let metric = set[LabelName.metric]
        if metric.isEmpty { throw Refusal(reason: "missing metric name (__name__ label)") }
        if !names.allowsMetric(metric) || set.pairs.contains(where: { !names.allowsLabel($0.name) }) {
            throw Refusal(reason: "invalid metric name or label names: \(set.labels)")
        }
        let shown = metric.prefix(50)
        if labelLimit > 0, set.pairs.count > labelLimit {
            throw Refusal(reason: "label_limit exceeded (metric: \(shown), number of labels: \(set.pairs.count), limit: \(labelLimit))", isLimit: true)
        }
        for (name, value) in set.pairs {
            if nameLengthMax > 0, name.utf8.count > nameLengthMax {
                throw Refusal(reason: "label_name_length_limit exceeded (metric: \(shown), label name: \(name.prefix(50)), length: \(name.utf8.count), limit: \(nameLengthMax))", isLimit: true)
            }
            if valueLengthMax > 0, value.utf8.count > valueLengthMax {
                throw Refusal(
                    reason: "label_value_length_limit exceeded (metric: \(shown), label name: \(name.prefix(50)), value: \(LabelName.quoted(String(value.prefix(50)))), length: \(value.utf8.count), limit: \(valueLengthMax))",
                    isLimit: true)
            }
        }
    }

    /// The labels of an automatic series such as `up`.
    func automatic(_ metric: String) -> Labels { Labels([(LabelName.metric, metric)] + targetPairs.map { ($0.name, $0.value) }) }
}
