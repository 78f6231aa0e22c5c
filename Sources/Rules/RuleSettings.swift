/// What all groups share, and a reload may change.
package struct RuleSettings: Sendable, Equatable {
    /// For templates.
    package var externalLabels: [String: String] = [:]
    /// Where browsers find this server, without a slash at the end: for templates and the links of alerts.
    package var externalURL = ""
    /// How far behind the time of the evaluation rules look whose group does not say.
    package var queryOffsetMillis: Int64 = 0

    package init() {}
}
