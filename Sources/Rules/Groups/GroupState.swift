import MetricModel

/// How a group of rules stands. A value: snapshots of it are what the API shows.
package struct GroupState: Sendable {
    package let group: RuleGroup
    package internal(set) var rules: [RuleState]
    /// How long the last evaluation took, from its beginning to its end and summed over the rules.
    package internal(set) var evaluationSeconds = 0.0
    package internal(set) var rulesSeconds = 0.0
    /// When the last evaluation began, in nanoseconds since the epoch.
    package internal(set) var evaluatedAtNanos: Int64?
    package internal(set) var samples = 0
    package internal(set) var restoreSeconds = 0.0
    /// Series of rules that are gone: they end with the next evaluation.
    var orphans: Set<Labels> = []

    /// - Parameter isRestored: whether nothing is to be looked up that was known before a restart.
    package init(_ group: RuleGroup, isRestored: Bool) {
        self.group = group
        rules = group.rules.map { RuleState($0, isRestored: isRestored) }
    }

    var needsRestoring: Bool { rules.contains { $0.rule.alerting != nil && !$0.alerts.isRestored } }

    /// Goes on where an earlier version of the group stopped. Rules of one name and labels are paired in their order; series of those that
    /// found no partner end.
    mutating func adopt(_ earlier: GroupState) {
        evaluationSeconds = earlier.evaluationSeconds
        evaluatedAtNanos = earlier.evaluatedAtNanos
        orphans = earlier.orphans
        var rest = earlier.rules
        for index in rules.indices {
            guard let match = rest.firstIndex(where: { rules[index].rule.continues($0.rule) }) else { continue }
            let partner = rest.remove(at: match)
            rules[index].written = partner.written
            guard rules[index].rule.alerting != nil, partner.rule.alerting != nil else { continue }
            rules[index].alerts.adopt(partner.alerts)
            rules[index].alerts.isRestored = rules[index].alerts.isRestored || partner.alerts.isRestored
        }
        for state in rest { orphans.formUnion(state.written) }
    }

    /// Every series that it wrote last.
    var written: Set<Labels> { rules.reduce(into: orphans) { $0.formUnion($1.written) } }
}
