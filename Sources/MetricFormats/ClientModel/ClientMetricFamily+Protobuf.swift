import Bytes

extension ClientMetricFamily {
    /// Reads messages that follow one another, each behind its length (`application/vnd.google.protobuf; encoding=delimited`). More than
    /// `metricsMax` metrics are an error.
    package static func decodeDelimited(_ body: [UInt8], metricsMax: Int = .max) throws(MetricFormatError) -> [ClientMetricFamily] {
        try body.withUnsafeBufferPointer { bytes throws(MetricFormatError) in
            var fields = MessageWalker(bytes)
            var families: [ClientMetricFamily] = []
            var left = metricsMax
            while fields.position < fields.end {
                families.append(try decode(&fields, end: try fields.length(fields.end), metricsMax: left))
                left -= families.last?.metrics.count ?? 0
            }
            return families
        }
    }

    /// Reads one message, without a length in front.
    package static func decode(_ message: UnsafeBufferPointer<UInt8>) throws(MetricFormatError) -> ClientMetricFamily {
        var fields = MessageWalker(message)
        return try decode(&fields, end: fields.end)
    }

    private static func decode(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>, metricsMax: Int = .max) throws(MetricFormatError) -> ClientMetricFamily {
        var family = ClientMetricFamily(name: "", kind: .counter)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): family.name = try fields.string(end)
            case MessageTag.delimited(2): family.help = try fields.string(end)
            case MessageTag.varint(3):
                let number = try fields.varint(end)
                guard let kind = Kind(rawValue: number) else { throw fields.malformed("metric type \(number) does not exist") }
                family.kind = kind
            case MessageTag.delimited(4):
                guard family.metrics.count < metricsMax else { throw fields.malformed("more metrics than are taken at once") }
                family.metrics.append(try decodeMetric(&fields, end: try fields.length(end)))
            case let other: try fields.skip(other, end)
            }
        }
        return family
    }

    private static func decodeMetric(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Metric {
        var metric = Metric()
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): metric.labels.append(try decodeLabel(&fields, end: try fields.length(end)))
            case MessageTag.delimited(2): metric.value = .gauge(try decodeNumber(&fields, end: try fields.length(end)))
            case MessageTag.delimited(3): metric.value = .counter(try decodeNumber(&fields, end: try fields.length(end)))
            case MessageTag.delimited(4): metric.value = .summary(try decodeSummary(&fields, end: try fields.length(end)))
            case MessageTag.delimited(5): metric.value = .untyped(try decodeNumber(&fields, end: try fields.length(end)))
            case MessageTag.varint(6): metric.timestampMillis = Int64(bitPattern: try fields.varint(end))
            case MessageTag.delimited(7): metric.value = .histogram(try decodeHistogram(&fields, end: try fields.length(end)))
            case let other: try fields.skip(other, end)
            }
        }
        return metric
    }

    private static func decodeLabel(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Label {
        var label = Label("", "")
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): label.name = try fields.string(end)
            case MessageTag.delimited(2): label.value = try fields.string(end)
            case let other: try fields.skip(other, end)
            }
        }
        return label
    }

    /// A gauge, counter or untyped value, which are laid out alike.
    private static func decodeNumber(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Double {
        var number = 0.0
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.fixed64(1): number = Double(bitPattern: try fields.fixed64(end))
            case let other: try fields.skip(other, end)
            }
        }
        return number
    }

    private static func decodeSummary(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Summary {
        var summary = Summary()
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): summary.sampleCount = try fields.varint(end)
            case MessageTag.fixed64(2): summary.sampleSum = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(3):
                let pair = try decodePair(&fields, end: try fields.length(end))
                summary.quantiles.append(.init(quantile: pair.0, value: pair.1))
            case let other: try fields.skip(other, end)
            }
        }
        return summary
    }

    private static func decodePair(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> (Double, Double) {
        var pair = (0.0, 0.0)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.fixed64(1): pair.0 = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.fixed64(2): pair.1 = Double(bitPattern: try fields.fixed64(end))
            case let other: try fields.skip(other, end)
            }
        }
        return pair
    }

    private static func decodeHistogram(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Histogram {
        var histogram = Histogram()
        while fields.position < end {
            let at = fields.position
            switch try fields.tag(end) {
            case MessageTag.varint(1): histogram.sampleCount = Double(try fields.varint(end))
            case MessageTag.fixed64(2): histogram.sampleSum = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(3): histogram.buckets.append(try decodeBucket(&fields, end: try fields.length(end), &histogram.hasFloatCounts))
            case MessageTag.fixed64(4):
                histogram.sampleCount = Double(bitPattern: try fields.fixed64(end))
                histogram.hasFloatCounts = true
            case let other:
                try fields.skip(other, end)
                histogram.native += UnsafeBufferPointer(start: at, count: fields.position - at)
            }
        }
        return histogram
    }

    private static func decodeBucket(
        _ fields: inout MessageWalker, end: UnsafePointer<UInt8>, _ hasFloatCounts: inout Bool
    ) throws(MetricFormatError) -> Histogram.Bucket {
        var bucket = Histogram.Bucket(upperBound: 0, cumulativeCount: 0)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): bucket.cumulativeCount = Double(try fields.varint(end))
            case MessageTag.fixed64(2): bucket.upperBound = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.fixed64(4):
                bucket.cumulativeCount = Double(bitPattern: try fields.fixed64(end))
                hasFloatCounts = true
            case let other: try fields.skip(other, end)
            }
        }
        return bucket
    }
}

