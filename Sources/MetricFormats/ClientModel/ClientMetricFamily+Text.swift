import Bytes

extension ClientMetricFamily {
    /// Writes families in the text format 0.0.4, as prometheus/common `expfmt/text_create.go` does; metrics that do not hold what
    /// their family promises are left out. Names are those that need no quotes.
    package static func encodeText(_ families: [ClientMetricFamily]) -> [UInt8] {
        var out = ByteWriter(capacity: 4096)
        for family in families { family.append(to: &out) }
        return out.array()
    }

    private func append(to out: inout ByteWriter) {
        if !help.isEmpty {
            out.append("# HELP ")
            out.append(utf8: name)
            out.append(UInt8(ascii: " "))
            Self.appendEscaped(help, quotes: false, to: &out)
            out.append(UInt8(ascii: "\n"))
        }
        out.append("# TYPE ")
        out.append(utf8: name)
        out.append(utf8: " \(kind == .gaugeHistogram ? "histogram" : kind.protobufName.lowercased())\n")
        for metric in metrics where matchesKind(metric) {
            switch metric.value {
            case .counter(let value), .gauge(let value), .untyped(let value): appendSample("", metric, value, to: &out)
            case .summary(let summary):
                for quantile in summary.quantiles { appendSample("", metric, quantile.value, bound: ("quantile", quantile.quantile), to: &out) }
                appendSample("_sum", metric, summary.sampleSum, to: &out)
                appendSample("_count", metric, Double(summary.sampleCount), to: &out)
            case .histogram(let histogram):
                for bucket in histogram.buckets { appendSample("_bucket", metric, bucket.cumulativeCount, bound: ("le", bucket.upperBound), to: &out) }
                if !histogram.buckets.contains(where: { $0.upperBound == .infinity }) {
                    appendSample("_bucket", metric, histogram.sampleCount, bound: ("le", .infinity), to: &out)
                }
                appendSample("_sum", metric, histogram.sampleSum, to: &out)
                appendSample("_count", metric, histogram.sampleCount, to: &out)
            case nil: break
            }
        }
    }

    private func appendSample(_ suffix: StaticString, _ metric: Metric, _ value: Double, bound: (name: StaticString, value: Double)? = nil, to out: inout ByteWriter) {
        out.append(utf8: name)
        out.append(suffix)
        if !metric.labels.isEmpty || bound != nil {
            var separator = UInt8(ascii: "{")
            for label in metric.labels {
                out.append(separator)
                out.append(utf8: label.name)
                out.append("=\"")
                Self.appendEscaped(label.value, quotes: true, to: &out)
                out.append(UInt8(ascii: "\""))
                separator = UInt8(ascii: ",")
            }
            if let bound {
                out.append(separator)
                out.append(bound.name)
                out.append("=\"")
                ExpositionNumber.append(bound.value, to: &out)
                out.append(UInt8(ascii: "\""))
            }
            out.append(UInt8(ascii: "}"))
        }
        out.append(UInt8(ascii: " "))
        ExpositionNumber.append(value, to: &out)
        if let timestamp = metric.timestampMillis { out.append(utf8: " \(timestamp)") }
        out.append(UInt8(ascii: "\n"))
    }

    private static func appendEscaped(_ text: String, quotes: Bool, to out: inout ByteWriter) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): out.append("\\\\")
            case UInt8(ascii: "\n"): out.append("\\n")
            case UInt8(ascii: "\"") where quotes: out.append("\\\"")
            default: out.append(byte)
            }
        }
    }
}
