import MetricModel

/// An alert on its way to whoever notifies people.
package struct RaisedAlert: Sendable, Equatable {
    package var labels: Labels
    package var annotations: [String: String]
    /// When it began to fire, in milliseconds since the epoch.
    package var startsAtMillis: Int64
    /// When it was resolved; for one that fires, until when that is known.
    package var endsAtMillis: Int64
    /// A page with the rule's expression.
    package var generatorURL: String

    package init(labels: Labels, annotations: [String: String], startsAtMillis: Int64, endsAtMillis: Int64, generatorURL: String) {
        self.labels = labels
        self.annotations = annotations
        self.startsAtMillis = startsAtMillis
        self.endsAtMillis = endsAtMillis
        self.generatorURL = generatorURL
    }
}
