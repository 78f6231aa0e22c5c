extension NativeHistogram: CustomStringConvertible {
    /// As Prometheus and `promtool tsdb dump` write it: count, sum, and the buckets that are not empty from the lowest up (`Histogram.String`).
    package var description: String {
        switch counts {
        case .integer(let tally): text(tally, count: { "\($0)" }, bucket: { "\($0)" }, isEmpty: { $0 == 0 }, zero: tally.zeroCount == 0 ? nil : "\(tally.zeroCount)")
        case .float(let tally):
            text(tally, count: GoNumber.general, bucket: GoNumber.general, isEmpty: { $0 == 0 }, zero: tally.zeroCount == 0 ? nil : GoNumber.general(tally.zeroCount))
        }
    }

    private func text<Total, Count>(
        _ tally: Tally<Total, Count>, count: (Total) -> String, bucket: (Count) -> String, isEmpty: (Count) -> Bool, zero: String?
    ) -> String {
        var parts = ["count:\(count(tally.count))", "sum:\(GoNumber.general(sum))"]
        parts += buckets(negativeSpans, tally.negative, isPositive: false, bucket, isEmpty).reversed()
        if let zero { parts.append("[\(GoNumber.general(-zeroThreshold)),\(GoNumber.general(zeroThreshold))]:\(zero)") }
        parts += buckets(positiveSpans, tally.positive, isPositive: true, bucket, isEmpty)
        return "{\(parts.joined(separator: ", "))}"
    }

    private func buckets<Count>(_ spans: [Span], _ counts: [Count], isPositive: Bool, _ write: (Count) -> String, _ isEmpty: (Count) -> Bool) -> [String] {
        var texts: [String] = []
        var index = 0
        var rest = counts[...]
        for span in spans {
            index += Int(span.offset)
            // There may be fewer counts than spans speak of, when nobody has validated them.
            for count in rest.prefix(Int(span.length)) {
                if !isEmpty(count) {
                    let bucket = bucket(index, isPositive: isPositive, count: ())
                    let bounds = "\(GoNumber.general(bucket.lower)),\(GoNumber.general(bucket.upper))"
                    texts.append("\(bucket.includesLower ? "[" : "(")\(bounds)\(bucket.includesUpper ? "]" : ")"):\(write(count))")
                }
                index += 1
            }
            rest = rest.dropFirst(Int(span.length))
        }
        return texts
    }
}
