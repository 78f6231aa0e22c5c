import Bytes
import MetricFormats
import MetricModel

/// The labels that name a group: those of the path it is pushed to, `job` among them, sorted by name.
///
/// A label that is present and empty is another key than one that is absent, as upstream has it.
package struct GroupingKey: Hashable, Sendable {
    package let labels: [ClientMetricFamily.Label]

    /// Of labels with one name the last counts; `job` counts over any of them.
    package init(job: String, labels: [ClientMetricFamily.Label] = []) {
        var byName: [String: String] = [:]
        for label in labels { byName[label.name] = label.value }
        byName[LabelName.job] = job
        self.labels = byName.map { ClientMetricFamily.Label($0.key, $0.value) }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Labels that are sorted and unique already.
    init(sorted labels: [ClientMetricFamily.Label]) { self.labels = labels }

    package var job: String { labels.first { $0.name == LabelName.job }?.value ?? "" }

    /// Order of names and values, for answers that are the same each time.
    package static func precedes(_ a: GroupingKey, _ b: GroupingKey) -> Bool {
        a.labels.lexicographicallyPrecedes(b.labels) { x, y in
            x.name == y.name ? x.value.utf8.lexicographicallyPrecedes(y.value.utf8) : x.name.utf8.lexicographicallyPrecedes(y.name.utf8)
        }
    }
}

extension ClientMetricFamily.Metric {
    /// Gives the metric its group's labels, whatever it said of them itself, and an `instance` where neither says one; so that a scrape
    /// that honours labels leaves them as they are (`sanitizeLabels` in upstream's storage/diskmetricstore.go).
    mutating func take(_ key: GroupingKey) {
        var missing = key.labels
        for index in labels.indices {
            guard let at = missing.firstIndex(where: { $0.name == labels[index].name }) else { continue }
            labels[index].value = missing.remove(at: at).value
        }
        labels += missing
        if !labels.contains(where: { $0.name == LabelName.instance }) { labels.append(.init(LabelName.instance, "")) }
        labels.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// What of memory the metric holds, about.
    var byteCount: Int {
        var count = 96
        for label in labels { count += 32 + label.name.utf8.count + label.value.utf8.count }
        switch value {
        case .summary(let summary): count += 16 * summary.quantiles.count
        case .histogram(let histogram): count += 16 * histogram.buckets.count + histogram.native.count
        default: break
        }
        return count
    }
}
