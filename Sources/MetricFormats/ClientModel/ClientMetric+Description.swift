import MetricModel

/// A metric as Go prints its protobuf message, which the reference implementation's refusals quote.
extension ClientMetricFamily.Metric: CustomStringConvertible {
    /// `label:{name:"job"  value:"backup"}  gauge:{value:3.14}`
    package var description: String {
        var parts = labels.map { "label:{name:\(LabelName.quoted($0.name))  value:\(LabelName.quoted($0.value))}" }
        switch value {
        case .counter(let number): parts.append("counter:{value:\(Self.text(number))}")
        case .gauge(let number): parts.append("gauge:{value:\(Self.text(number))}")
        case .untyped(let number): parts.append("untyped:{value:\(Self.text(number))}")
        case .summary(let summary):
            var fields: [String] = []
            if summary.sampleCount != 0 { fields.append("sample_count:\(summary.sampleCount)") }
            if summary.sampleSum != 0 { fields.append("sample_sum:\(Self.text(summary.sampleSum))") }
            fields += summary.quantiles.map { "quantile:{quantile:\(Self.text($0.quantile))  value:\(Self.text($0.value))}" }
            parts.append("summary:{\(fields.joined(separator: "  "))}")
        case .histogram(let histogram):
            let suffix = histogram.hasFloatCounts ? "_float" : ""
            var fields: [String] = []
            if histogram.sampleCount != 0 { fields.append("sample_count\(suffix):\(Self.text(histogram.sampleCount))") }
            if histogram.sampleSum != 0 { fields.append("sample_sum:\(Self.text(histogram.sampleSum))") }
            fields += histogram.buckets.map { "bucket:{cumulative_count\(suffix):\(Self.text($0.cumulativeCount))  upper_bound:\(Self.text($0.upperBound))}" }
            parts.append("histogram:{\(fields.joined(separator: "  "))}")
        case nil: break
        }
        if let timestampMillis { parts.append("timestamp_ms:\(timestampMillis)") }
        return parts.joined(separator: "  ")
    }

    private static func text(_ number: Double) -> String {
        number.isNaN ? "nan" : number.isInfinite ? (number < 0 ? "-inf" : "inf") : ExpositionNumber.text(number)
    }
}
