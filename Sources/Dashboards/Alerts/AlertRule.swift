import Bytes
import MetricModel

/// An alert rule that was made over the API: what is computed how often, and what is said when it holds.
package struct AlertRule: Sendable, Equatable {
    /// The database's, 0 before it is stored.
    package var id: Int64 = 0
    /// "" before it is stored makes one up.
    package var uid = ""
    /// The alert's name.
    package var title: String
    /// "" for the folder "General".
    package var folderUID = ""
    /// Rules of one group and folder are evaluated together.
    package var group: String
    /// PromQL: every series of the answer is an alert.
    package var expression: String
    package var intervalMillis: Int64 = 60_000
    /// How long the expression must hold before the alert fires.
    package var holdMillis: Int64 = 0
    /// How long the alert fires on when it no longer holds.
    package var keepFiringMillis: Int64 = 0
    package var labels: [String: String] = [:]
    /// Templates as Prometheus has them.
    package var annotations: [String: String] = [:]
    /// Kept, and not evaluated.
    package var isPaused = false
    /// What its author sent, in whichever of the forms.
    package var document: JSONValue
    package var version = 0
    package var createdMillis: Int64 = 0
    package var createdBy = ""
    package var updatedMillis: Int64 = 0
    package var updatedBy = ""

    /// `5m`, `0s`
    package var holdText: String { ModelDuration(millis: holdMillis).description }
    package var keepFiringText: String { ModelDuration(millis: keepFiringMillis).description }

    package init(title: String, group: String, expression: String, document: JSONValue) {
        self.title = title
        self.group = group
        self.expression = expression
        self.document = document
    }
}

/// How a rule stands, as whoever evaluates it tells.
package struct AlertRuleStatus: Sendable {
    /// One series of its answer.
    package struct Instance: Sendable {
        package var labels: [String: String]
        package var annotations: [String: String]
        /// "pending" or "firing".
        package var state: String
        package var activeAtMillis: Int64
        package var value: Double

        package init(labels: [String: String], annotations: [String: String], state: String, activeAtMillis: Int64, value: Double) {
            self.labels = labels
            self.annotations = annotations
            self.state = state
            self.activeAtMillis = activeAtMillis
            self.value = value
        }
    }

    /// "inactive", "pending" or "firing".
    package var state: String
    /// "unknown", "ok" or "err".
    package var health: String
    package var lastError: String?
    /// When it was last evaluated; nil before.
    package var evaluatedAtMillis: Int64?
    package var evaluationSeconds: Double
    package var instances: [Instance]

    package init(state: String, health: String, lastError: String?, evaluatedAtMillis: Int64?, evaluationSeconds: Double, instances: [Instance]) {
        self.state = state
        self.health = health
        self.lastError = lastError
        self.evaluatedAtMillis = evaluatedAtMillis
        self.evaluationSeconds = evaluationSeconds
        self.instances = instances
    }
}
