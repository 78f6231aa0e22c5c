import PromQL

/// A rule as it was written: what is computed, and under which name and labels it is recorded or raises alerts.
package struct Rule: Sendable, Hashable {
    /// What alerting rules have and recording rules have not.
    package struct Alerting: Sendable, Hashable {
        /// How long the condition must hold before an alert fires (`for`).
        package var holdMillis: Int64 = 0
        /// How long an alert fires on when its condition no longer holds.
        package var keepFiringMillis: Int64 = 0
        /// Templates by name.
        package var annotations: [String: String] = [:]

        package init(holdMillis: Int64 = 0, keepFiringMillis: Int64 = 0, annotations: [String: String] = [:]) {
            self.holdMillis = holdMillis
            self.keepFiringMillis = keepFiringMillis
            self.annotations = annotations
        }
    }

    package enum Kind: Sendable, Hashable {
        case recording
        case alerting(Alerting)
    }

    /// The metric that is recorded, or the alert.
    package let name: String
    package let kind: Kind
    /// The expression as the language's printer writes it.
    package let query: String
    /// Those of the group included; one with an empty value takes a label away. Templates where the rule raises alerts.
    package let labels: [String: String]

    package init(recording name: String, _ expr: Expr, labels: [String: String] = [:]) { self.init(name, .recording, expr, labels) }

    package init(alerting name: String, _ expr: Expr, _ alerting: Alerting, labels: [String: String] = [:]) { self.init(name, .alerting(alerting), expr, labels) }

    private init(_ name: String, _ kind: Kind, _ expr: Expr, _ labels: [String: String]) {
        self.name = name
        self.kind = kind
        query = expr.description
        self.labels = labels
    }

    package var alerting: Alerting? {
        if case .alerting(let alerting) = kind { alerting } else { nil }
    }

    /// Whether the other is the same rule in an earlier version: its series and alerts are then this one's.
    func continues(_ other: Rule) -> Bool { name == other.name && labels == other.labels }
}
