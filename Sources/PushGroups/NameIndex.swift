import Bytes
import MetricFormats
import MetricModel

/// Every metric name that the groups and the gateway itself expose, with its kind and its series: what a push must not contradict.
///
/// Upstream gathers everything for every push; here a push costs what it pushes. The rules and their words are those of client_golang
/// prometheus/registry.go, `checkSuffixCollisions` and `checkMetricConsistency`.
struct NameIndex {
    private struct Entry {
        var kind: ClientMetricFamily.Kind
        /// Whether the gateway exposes the name for itself.
        var isOwn = false
        /// How many families have the name.
        var users = 0
        /// Hashes of the label sets under the name.
        var series: Set<UInt64> = []
    }

    private var entries: [String: Entry] = [:]
    private(set) var seriesCount = 0

    /// - Parameter own: names that the gateway exposes for itself, which stay.
    init(own: [String: ClientMetricFamily.Kind]) {
        for (name, kind) in own { entries[name] = Entry(kind: kind, isOwn: true, users: 1) }
    }

    /// Takes a family in, or throws and takes nothing.
    mutating func insert(_ family: ClientMetricFamily) throws(PushGroupsError) {
        let name = family.name
        let known = entries.removeValue(forKey: name)
        var entry = known ?? Entry(kind: family.kind)
        if let reason = known == nil ? collision(name, family.kind) : Self.ownKind(entry, family) {
            entries[name] = known
            throw .inconsistent(reason: reason)
        }
        var hash = SeriesHash()
        for (index, metric) in family.metrics.enumerated() {
            let reason = Self.contradiction(name, entry.kind, metric)
            if reason == nil, entry.series.insert(hash.of(metric)).inserted { continue }
            for taken in family.metrics[..<index] { entry.series.remove(hash.of(taken)) }
            entries[name] = known == nil ? nil : entry
            throw .inconsistent(reason: reason ?? "collected metric \(LabelName.quoted(name)) { \(metric)} was collected before with the same name and label values")
        }
        entry.users += 1
        entries[name] = entry
        seriesCount += family.metrics.count
    }

    /// Takes out a family that was taken in.
    mutating func remove(_ family: ClientMetricFamily) {
        guard var entry = entries.removeValue(forKey: family.name) else { return }
        var hash = SeriesHash()
        for metric in family.metrics { entry.series.remove(hash.of(metric)) }
        entry.users -= 1
        seriesCount -= family.metrics.count
        if entry.users > 0 { entries[family.name] = entry }
    }

    /// Names that a summary or a histogram has as its parts must not stand for something else.
    private func collision(_ name: String, _ kind: ClientMetricFamily.Kind) -> String? {
        for suffix in ["_count", "_sum", "_bucket"] where name.hasSuffix(suffix) {
            let whole = String(name.dropLast(suffix.count))
            switch entries[whole]?.kind {
            case .summary where suffix != "_bucket":
                return "collected metric named \(LabelName.quoted(name)) collides with previously collected summary named \(LabelName.quoted(whole))"
            case .histogram:
                return "collected metric named \(LabelName.quoted(name)) collides with previously collected histogram named \(LabelName.quoted(whole))"
            default: break
            }
        }
        guard kind == .summary || kind == .histogram else { return nil }
        for suffix in ["_count", "_sum"] where entries[name + suffix] != nil {
            return "collected histogram or summary named \(LabelName.quoted(name)) collides with previously collected metric named \(LabelName.quoted(name + suffix))"
        }
        if kind == .histogram, entries[name + "_bucket"] != nil {
            return "collected histogram named \(LabelName.quoted(name)) collides with previously collected metric named \(LabelName.quoted(name + "_bucket"))"
        }
        return nil
    }

    private static func ownKind(_ entry: Entry, _ family: ClientMetricFamily) -> String? {
        guard entry.isOwn, entry.kind != family.kind else { return nil }
        return "gathered metric family \(family.name) has type \(family.kind.protobufName) but should have \(entry.kind.protobufName)"
    }

    private static func contradiction(_ name: String, _ kind: ClientMetricFamily.Kind, _ metric: ClientMetricFamily.Metric) -> String? {
        func metricText() -> String { "collected metric \(LabelName.quoted(name)) { \(metric)}" }
        if !ClientMetricFamily(name: name, kind: kind).matchesKind(metric) { return "\(metricText()) is not a \(kind.protobufName)" }
        var previous = ""
        for label in metric.labels {
            if label.name == previous { return "\(metricText()) has two or more labels with the same name: \(label.name)" }
            if !LabelName.isLegacy(label.name) || label.name.hasPrefix("__") { return "\(metricText()) has a label with an invalid name: \(label.name)" }
            if kind == .summary, label.name == LabelName.quantile { return "\(metricText()) must not have an explicit \(LabelName.quoted(LabelName.quantile)) label" }
            previous = label.name
        }
        return nil
    }
}

/// Hashes label sets, one after another, without an allocation for each.
private struct SeriesHash: ~Copyable {
    private var bytes = ByteWriter(capacity: 512)

    mutating func of(_ metric: ClientMetricFamily.Metric) -> UInt64 {
        bytes.removeAll()
        for label in metric.labels {
            bytes.appendUvarint(UInt64(label.name.utf8.count))
            bytes.append(utf8: label.name)
            bytes.appendUvarint(UInt64(label.value.utf8.count))
            bytes.append(utf8: label.value)
        }
        return bytes.withBytes { ByteHash.hash($0) }
    }
}
