/// What a metric family tells of itself beside its samples.
package struct MetricMetadata: Hashable, Sendable {
    package var kind: MetricKind
    package var unit: String
    package var help: String

    package init(kind: MetricKind, unit: String = "", help: String = "") {
        self.kind = kind
        self.unit = unit
        self.help = help
    }
}
