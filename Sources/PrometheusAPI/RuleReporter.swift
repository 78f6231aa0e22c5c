import Rules

/// Who knows the groups of rules.
package protocol RuleReporter: Sendable {
    /// How all groups stand, in the order of their files and names.
    var groups: [GroupState] { get }
}

extension RuleManager: RuleReporter {}
