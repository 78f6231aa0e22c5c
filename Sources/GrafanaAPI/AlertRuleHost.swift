import Dashboards
import PromQL

/// Who evaluates the alert rules that are made here.
package struct AlertRuleHost: Sendable {
    /// How rules' expressions are parsed.
    package var parser: ParserOptions
    /// What is wrong with the template of a label or an annotation of this name; nil for nothing.
    package var templateProblem: @Sendable (_ name: String, _ text: String) -> String?
    /// Told after every change of the stored rules; returns when they are being evaluated.
    package var rulesHaveChanged: @Sendable () async -> Void
    /// How the rules stand, by uid; a rule that is not evaluated is missing.
    package var statuses: @Sendable () -> [String: AlertRuleStatus]

    package init(
        parser: ParserOptions, templateProblem: @escaping @Sendable (_ name: String, _ text: String) -> String?, rulesHaveChanged: @escaping @Sendable () async -> Void,
        statuses: @escaping @Sendable () -> [String: AlertRuleStatus]
    ) {
        self.parser = parser
        self.templateProblem = templateProblem
        self.rulesHaveChanged = rulesHaveChanged
        self.statuses = statuses
    }
}
