import MetricModel

/// The answer to a query.
package struct QueryResult: Sendable {
    package var value: QueryValue
    /// Remarks on what may be wrong, each with line and column.
    package var warnings: [String]
    /// Remarks on what is worth knowing, each with line and column.
    package var infos: [String]
    package var statistics: QueryStatistics
}

package enum QueryValue: Sendable {
    case scalar(timeMillis: Int64, Double)
    case string(timeMillis: Int64, String)
    /// An instant vector; in the order of `sort` or `topk` where the query asks for one.
    case vector([InstantSample])
    /// Series over time, in the order of their labels.
    case matrix(Matrix)

    package var type: ValueType {
        switch self {
        case .scalar: .scalar
        case .string: .string
        case .vector: .vector
        case .matrix: .matrix
        }
    }
}

package struct InstantSample: Sendable, Hashable {
    package var labels: Labels
    package var timeMillis: Int64
    /// 0 when the sample is a histogram.
    package var value: Double
    package var histogram: NativeHistogram?

    package init(labels: Labels, timeMillis: Int64, value: Double, histogram: NativeHistogram? = nil) {
        self.labels = labels
        self.timeMillis = timeMillis
        self.value = value
        self.histogram = histogram
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(labels)
        hasher.combine(timeMillis)
        hasher.combine(value)
    }
}

/// Series over time.
package struct Matrix: Sendable, Hashable {
    package var series: [MatrixSeries]

    package init(series: [MatrixSeries]) { self.series = series }
}

/// One series over time: parallel columns of floats, and its histograms beside them. Series with a float at every step share one column of
/// timestamps.
package struct MatrixSeries: Sendable, Hashable {
    package var labels: Labels
    /// Milliseconds since the epoch, rising.
    package var timestamps: [Int64]
    package var values: [Double]
    /// In the order of time; no histogram has the time of a float.
    package var histograms: [HistogramSample]

    package init(labels: Labels, timestamps: [Int64], values: [Double], histograms: [HistogramSample] = []) {
        self.labels = labels
        self.timestamps = timestamps
        self.values = values
        self.histograms = histograms
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(labels)
        hasher.combine(timestamps)
        hasher.combine(values)
    }
}

/// What a query cost.
package struct QueryStatistics: Sendable, Equatable {
    /// Samples that steps looked at, each as often as a step did (`totalQueryableSamples`).
    package var samplesQueried = 0
    /// Samples read from the store.
    package var samplesRead = 0
    /// The most samples that were held at one time.
    package var peakSamples = 0
    /// Waiting for a place among the queries that run.
    package var queueSeconds = 0.0
    package var parseSeconds = 0.0
    /// All that came behind the queue; the next three are parts of it.
    package var executionSeconds = 0.0
    /// Planning.
    package var preparationSeconds = 0.0
    /// Reading and computing.
    package var evaluationSeconds = 0.0
    /// Putting the series of the result in order.
    package var sortSeconds = 0.0

    package init() {}
}
