import Bytes
import MetricModel

/// Writes one remote write 1.0 request (`prometheus.WriteRequest`, prompb/remote.proto and types.proto).
package struct RemoteWriteEncoder: ~Copyable {
    private var out: ByteWriter

    package init(capacity: Int = 64 << 10) { out = ByteWriter(capacity: capacity) }

    package var isEmpty: Bool { out.count == 0 }

    /// The fields of a series' labels, to be given to `series`.
    package static func labelFields(_ labels: Labels) -> [UInt8] {
        var out = ByteWriter(capacity: labels.packed.count * 2)
        out.appendLabels(labels)
        return out.array()
    }

    /// Adds a series by its label fields; `body` adds what it holds, in the order of its time.
    package mutating func series(_ labelFields: [UInt8], _ body: (inout SeriesBody) -> Void) {
        var content = SeriesBody(labelFields)
        body(&content)
        content.out.withBytes { out.appendField(1, bytes: $0) }
    }

    /// Adds what is known of a metric family.
    package mutating func metadata(_ family: String, _ metadata: MetricMetadata) {
        out.appendMessage(3) { out in
            if let type = Self.types.firstIndex(of: metadata.kind), type > 0 { out.appendField(1, varint: UInt64(type)) }
            out.appendField(2, string: family)
            if !metadata.help.isEmpty { out.appendField(4, string: metadata.help) }
            if !metadata.unit.isEmpty { out.appendField(5, string: metadata.unit) }
        }
    }

    private static let types: [MetricKind] = [.unknown, .counter, .gauge, .histogram, .gaugehistogram, .summary, .info, .stateset]

    /// The message, not compressed.
    package consuming func finish() -> [UInt8] { out.array() }

    /// What one series holds, while it is written.
    package struct SeriesBody: ~Copyable {
        fileprivate var out: ByteWriter

        fileprivate init(_ labelFields: [UInt8]) {
            out = ByteWriter(capacity: labelFields.count + 64)
            out.append(labelFields)
        }

        /// Adds a sample; times are milliseconds since the epoch. The bits of a NaN, such as the stale marker's, are kept.
        package mutating func sample(_ timestamp: Int64, _ value: Double) {
            out.appendMessage(2) { out in
                out.appendField(1, double: value)
                out.appendField(2, varint: UInt64(bitPattern: timestamp))
            }
        }

        package mutating func exemplar(_ exemplar: Exemplar) {
            out.appendMessage(3) { out in
                out.appendLabels(exemplar.labels)
                out.appendField(2, double: exemplar.value)
                out.appendField(3, varint: UInt64(bitPattern: exemplar.timestamp))
            }
        }

        package mutating func histogram(_ timestamp: Int64, _ histogram: NativeHistogram) {
            out.appendMessage(4) { $0.appendHistogram(timestamp, histogram) }
        }
    }
}

extension ByteWriter {
    /// `prometheus.Label`s in field 1.
    fileprivate mutating func appendLabels(_ labels: Labels) {
        labels.forEachBytes { name, value in
            appendMessage(1) { out in
                out.appendField(1, bytes: name)
                out.appendField(2, bytes: value)
            }
        }
    }

    /// The fields of a `prometheus.Histogram`. A field of the flavour's count is always there, because it tells the flavour.
    fileprivate mutating func appendHistogram(_ timestamp: Int64, _ histogram: NativeHistogram) {
        switch histogram.counts {
        case .integer(let tally): appendField(1, varint: tally.count)
        case .float(let tally): appendField(2, double: tally.count)
        }
        appendField(3, double: histogram.sum)
        appendTag(4, .varint)
        appendVarint(Int64(histogram.schema))
        appendField(5, double: histogram.zeroThreshold)
        switch histogram.counts {
        case .integer(let tally): appendField(6, varint: tally.zeroCount)
        case .float(let tally): appendField(7, double: tally.zeroCount)
        }
        appendSpans(8, histogram.negativeSpans)
        if case .integer(let tally) = histogram.counts { appendDeltas(9, tally.negative) }
        if case .float(let tally) = histogram.counts { appendDoubles(10, tally.negative) }
        appendSpans(11, histogram.positiveSpans)
        if case .integer(let tally) = histogram.counts { appendDeltas(12, tally.positive) }
        if case .float(let tally) = histogram.counts { appendDoubles(13, tally.positive) }
        if histogram.counterReset != .unknown { appendField(14, varint: UInt64(histogram.counterReset.rawValue)) }
        appendField(15, varint: UInt64(bitPattern: timestamp))
        appendDoubles(16, histogram.customValues)
    }

    private mutating func appendSpans(_ field: UInt32, _ spans: [NativeHistogram.Span]) {
        for span in spans {
            appendMessage(field) { out in
                out.appendTag(1, .varint)
                out.appendVarint(Int64(span.offset))
                out.appendField(2, varint: UInt64(span.length))
            }
        }
    }

    private mutating func appendDeltas(_ field: UInt32, _ buckets: [Int64]) {
        if buckets.isEmpty { return }
        appendMessage(field) { out in
            var before: Int64 = 0
            for bucket in buckets {
                out.appendVarint(bucket &- before)
                before = bucket
            }
        }
    }

    private mutating func appendDoubles(_ field: UInt32, _ values: [Double]) {
        if values.isEmpty { return }
        appendMessage(field) { out in for value in values { out.appendLittleEndian(value.bitPattern) } }
    }
}