extension ClientMetricFamily {
    /// Writes the messages, each behind its length.
    package static func encodeDelimited(_ families: [ClientMetricFamily]) -> [UInt8] {
        var out = ByteWriter(capacity: 4096)
        for family in families {
            let at = out.count
            family.encode(to: &out)
            out.insertUvarint(UInt64(out.count - at), at: at)
        }
        return out.array()
    }

    /// Writes one message, without a length in front.
    package func encode(to out: inout ByteWriter) {
        out.appendField(1, string: name)
        if !help.isEmpty { out.appendField(2, string: help) }
        out.appendField(3, varint: kind.rawValue)
        for metric in metrics { out.appendMessage(4) { metric.encode(to: &$0) } }
    }
}

extension ClientMetricFamily.Metric {
    fileprivate func encode(to out: inout ByteWriter) {
        for label in labels {
            out.appendMessage(1) { out in
                out.appendField(1, string: label.name)
                out.appendField(2, string: label.value)
            }
        }
        switch value {
        case .gauge(let number): out.appendMessage(2) { $0.appendField(1, double: number) }
        case .counter(let number): out.appendMessage(3) { $0.appendField(1, double: number) }
        case .untyped(let number): out.appendMessage(5) { $0.appendField(1, double: number) }
        case .summary(let summary):
            out.appendMessage(4) { out in
                out.appendField(1, varint: summary.sampleCount)
                out.appendField(2, double: summary.sampleSum)
                for quantile in summary.quantiles {
                    out.appendMessage(3) { out in
                        out.appendField(1, double: quantile.quantile)
                        out.appendField(2, double: quantile.value)
                    }
                }
            }
        case .histogram(let histogram):
            out.appendMessage(7) { out in
                Self.append(histogram.sampleCount, isFloat: histogram.hasFloatCounts, to: &out)
                out.appendField(2, double: histogram.sampleSum)
                for bucket in histogram.buckets {
                    out.appendMessage(3) { out in
                        Self.append(bucket.cumulativeCount, isFloat: histogram.hasFloatCounts, to: &out)
                        out.appendField(2, double: bucket.upperBound)
                    }
                }
                out.append(histogram.native)
            }
        case nil: break
        }
        if let timestampMillis { out.appendField(6, varint: UInt64(bitPattern: timestampMillis)) }
    }

    private static func append(_ count: Double, isFloat: Bool, to out: inout ByteWriter) {
        if !isFloat, let whole = UInt64(exactly: count) { out.appendField(1, varint: whole) } else { out.appendField(4, double: count) }
    }
}
