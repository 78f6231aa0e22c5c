import Bytes
import MetricModel
import MetricStore
import Testing

/// A sample of either kind.
struct MixedSample {
    enum Value {
        case float(Double)
        case histogram(NativeHistogram)
    }

    var time: Int64
    var value: Value

    /// The value as `promtool tsdb dump` has it, but for floats, which are written as Swift does.
    var text: String {
        switch value {
        case .float(let value): value.isNaN ? "NaN" : "\(value)"
        case .histogram(let histogram): "\(histogram)"
        }
    }

    /// 0 for floats, 1 for float histograms, 2 for integer ones.
    var kind: Int { if case .histogram(let histogram) = value { histogram.isFloat ? 1 : 2 } else { 0 } }

    var line: String { "\(text) @\(time)" }
}

extension SampleBatch {
    mutating func append(_ labels: Labels, timestamp: Int64, _ value: MixedSample.Value) {
        switch value {
        case .float(let value): append(labels, timestamp: timestamp, value: value)
        case .histogram(let histogram): append(labels, timestamp: timestamp, histogram: histogram)
        }
    }
}

extension StoreFixture {
    /// Everything that a selection yields, of both kinds, in the order of time.
    static func readMixed(_ reader: some MetricReader, _ matchers: [Matcher] = [], _ time: ClosedRange<Int64> = .min ... .max) throws -> [Labels: [MixedSample]] {
        var result: [Labels: [MixedSample]] = [:]
        var buffer = SampleBuffer()
        for series in try reader.select(SeriesSelection(matchers, time: time)) {
            buffer.removeAll()
            try series.read(time, into: &buffer)
            let floats = (0..<buffer.count).map { MixedSample(time: buffer.timestamps[$0], value: .float(buffer.values[$0])) }
            let histograms = buffer.histograms.map { MixedSample(time: $0.timestamp, value: .histogram($0.histogram)) }
            result[series.labels] = (floats + histograms).sorted { $0.time < $1.time }
        }
        return result
    }

    /// The lines of everything, by the text of the labels.
    static func lines(_ samples: [Labels: [MixedSample]]) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for (labels, samples) in samples {
            let text = "{" + labels.pairs.map { "\($0.name)=\(LabelName.quoted($0.value))" }.joined(separator: ", ") + "}"
            result[text] = samples.map(\.line)
        }
        return result
    }

    /// What `promtool tsdb dump` of Prometheus before 3.7 shows of series: floats, then float histograms, then integer ones, and what
    /// ends each of the first two runs is lost.
    static func cutLines(_ samples: [Labels: [MixedSample]]) -> [String: [String]] {
        lines(samples.mapValues { samples in
            var shown: [MixedSample] = []
            var rest = samples[...]
            for kind in 0..<3 {
                while let next = rest.popFirst(), next.kind == kind { shown.append(next) }
            }
            return shown
        }).filter { !$0.value.isEmpty }
    }

    /// Records the first difference of each series, since whole comparisons print megabytes.
    static func expectSame(_ left: [String: [String]], _ right: [String: [String]], _ what: String = "") {
        #expect(Set(left.keys) == Set(right.keys), "\(what)")
        for (series, lines) in right {
            let others = left[series] ?? []
            if others == lines { continue }
            let at = zip(others, lines).enumerated().first { $0.element.0 != $0.element.1 }
            Issue.record("\(what) \(series): \(others.count) and \(lines.count) samples; first difference at \(at?.offset ?? -1): \(at?.element.0.prefix(300) ?? "") and \(at?.element.1.prefix(300) ?? "")")
        }
    }

    /// A remote-write body with the samples of every series.
    static func remoteWrite(_ samples: [(labels: Labels, samples: [MixedSample])]) -> [UInt8] {
        var out = ByteWriter()
        for (labels, samples) in samples {
            out.appendMessage(1) { out in
                for (name, value) in labels.pairs {
                    out.appendMessage(1) { out in
                        out.appendField(1, string: name)
                        out.appendField(2, string: value)
                    }
                }
                for sample in samples {
                    switch sample.value {
                    case .float(let value):
                        out.appendMessage(2) { out in
                            out.appendField(1, double: value)
                            out.appendField(2, varint: UInt64(bitPattern: sample.time))
                        }
                    case .histogram(let histogram): out.appendMessage(4) { write(histogram, sample.time, &$0) }
                    }
                }
            }
        }
        return out.array()
    }

    private static func write(_ histogram: NativeHistogram, _ time: Int64, _ out: inout ByteWriter) {
        func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }
        func spans(_ field: UInt32, _ spans: [NativeHistogram.Span]) {
            for span in spans {
                out.appendMessage(field) { out in
                    out.appendField(1, varint: zigzag(Int64(span.offset)))
                    out.appendField(2, varint: UInt64(span.length))
                }
            }
        }
        func deltas(_ field: UInt32, _ buckets: [Int64]) {
            guard !buckets.isEmpty else { return }
            out.appendMessage(field) { out in
                for (index, bucket) in buckets.enumerated() { out.appendUvarint(zigzag(bucket - (index == 0 ? 0 : buckets[index - 1]))) }
            }
        }
        func doubles(_ field: UInt32, _ values: [Double]) {
            guard !values.isEmpty else { return }
            out.appendMessage(field) { out in for value in values { out.appendLittleEndian(value.bitPattern) } }
        }
        switch histogram.counts {
        case .integer(let tally):
            out.appendField(1, varint: tally.count)
            out.appendField(6, varint: tally.zeroCount)
        case .float(let tally):
            out.appendField(2, double: tally.count)
            out.appendField(7, double: tally.zeroCount)
        }
        out.appendField(3, double: histogram.sum)
        out.appendField(4, varint: zigzag(Int64(histogram.schema)))
        out.appendField(5, double: histogram.zeroThreshold)
        spans(8, histogram.negativeSpans)
        spans(11, histogram.positiveSpans)
        switch histogram.counts {
        case .integer(let tally):
            deltas(9, tally.negative)
            deltas(12, tally.positive)
        case .float(let tally):
            doubles(10, tally.negative)
            doubles(13, tally.positive)
        }
        out.appendField(14, varint: UInt64(histogram.counterReset.rawValue))
        out.appendField(15, varint: UInt64(bitPattern: time))
        doubles(16, histogram.customValues)
    }
}
