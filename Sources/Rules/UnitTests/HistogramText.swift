import MetricModel

/// A native histogram as rule tests write it: `{{schema:1 count:4 sum:5 buckets:[1 2 1]}}` (upstream `FloatHistogram.TestExpression`).
enum HistogramText {
    static func text(_ histogram: NativeHistogram) -> String {
        guard case .float(let tally) = histogram.asFloat.counts else { return "" }
        func number(_ value: Double) -> String { GoPrint.general(value) }
        var parts: [String] = []
        if histogram.schema != 0 { parts.append("schema:\(histogram.schema)") }
        if tally.count != 0 { parts.append("count:\(number(tally.count))") }
        if histogram.sum != 0 { parts.append("sum:\(number(histogram.sum))") }
        if tally.zeroCount != 0 { parts.append("z_bucket:\(number(tally.zeroCount))") }
        if histogram.zeroThreshold != 0 { parts.append("z_bucket_w:\(number(histogram.zeroThreshold))") }
        if histogram.hasCustomBuckets { parts.append("custom_values:[\(histogram.customValues.map(number).joined(separator: " "))]") }
        switch histogram.counterReset {
        case .unknown: break
        case .reset: parts.append("counter_reset_hint:reset")
        case .notReset: parts.append("counter_reset_hint:not_reset")
        case .gauge: parts.append("counter_reset_hint:gauge")
        }
        for (prefix, spans, counts) in [("", histogram.positiveSpans, tally.positive), ("n_", histogram.negativeSpans, tally.negative)] {
            let (offset, buckets) = run(spans, counts)
            if offset != 0 { parts.append("\(prefix)offset:\(offset)") }
            if !buckets.isEmpty { parts.append("\(prefix)buckets:[\(buckets.map(number).joined(separator: " "))]") }
        }
        return "{{\(parts.joined(separator: " "))}}"
    }

    /// All buckets as one run without zeros at its ends, and the index of its first.
    private static func run(_ spans: [NativeHistogram.Span], _ counts: [Double]) -> (Int, [Double]) {
        var buckets: [(index: Int, count: Double)] = []
        var index = 0
        var next = 0
        for span in spans {
            index += Int(span.offset)
            for _ in 0..<span.length where next < counts.count {
                buckets.append((index, counts[next]))
                index += 1
                next += 1
            }
        }
        let used = buckets.filter { $0.count != 0 }
        guard let first = used.first, let last = used.last, last.index - first.index < 1 << 16 else { return (0, []) }
        var run = [Double](repeating: 0, count: last.index - first.index + 1)
        for bucket in used { run[bucket.index - first.index] = bucket.count }
        return (first.index, run)
    }
}
