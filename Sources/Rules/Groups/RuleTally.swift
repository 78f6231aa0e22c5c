import MetricModel
import Synchronization

/// What rules say of themselves, under Prometheus's names.
final class RuleTally: Sendable {
    private struct GroupCounts {
        var iterations = 0
        var missed = 0
        var evaluations = 0
        var failures = 0
    }

    private struct Counts {
        var groups: [String: GroupCounts] = [:]
        var rules = DurationSummary()
        var iterations = DurationSummary()
        var expansions = 0
        var expansionFailures = 0
    }

    private let counts = Mutex(Counts())

    func countIteration(_ group: RuleGroup) { counts.withLock { $0.groups[group.key, default: GroupCounts()].iterations += 1 } }
    func countEvaluation(_ group: RuleGroup) { counts.withLock { $0.groups[group.key, default: GroupCounts()].evaluations += 1 } }
    func countFailure(_ group: RuleGroup) { counts.withLock { $0.groups[group.key, default: GroupCounts()].failures += 1 } }
    func countMissed(_ group: RuleGroup, _ missed: Int) {
        guard missed > 0 else { return }
        counts.withLock {
            $0.groups[group.key, default: GroupCounts()].missed += missed
            $0.groups[group.key, default: GroupCounts()].iterations += missed
        }
    }
    func countExpansion(failed: Bool) {
        counts.withLock {
            $0.expansions += 1
            if failed { $0.expansionFailures += 1 }
        }
    }
    func observeRule(_ seconds: Double) { counts.withLock { $0.rules.observe(seconds) } }
    func observeGroup(_ seconds: Double) { counts.withLock { $0.iterations.observe(seconds) } }

    /// Forgets groups that are gone.
    func keep(_ keys: Set<String>) { counts.withLock { $0.groups = $0.groups.filter { keys.contains($0.key) } } }

    func families(_ states: [GroupState]) -> [MetricFamily] {
        let counts = counts.withLock { $0 }
        func byGroup(_ name: String, _ kind: MetricKind, _ help: String, _ value: (GroupState, GroupCounts) -> Double) -> MetricFamily {
            MetricFamily(name, kind, help, points: states.map { .init(name, [("rule_group", $0.group.key)], value($0, counts.groups[$0.group.key] ?? GroupCounts())) })
        }
        return [
            counts.rules.summary("prometheus_rule_evaluation_duration_seconds", "The duration for a rule to execute.", [0.5, 0.9, 0.99]),
            counts.rules.histogram("prometheus_rule_evaluation_duration_histogram_seconds", "The duration for a rule to execute."),
            byGroup("prometheus_rule_evaluation_failures_total", .counter, "The total number of rule evaluation failures.") { Double($1.failures) },
            byGroup("prometheus_rule_evaluations_total", .counter, "The total number of rule evaluations.") { Double($1.evaluations) },
            counts.iterations.summary("prometheus_rule_group_duration_seconds", "The duration of rule group evaluations.", [0.01, 0.05, 0.5, 0.9, 0.99]),
            counts.iterations.histogram("prometheus_rule_group_duration_histogram_seconds", "The duration of rule group evaluations."),
            byGroup("prometheus_rule_group_interval_seconds", .gauge, "The interval of a rule group.") { state, _ in Double(state.group.intervalMillis) / 1_000 },
            byGroup("prometheus_rule_group_iterations_missed_total", .counter, "The total number of rule group evaluations missed due to slow rule group evaluation.") {
                Double($1.missed)
            },
            byGroup("prometheus_rule_group_iterations_total", .counter, "The total number of scheduled rule group evaluations, whether executed or missed.") { Double($1.iterations) },
            byGroup("prometheus_rule_group_last_duration_seconds", .gauge, "The duration of the last rule group evaluation.") { state, _ in state.evaluationSeconds },
            byGroup("prometheus_rule_group_last_evaluation_samples", .gauge, "The number of samples returned during the last rule group evaluation.") { state, _ in
                Double(state.samples)
            },
            byGroup("prometheus_rule_group_last_evaluation_timestamp_seconds", .gauge, "The timestamp of the last rule group evaluation in seconds.") { state, _ in
                Double(state.evaluatedAtNanos ?? 0) / 1e9
            },
            byGroup(
                "prometheus_rule_group_last_restore_duration_seconds", .gauge,
                "The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series."
            ) { state, _ in state.restoreSeconds },
            byGroup(
                "prometheus_rule_group_last_rule_duration_sum_seconds", .gauge,
                "The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency."
            ) { state, _ in state.rulesSeconds },
            byGroup("prometheus_rule_group_rules", .gauge, "The number of rules.") { state, _ in Double(state.rules.count) },
            .counter("prometheus_template_text_expansions_total", "The total number of template text expansions.", Double(counts.expansions)),
            .counter("prometheus_template_text_expansion_failures_total", "The total number of template text expansion failures.", Double(counts.expansionFailures)),
        ]
    }
}
