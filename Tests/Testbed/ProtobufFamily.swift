import Bytes

/// Writes `io.prometheus.client.MetricFamily` as an application would expose it, field by field.
package struct ProtobufFamily {
    package struct Exemplar {
        package var labels: [(String, String)]
        package var value: Double
        /// Milliseconds since the epoch.
        package var timestamp: Int64?
        package init(_ labels: [(String, String)], _ value: Double, at timestamp: Int64? = nil) {
            self.labels = labels
            self.value = value
            self.timestamp = timestamp
        }
    }

    package struct Bucket {
        package var upperBound: Double
        package var count: UInt64
        package var countFloat = 0.0
        package var exemplar: Exemplar?
        package init(_ upperBound: Double, _ count: UInt64, float countFloat: Double = 0, _ exemplar: Exemplar? = nil) {
            self.upperBound = upperBound
            self.count = count
            self.countFloat = countFloat
            self.exemplar = exemplar
        }
    }

    /// Native buckets on one side of zero.
    package struct Side {
        package var spans: [(offset: Int, length: Int)] = []
        package var deltas: [Int] = []
        package var counts: [Double] = []
        package init(spans: [(offset: Int, length: Int)] = [], deltas: [Int] = [], counts: [Double] = []) {
            self.spans = spans
            self.deltas = deltas
            self.counts = counts
        }
    }

    package struct Histogram {
        package var count: UInt64 = 0
        package var countFloat = 0.0
        package var sum = 0.0
        package var buckets: [Bucket] = []
        package var schema = 0
        package var zeroThreshold = 0.0
        package var zeroCount: UInt64 = 0
        package var zeroCountFloat = 0.0
        package var positive = Side()
        package var negative = Side()
        package var exemplars: [Exemplar] = []
        /// Whether repeated numbers stand behind one length.
        package var isPacked = true
        package init(_ change: (inout Histogram) -> Void = { _ in }) { change(&self) }
    }

    package enum Value {
        case counter(Double, Exemplar? = nil)
        case gauge(Double)
        case untyped(Double)
        case summary(count: UInt64, sum: Double, quantiles: [(Double, Double)])
        case histogram(Histogram)
    }

    package enum Kind: UInt64, CaseIterable {
        case counter, gauge, summary, untyped, histogram, gaugeHistogram
    }

    private let name: String
    private let kind: UInt64
    private let help: String
    private let unit: String
    private var metrics: [UInt8] = []

    package init(_ name: String, _ kind: Kind, help: String = "", unit: String = "") { self.init(name, kind: kind.rawValue, help: help, unit: unit) }

    /// Of a type that need not exist.
    package init(_ name: String, kind: UInt64, help: String = "", unit: String = "") {
        self.name = name
        self.kind = kind
        self.help = help
        self.unit = unit
    }

    package mutating func add(_ labels: [(String, String)] = [], _ value: Value, at timestamp: Int64? = nil) {
        var writer = ByteWriter()
        writer.appendMessage(4) { out in
            for label in labels { Self.append(label, to: &out) }
            switch value {
            case .gauge(let number): out.appendMessage(2) { $0.appendField(1, double: number) }
            case .counter(let number, let exemplar):
                out.appendMessage(3) { out in
                    out.appendField(1, double: number)
                    Self.append(exemplar, 2, to: &out)
                }
            case .untyped(let number): out.appendMessage(5) { $0.appendField(1, double: number) }
            case .summary(let count, let sum, let quantiles):
                out.appendMessage(4) { out in
                    out.appendField(1, varint: count)
                    out.appendField(2, double: sum)
                    for quantile in quantiles {
                        out.appendMessage(3) { out in
                            out.appendField(1, double: quantile.0)
                            out.appendField(2, double: quantile.1)
                        }
                    }
                }
            case .histogram(let histogram): out.appendMessage(7) { Self.append(histogram, to: &$0) }
            }
            if let timestamp { out.appendField(6, varint: UInt64(bitPattern: timestamp)) }
        }
        metrics += writer.array()
    }

    /// The family behind its length, its unit last, as its number says.
    package var delimited: [UInt8] {
        var message = ByteWriter()
        message.appendField(1, string: name)
        if !help.isEmpty { message.appendField(2, string: help) }
        message.appendField(3, varint: kind)
        message.append(metrics)
        if !unit.isEmpty { message.appendField(5, string: unit) }
        message.insertUvarint(UInt64(message.count), at: 0)
        return message.array()
    }

    private static func append(_ label: (String, String), to out: inout ByteWriter) {
        out.appendMessage(1) { out in
            out.appendField(1, string: label.0)
            out.appendField(2, string: label.1)
        }
    }

    private static func append(_ exemplar: Exemplar?, _ field: UInt32, to out: inout ByteWriter) {
        guard let exemplar else { return }
        out.appendMessage(field) { out in
            for label in exemplar.labels { append(label, to: &out) }
            out.appendField(2, double: exemplar.value)
            if let millis = exemplar.timestamp {
                out.appendMessage(3) { out in
                    out.appendField(1, varint: UInt64(bitPattern: millis / 1000))
                    out.appendField(2, varint: UInt64(bitPattern: millis % 1000 * 1_000_000))
                }
            }
        }
    }

    private static func append(_ histogram: Histogram, to out: inout ByteWriter) {
        if histogram.count > 0 { out.appendField(1, varint: histogram.count) }
        if histogram.countFloat != 0 { out.appendField(4, double: histogram.countFloat) }
        out.appendField(2, double: histogram.sum)
        for bucket in histogram.buckets {
            out.appendMessage(3) { out in
                if bucket.count > 0 { out.appendField(1, varint: bucket.count) }
                out.appendField(2, double: bucket.upperBound)
                append(bucket.exemplar, 3, to: &out)
                if bucket.countFloat != 0 { out.appendField(4, double: bucket.countFloat) }
            }
        }
        if histogram.schema != 0 { out.appendField(5, varint: zigzag(histogram.schema)) }
        if histogram.zeroThreshold != 0 { out.appendField(6, double: histogram.zeroThreshold) }
        if histogram.zeroCount > 0 { out.appendField(7, varint: histogram.zeroCount) }
        if histogram.zeroCountFloat != 0 { out.appendField(8, double: histogram.zeroCountFloat) }
        append(histogram.negative, spans: 9, isPacked: histogram.isPacked, to: &out)
        append(histogram.positive, spans: 12, isPacked: histogram.isPacked, to: &out)
        // When it began.
        out.appendMessage(15) { $0.appendField(1, varint: 1_700_000_000) }
        for exemplar in histogram.exemplars { append(exemplar, 16, to: &out) }
    }

    /// Deltas and counts are the two fields behind that of the spans.
    private static func append(_ side: Side, spans field: UInt32, isPacked: Bool, to out: inout ByteWriter) {
        for span in side.spans {
            out.appendMessage(field) { out in
                if span.offset != 0 { out.appendField(1, varint: zigzag(span.offset)) }
                if span.length != 0 { out.appendField(2, varint: UInt64(span.length)) }
            }
        }
        if !isPacked {
            for delta in side.deltas { out.appendField(field + 1, varint: zigzag(delta)) }
            for count in side.counts { out.appendField(field + 2, double: count) }
            return
        }
        if !side.deltas.isEmpty { out.appendMessage(field + 1) { run in for delta in side.deltas { run.appendUvarint(zigzag(delta)) } } }
        if !side.counts.isEmpty { out.appendMessage(field + 2) { run in for count in side.counts { run.appendLittleEndian(count.bitPattern) } } }
    }

    private static func zigzag(_ value: Int) -> UInt64 { UInt64(bitPattern: Int64(value << 1 ^ value >> 63)) }
}
