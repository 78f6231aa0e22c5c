import MetricModel
import TraceModel

/// A kind of telemetry that travels through pipelines. A further signal is a further conforming type, its sinks and a pipeline of them.
package protocol TelemetrySignal: Sendable {
    /// What pipelines hand on: many items at once, never single ones.
    associatedtype Batch: Sendable
    /// The items in the collector's self-metrics: "spans" in `otelcol_receiver_accepted_spans`.
    static var items: String { get }
    static func count(_ batch: Batch) -> Int
}

/// Spans, by resource and scope.
package enum TraceSignal: TelemetrySignal {
    package static var items: String { "spans" }
    package static func count(_ batch: [ResourceSpans]) -> Int { batch.reduce(0) { $0 + $1.spanCount } }
}

/// Samples, and how many data points they were made of.
package enum MetricSignal: TelemetrySignal {
    package struct Batch: Sendable {
        package var samples: SampleBatch
        package var pointCount: Int
        /// The data points as they were received, as protobuf, for who passes them on.
        package var body: @Sendable () -> [UInt8]
        package init(samples: SampleBatch, pointCount: Int, body: @escaping @Sendable () -> [UInt8] = { [] }) {
            self.samples = samples
            self.pointCount = pointCount
            self.body = body
        }
    }

    package static var items: String { "metric_points" }
    package static func count(_ batch: Batch) -> Int { batch.pointCount }
}
