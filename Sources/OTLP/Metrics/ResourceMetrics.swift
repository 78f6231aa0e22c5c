import TraceModel

/// The metrics of one resource, by scope: what a sender of OTLP metrics fills and `OTLPMetrics.encode` writes.
///
/// Reading goes another way: a body becomes samples without these values in between.
package struct ResourceMetrics: Sendable {
    package struct ScopeMetrics: Sendable {
        package var scope: InstrumentationScope
        package var schemaURL: String
        package var metrics: [Metric]
        package init(scope: InstrumentationScope = InstrumentationScope(), schemaURL: String = "", metrics: [Metric]) {
            self.scope = scope
            self.schemaURL = schemaURL
            self.metrics = metrics
        }
    }

    package struct Metric: Sendable {
        package enum Data: Sendable {
            case gauge([NumberPoint])
            case sum([NumberPoint], isMonotonic: Bool, temporality: Temporality = .cumulative)
            case histogram([HistogramPoint], temporality: Temporality = .cumulative)
            case exponentialHistogram([ExponentialHistogramPoint], temporality: Temporality = .cumulative)
            case summary([SummaryPoint])
        }

        package var name: String
        package var unit: String
        package var description: String
        package var data: Data
        package init(_ name: String, unit: String = "", description: String = "", _ data: Data) {
            self.name = name
            self.unit = unit
            self.description = description
            self.data = data
        }
    }

    package enum Temporality: UInt64, Sendable { case unspecified = 0, delta, cumulative }

    /// What all data points have. Times are nanoseconds since the epoch.
    package struct Point: Sendable {
        package var attributes: [Attribute]
        package var startUnixNano: UInt64
        package var timeUnixNano: UInt64
        /// The data point says that there is no value: its series are stale.
        package var hasNoRecordedValue: Bool
        package init(_ attributes: [Attribute] = [], startUnixNano: UInt64 = 0, timeUnixNano: UInt64, hasNoRecordedValue: Bool = false) {
            self.attributes = attributes
            self.startUnixNano = startUnixNano
            self.timeUnixNano = timeUnixNano
            self.hasNoRecordedValue = hasNoRecordedValue
        }
    }

    package struct NumberPoint: Sendable {
        package enum Value: Sendable { case double(Double), int(Int64) }
        package var point: Point
        package var value: Value
        package init(_ point: Point, _ value: Value) {
            self.point = point
            self.value = value
        }
    }

    package struct HistogramPoint: Sendable {
        package var point: Point
        package var count: UInt64
        package var sum: Double?
        /// Upper bounds, rising; one fewer than the buckets.
        package var bounds: [Double]
        /// Observations of each bucket alone.
        package var bucketCounts: [UInt64]
        package init(_ point: Point, count: UInt64, sum: Double?, bounds: [Double], bucketCounts: [UInt64]) {
            self.point = point
            self.count = count
            self.sum = sum
            self.bounds = bounds
            self.bucketCounts = bucketCounts
        }
    }

    package struct ExponentialHistogramPoint: Sendable {
        /// Consecutive buckets; the first ends at `2^((offset + 1) * 2^-scale)`.
        package struct Buckets: Sendable {
            package var offset: Int32
            package var counts: [UInt64]
            package init(offset: Int32 = 0, counts: [UInt64] = []) {
                self.offset = offset
                self.counts = counts
            }
        }

        package var point: Point
        package var count: UInt64
        package var sum: Double?
        /// Every power of two is divided into 2^scale buckets.
        package var scale: Int32
        package var zeroCount: UInt64
        package var positive: Buckets
        package var negative: Buckets
        package init(_ point: Point, count: UInt64, sum: Double?, scale: Int32, zeroCount: UInt64 = 0, positive: Buckets = Buckets(), negative: Buckets = Buckets()) {
            self.point = point
            self.count = count
            self.sum = sum
            self.scale = scale
            self.zeroCount = zeroCount
            self.positive = positive
            self.negative = negative
        }
    }

    package struct SummaryPoint: Sendable {
        package var point: Point
        package var count: UInt64
        package var sum: Double
        package var quantiles: [(quantile: Double, value: Double)]
        package init(_ point: Point, count: UInt64, sum: Double, quantiles: [(quantile: Double, value: Double)]) {
            self.point = point
            self.count = count
            self.sum = sum
            self.quantiles = quantiles
        }
    }

    package var resource: Resource
    package var schemaURL: String
    package var scopes: [ScopeMetrics]

    package init(resource: Resource, schemaURL: String = "", scopes: [ScopeMetrics]) {
        self.resource = resource
        self.schemaURL = schemaURL
        self.scopes = scopes
    }
}
