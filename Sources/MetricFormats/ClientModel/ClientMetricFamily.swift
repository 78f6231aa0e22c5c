/// A metric family as client libraries hold it: one metric a label set, a histogram or a summary being one metric.
///
/// Source: prometheus/client_model `io/prometheus/client/metrics.proto`, without exemplars; a native histogram is passed on as it came.
package struct ClientMetricFamily: Equatable, Sendable {
    package enum Kind: UInt64, Sendable {
        case counter = 0, gauge, summary, untyped, histogram, gaugeHistogram

        /// The name in protobuf, which messages and JSON show.
        package var protobufName: String {
            switch self {
            case .counter: "COUNTER"
            case .gauge: "GAUGE"
            case .summary: "SUMMARY"
            case .untyped: "UNTYPED"
            case .histogram: "HISTOGRAM"
            case .gaugeHistogram: "GAUGE_HISTOGRAM"
            }
        }
    }

    package struct Label: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Summary: Equatable, Sendable {
        package struct Quantile: Equatable, Sendable {
            package var quantile: Double
            package var value: Double

            package init(quantile: Double, value: Double) {
                self.quantile = quantile
                self.value = value
            }
        }

        package var sampleCount: UInt64
        package var sampleSum: Double
        package var quantiles: [Quantile]

        package init(sampleCount: UInt64 = 0, sampleSum: Double = 0, quantiles: [Quantile] = []) {
            self.sampleCount = sampleCount
            self.sampleSum = sampleSum
            self.quantiles = quantiles
        }
    }

    package struct Histogram: Equatable, Sendable {
        package struct Bucket: Equatable, Sendable {
            package var upperBound: Double
            package var cumulativeCount: Double
        }

        package var sampleCount = 0.0
        package var sampleSum = 0.0
        package var buckets: [Bucket] = []
        /// Whether counts may be fractions.
        package var hasFloatCounts = false
        /// The protobuf fields of a native histogram (schema, zero bucket, spans, deltas, counts), not looked into.
        package var native: [UInt8] = []
    }

    package enum Value: Equatable, Sendable {
        case counter(Double)
        case gauge(Double)
        case untyped(Double)
        case summary(Summary)
        case histogram(Histogram)
    }

    package struct Metric: Equatable, Sendable {
        package var labels: [Label]
        /// Nil in a message that sets none of the values.
        package var value: Value?
        package var timestampMillis: Int64?

        package init(labels: [Label] = [], value: Value? = nil, timestampMillis: Int64? = nil) {
            self.labels = labels
            self.value = value
            self.timestampMillis = timestampMillis
        }
    }

    package var name: String
    package var kind: Kind
    /// Empty where none was given.
    package var help: String
    package var metrics: [Metric]

    package init(name: String, kind: Kind, help: String = "", metrics: [Metric] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.metrics = metrics
    }

    /// Whether `metric` holds what its family's kind promises.
    package func matchesKind(_ metric: Metric) -> Bool {
        switch (kind, metric.value) {
        case (.counter, .counter), (.gauge, .gauge), (.untyped, .untyped), (.summary, .summary), (.histogram, .histogram), (.gaugeHistogram, .histogram): true
        default: false
        }
    }
}
