extension NativeHistogram: Equatable {
    /// Equal in everything, what is known of a counter reset included; NaN of the same bits are equal.
    package static func == (left: NativeHistogram, right: NativeHistogram) -> Bool {
        left.counterReset == right.counterReset && left.positiveSpans == right.positiveSpans && left.negativeSpans == right.negativeSpans
            && left.customValues.elementsEqual(right.customValues) { $0.bitPattern == $1.bitPattern } && left.holdsSameData(as: right)
    }

    /// Whether both say the same of the same buckets, whatever is known of a counter reset and however the spans are cut (`Histogram.Equals`).
    package func holdsSameData(as other: NativeHistogram) -> Bool {
        guard schema == other.schema, sum.bitPattern == other.sum.bitPattern, zeroThreshold == other.zeroThreshold else { return false }
        guard !hasCustomBuckets || customValues == other.customValues else { return false }
        guard Self.isSameLayout(positiveSpans, other.positiveSpans), Self.isSameLayout(negativeSpans, other.negativeSpans) else { return false }
        switch (counts, other.counts) {
        case (.integer(let left), .integer(let right)):
            return left.count == right.count && left.zeroCount == right.zeroCount && left.positive == right.positive && left.negative == right.negative
        case (.float(let left), .float(let right)):
            return left.count.bitPattern == right.count.bitPattern && left.zeroCount.bitPattern == right.zeroCount.bitPattern
                && left.positive.elementsEqual(right.positive) { $0.bitPattern == $1.bitPattern }
                && left.negative.elementsEqual(right.negative) { $0.bitPattern == $1.bitPattern }
        default: return false
        }
    }

    /// Whether spans speak of the same buckets once empty ones are joined with those behind them.
    private static func isSameLayout(_ left: [Span], _ right: [Span]) -> Bool { left == right || solid(left) == solid(right) }

    private static func solid(_ spans: [Span]) -> [Span] {
        var result: [Span] = []
        var skipped: Int32 = 0
        for span in spans {
            skipped &+= span.offset
            guard span.length > 0 else { continue }
            result.append(Span(offset: skipped, length: span.length))
            skipped = 0
        }
        return result
    }
}
