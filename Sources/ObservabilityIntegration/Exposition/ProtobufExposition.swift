/// `io.prometheus.client.MetricFamily` messages, each after its length; histograms with classic and native buckets.
///
/// Source: `io/prometheus/client/metrics.proto` of prometheus/client_model.
enum ProtobufExposition {
    static func render(_ families: [FamilySnapshot]) -> [UInt8] {
        var out = ProtobufWriter()
        for family in families {
            out.delimited { message in
                message.text(1, family.name)
                message.text(2, family.help)
                message.integer(3, type(family.kind))
                for series in family.series { message.message(4) { write(series, of: family.kind, to: &$0) } }
            }
        }
        return out.bytes
    }

    private static func type(_ kind: MetricKind) -> UInt64 {
        switch kind {
        case .counter: 0
        case .gauge: 1
        case .histogram: 4
        }
    }

    private static func write(_ series: FamilySnapshot.Series, of kind: MetricKind, to out: inout ProtobufWriter) {
        for label in series.labels {
            out.message(1) { pair in
                pair.text(1, label.name)
                pair.text(2, label.value)
            }
        }
        switch series.point {
        case .number(let value): out.message(kind == .counter ? 3 : 2) { $0.double(1, value) }
        case .histogram(let histogram): out.message(7) { write(histogram, to: &$0) }
        }
    }

    private static func write(_ histogram: HistogramPoint, to out: inout ProtobufWriter) {
        out.integer(1, histogram.count)
        out.double(2, histogram.sum)
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.cumulativeCounts) {
            out.message(3) { bucket in
                bucket.integer(1, count)
                bucket.double(2, bound)
            }
        }
        let native = histogram.native
        out.zigzag(5, Int64(native.schema))
        // The threshold, which is never 0, is also what tells a reader that an empty histogram is native.
        out.double(6, NativeHistogram.zeroThreshold)
        out.integer(7, native.zeroCount)
        for (buckets, spanField, deltaField) in [(native.negative, 9, 10), (native.positive, 12, 13)] as [([Int: UInt64], UInt64, UInt64)] {
            let (spans, deltas) = NativeHistogram.spansAndDeltas(buckets)
            for span in spans {
                out.message(spanField) { message in
                    message.zigzag(1, Int64(span.offset))
                    message.integer(2, UInt64(span.length))
                }
            }
            // A field for each, not packed: what proto2, which the specification is written in, has by default.
            for delta in deltas { out.zigzag(deltaField, delta) }
        }
    }
}
