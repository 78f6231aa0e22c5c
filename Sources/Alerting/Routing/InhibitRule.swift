import MetricModel

/// While an alert that matches `source` is firing, alerts that match `target` and have the same values under `equal` are not told of.
///
/// An alert that matches both sides is not inhibited by another of which that is true, itself among them. Source: alertmanager `inhibit/inhibit.go`.
package struct InhibitRule: Hashable, Sendable {
    package var source: AlertMatchers
    package var target: AlertMatchers
    package var equal: [String]

    package init(source: AlertMatchers, target: AlertMatchers, equal: [String]) {
        self.source = source
        self.target = target
        self.equal = equal
    }
}

/// Which alerts are inhibited by those that fire at one moment. Made once for many questions: O(alerts × rules) to make, O(rules) to ask.
struct Inhibition {
    private struct Sources {
        var rule: InhibitRule
        /// Values under `equal` of sources that are no targets themselves.
        var plain: Set<[String]> = []
        /// Those of sources that are targets as well.
        var twoSided: Set<[String]> = []
    }

    private var sources: [Sources]

    init(_ rules: [InhibitRule], firing: some Sequence<Alert>) {
        sources = rules.map { Sources(rule: $0) }
        guard !sources.isEmpty else { return }
        for alert in firing {
            for index in sources.indices where sources[index].rule.source.matches(alert.labels) {
                let values = Self.values(alert.labels, sources[index].rule)
                if sources[index].rule.target.matches(alert.labels) { sources[index].twoSided.insert(values) } else { sources[index].plain.insert(values) }
            }
        }
    }

    func inhibits(_ labels: Labels) -> Bool {
        sources.contains { sources in
            guard sources.rule.target.matches(labels) else { return false }
            let values = Self.values(labels, sources.rule)
            return sources.plain.contains(values) || (sources.twoSided.contains(values) && !sources.rule.source.matches(labels))
        }
    }

    private static func values(_ labels: Labels, _ rule: InhibitRule) -> [String] { rule.equal.map { labels[$0] ?? "" } }
}
