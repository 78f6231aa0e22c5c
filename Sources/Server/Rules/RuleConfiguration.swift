import MetricModel

/// What `prometheus.yml` says of rules.
struct RuleConfiguration: Sendable {
    /// Patterns of rule files, relative to the file that says them.
    var files: [String] = []
    /// The interval of groups that name none.
    var interval = ModelDuration.seconds(60)
    var queryOffset = ModelDuration(millis: 0)
    var externalLabels: [String: String] = [:]
    /// Whether names must be of the form that needs no quotes.
    var requiresLegacyNames = false
    /// Whether the alerts that come with the product are loaded: where no file says otherwise.
    var usesEmbeddedAlerts = false

    /// Where the alerts that come with the product are looked for first, below the folder of configuration files.
    static let alertsFile = "prometheus/alerts.yml"

    /// Whether a pattern has a star only in its last part (upstream config/config.go `patRulePath`).
    static func isPattern(_ path: String) -> Bool {
        guard let star = path.firstIndex(of: "*") else { return true }
        let rest = path[path.index(after: star)...]
        return !rest.contains("*") && !rest.contains("/")
    }
}
