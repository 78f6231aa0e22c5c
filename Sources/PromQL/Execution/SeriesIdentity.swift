import MetricModel

/// What a series of an intermediate result is called.
struct SeriesIdentity: Sendable {
    var labels: Labels
    /// Whether the metric name (and type and unit) no longer hold and are to go, at once or at the end of the query.
    var dropsName = false

    /// The labels as a reader must see them.
    var visible: Labels { dropsName ? LabelSelection.withoutMetadata.applied(to: labels) : labels }
}
