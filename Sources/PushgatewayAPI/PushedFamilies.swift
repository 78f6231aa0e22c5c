import MetricFormats
import PushGroups
import Synchronization

/// What the groups hold as one exposition: families by name, metrics by their labels, in client_golang's order. Made once a change.
final class PushedFamilies: Sendable {
    private let made = Mutex<(version: UInt64, families: [ClientMetricFamily])>((0, []))

    func families(of snapshot: PushGroups.Snapshot) -> [ClientMetricFamily] {
        if let known = made.withLock({ $0.version == snapshot.version ? $0.families : nil }) { return known }
        let families = Self.merge(snapshot.groups.values.flatMap { Array($0.families.values) + $0.timeFamilies })
        made.withLock { if $0.version < snapshot.version { $0 = (snapshot.version, families) } }
        return families
    }

    /// Families of one name as one, with the help that came last.
    private static func merge(_ pushed: [PushGroup.Family]) -> [ClientMetricFamily] {
        var merged: [String: (family: ClientMetricFamily, nanos: Int64)] = [:]
        for entry in pushed {
            let name = entry.family.name
            guard var known = merged.removeValue(forKey: name) else {
                merged[name] = (entry.family, entry.pushedNanos)
                continue
            }
            known.family.metrics += entry.family.metrics
            if entry.pushedNanos > known.nanos { (known.family.help, known.nanos) = (entry.family.help, entry.pushedNanos) }
            merged[name] = known
        }
        return sorted(merged.values.map { $0.family })
    }

    /// What was pushed with what the gateway says of itself, whose help counts.
    static func merge(_ pushed: [ClientMetricFamily], own: [ClientMetricFamily]) -> [ClientMetricFamily] {
        var families = pushed
        var indexes: [String: Int] = [:]
        for (index, family) in pushed.enumerated() { indexes[family.name] = index }
        for var family in own {
            if let index = indexes[family.name] {
                family.metrics += families[index].metrics
                families[index] = family
            } else {
                families.append(family)
            }
        }
        return families.sorted { $0.name < $1.name }
    }

    private static func sorted(_ families: [ClientMetricFamily]) -> [ClientMetricFamily] {
        families.map { family in
            var family = family
            if family.metrics.count > 1 { family.metrics.sort(by: precedes) }
            return family
        }.sorted { $0.name < $1.name }
    }

    /// Fewer labels first, then by their values.
    private static func precedes(_ a: ClientMetricFamily.Metric, _ b: ClientMetricFamily.Metric) -> Bool {
        guard a.labels.count == b.labels.count else { return a.labels.count < b.labels.count }
        for (x, y) in zip(a.labels, b.labels) where x.value != y.value { return x.value.utf8.lexicographicallyPrecedes(y.value.utf8) }
        return false
    }
}
