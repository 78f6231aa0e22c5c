import Dashboards
import GrafanaAPI
import Logging
import MetricModel
import PromQL
import Rules
import Synchronization

/// Has the alert rules of the dashboards' database evaluated, and tells how they stand.
final class GrafanaAlertRules: Sendable {
    private struct State {
        var isLoading = false
        /// Whether the rules have changed since loading began.
        var isStale = false
        /// By the file of their group and their name, which is there once a folder.
        var uids: [[String]: String] = [:]
    }

    private let store: DashboardStore
    private let manager: RuleManager
    private let parser: ParserOptions
    private let logger: Logger
    private let state = Mutex(State())

    init(store: DashboardStore, manager: RuleManager, parser: ParserOptions, logger: Logger) {
        self.store = store
        self.manager = manager
        self.parser = parser
        self.logger = logger
    }

    var host: AlertRuleHost {
        AlertRuleHost(
            parser: parser, templateProblem: { name, text in Self.problem(name, text) }, rulesHaveChanged: { await self.load() }, statuses: { self.statuses })
    }

    /// Hands the stored rules to the manager. What changes while it is at work is handed over by the same call.
    func load() async {
        let isFirst = state.withLock { state in
            defer { (state.isLoading, state.isStale) = (true, true) }
            return !state.isLoading
        }
        guard isFirst else { return }
        while state.withLock({ state in
            defer { state.isStale = false }
            state.isLoading = state.isStale
            return state.isStale
        }) {
            do {
                apply(try await store.alertRules())
            } catch {
                logger.error("the alert rules made over the API were not read: \(error)")
            }
        }
    }

    private func apply(_ rules: [AlertRule]) {
        var groups: [[String]: RuleGroup] = [:]
        var uids: [[String]: String] = [:]
        for rule in rules where !rule.isPaused {
            let expression: Expr
            do { expression = try PromQL.parse(rule.expression, options: parser) } catch {
                // A flag that was on when it was made may be off now.
                logger.error("alert rule \"\(rule.title)\" (\(rule.uid)) is not evaluated: \(error)")
                continue
            }
            let file = Self.file(rule)
            let own = Rule(
                alerting: rule.title, expression, .init(holdMillis: rule.holdMillis, keepFiringMillis: rule.keepFiringMillis, annotations: rule.annotations), labels: rule.labels)
            var group = groups[[file, rule.group]] ?? RuleGroup(name: rule.group, file: file, intervalMillis: rule.intervalMillis, rules: [])
            group.rules.append(own)
            // All of a group are evaluated as often as the most impatient of them.
            group.intervalMillis = min(group.intervalMillis, rule.intervalMillis)
            groups[[file, rule.group]] = group
            uids[[file, rule.title]] = rule.uid
        }
        let known = uids
        state.withLock { $0.uids = known }
        manager.setGroups(Array(groups.values), from: .grafana)
    }

    private static func file(_ rule: AlertRule) -> String { rule.folderUID.isEmpty ? "grafana" : "grafana/\(rule.folderUID)" }

    /// What is wrong with a template of a label or an annotation; nil for nothing.
    private static func problem(_ name: String, _ text: String) -> String? {
        do { _ = try Template(alert: name, text) } catch { return error.description }
        return nil
    }

    /// By uid.
    private var statuses: [String: AlertRuleStatus] {
        let uids = state.withLock(\.uids)
        var statuses: [String: AlertRuleStatus] = [:]
        for group in manager.groups {
            for rule in group.rules {
                guard let uid = uids[[group.group.file, rule.rule.name]] else { continue }
                let instances = rule.alerts.active.map { alert in
                    AlertRuleStatus.Instance(
                        labels: Dictionary(alert.labels.pairs.map { ($0.name, $0.value) }) { $1 }, annotations: alert.annotations, state: alert.state.text,
                        activeAtMillis: alert.activeAtMillis, value: alert.value)
                }
                statuses[uid] = AlertRuleStatus(
                    state: rule.alerts.state.text, health: rule.health.rawValue, lastError: rule.lastError, evaluatedAtMillis: rule.evaluatedAtNanos.map { $0 / 1_000_000 },
                    evaluationSeconds: rule.evaluationSeconds, instances: instances)
            }
        }
        return statuses
    }
}
