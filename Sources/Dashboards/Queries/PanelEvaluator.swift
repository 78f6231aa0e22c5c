import MetricModel

/// A series of an answer: parallel columns of times (milliseconds, rising) and values.
package struct PanelSeries: Sendable {
    package var labels: Labels
    package var times: [Int64]
    package var values: [Double]

    package init(labels: Labels, times: [Int64], values: [Double]) {
        self.labels = labels
        self.times = times
        self.values = values
    }
}

/// The answer to one expression, in Prometheus's four kinds.
package struct PanelAnswer: Sendable {
    package enum Kind: String, Sendable { case matrix, vector, scalar }

    package var kind: Kind
    /// A vector's and a scalar's have one sample each; a scalar is one series without labels.
    package var series: [PanelSeries]
    package var warnings: [String]

    package init(_ kind: Kind, _ series: [PanelSeries], warnings: [String] = []) {
        self.kind = kind
        self.series = series
        self.warnings = warnings
    }
}

/// Who evaluates the expressions of panels. Called for several expressions at once.
package protocol PanelEvaluator: Sendable {
    /// Throws `evaluation` with Prometheus's error type and text.
    func instant(_ expression: String, atMillis: Int64) async throws(DashboardsError) -> PanelAnswer
    func range(_ expression: String, startMillis: Int64, endMillis: Int64, stepMillis: Int64) async throws(DashboardsError) -> PanelAnswer
}
