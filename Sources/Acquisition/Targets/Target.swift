import Bytes
import MetricModel

/// One endpoint to scrape, after relabeling.
package struct Target: Sendable {
    /// Before relabeling, with the defaults of the configuration filled in.
    package let discoveredLabels: Labels
    /// After relabeling, internal `__…` labels included.
    package let allLabels: Labels
    /// Those that its samples get.
    package let labels: Labels
    package let interval: ModelDuration
    package let timeout: ModelDuration
    package let url: TargetURL
    /// Tells targets of one pool apart, by all labels but interval and timeout and by URL; the same in every process.
    package let identity: UInt64

    /// What the labels of a discovered target make of it.
    package enum Outcome: Sendable {
        case active(Target)
        /// Relabeling drops it.
        case dropped(discoveredLabels: Labels)
        case invalid(reason: String)
    }

    /// Source: prometheus `scrape/target.go`, `PopulateLabels`.
    package static func make(_ target: [String: String], in group: TargetGroup, config: ScrapeConfig) -> Outcome {
        var set = discovered(target, group, config)
        let discovered = set.labels
        guard RelabelRule.apply(config.relabelRules, to: &set) else { return .dropped(discoveredLabels: discovered) }

        let address = set[TargetLabel.address]
        if address.isEmpty { return .invalid(reason: "no address") }
        if address.contains("/") { return .invalid(reason: "\(LabelName.quoted(address)) is not a valid hostname") }
        guard let interval = ModelDuration(set[TargetLabel.interval]), interval.millis > 0 else {
            return .invalid(reason: "\(LabelName.quoted(set[TargetLabel.interval])) is not a valid scrape interval")
        }
        guard let timeout = ModelDuration(set[TargetLabel.timeout]), timeout.millis > 0 else {
            return .invalid(reason: "\(LabelName.quoted(set[TargetLabel.timeout])) is not a valid scrape timeout")
        }
        if timeout > interval { return .invalid(reason: "scrape timeout cannot be greater than scrape interval (\(timeout) > \(interval))") }

        set.removeAll { $0.hasPrefix(TargetLabel.metaPrefix) }
        if set[LabelName.instance].isEmpty { set[LabelName.instance] = address }
        let all = set.labels
        var visible = set
        visible.removeAll { $0.hasPrefix(TargetLabel.reservedPrefix) }
        if visible.isEmpty { return .dropped(discoveredLabels: discovered) }
        let url = TargetURL(set, parameters: config.parameters)
        var lasting = set
        lasting.removeAll { $0 == TargetLabel.interval || $0 == TargetLabel.timeout }
        return .active(Target(
            discoveredLabels: discovered, allLabels: all, labels: visible.labels, interval: interval, timeout: timeout, url: url,
            identity: FNV.hash(lasting.labels.packed, FNV.hash(Array(url.text.utf8)))))
    }

    /// Group and target labels, then what the configuration says where they are silent.
    private static func discovered(_ target: [String: String], _ group: TargetGroup, _ config: ScrapeConfig) -> LabelSet {
        var set = LabelSet()
        for (name, value) in group.labels { set[name] = value }
        for (name, value) in target { set[name] = value }
        let defaults = [
            (LabelName.job, config.job), (TargetLabel.interval, config.interval.description), (TargetLabel.timeout, config.timeout.description),
            (TargetLabel.metricsPath, config.metricsPath), (TargetLabel.scheme, config.scheme),
        ]
        for (name, value) in defaults where set[name].isEmpty { set[name] = value }
        for (name, values) in config.parameters where set[TargetLabel.parameterPrefix + name].isEmpty { set[TargetLabel.parameterPrefix + name] = values.first ?? "" }
        return set
    }
}

/// The Fowler–Noll–Vo hash, 64 bits, variant 1a: for hashes that must be the same in every process.
enum FNV {
    static func hash(_ bytes: [UInt8], _ state: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
        bytes.reduce(state) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
