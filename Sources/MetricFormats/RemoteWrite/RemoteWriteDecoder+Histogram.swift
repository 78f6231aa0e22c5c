import MetricModel

extension RemoteWriteDecoder {
    /// Decodes a `prometheus.Histogram` of the series that comes next in `series`. Which flavour it is, the kind of its count tells.
    mutating func decodeHistogram(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        var message = HistogramMessage()
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): message.count = .integer(try fields.varint(end))
            case MessageTag.fixed64(2): message.count = .float(Double(bitPattern: try fields.fixed64(end)))
            case MessageTag.fixed64(3): message.sum = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.varint(4): message.schema = Int32(truncatingIfNeeded: Self.zigzag(try fields.varint(end)))
            case MessageTag.fixed64(5): message.zeroThreshold = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.varint(6): message.zeroCount = .integer(try fields.varint(end))
            case MessageTag.fixed64(7): message.zeroCount = .float(Double(bitPattern: try fields.fixed64(end)))
            case MessageTag.delimited(8): message.negativeSpans.append(try decodeSpan(&fields, end: try fields.length(end)))
            case MessageTag.delimited(11): message.positiveSpans.append(try decodeSpan(&fields, end: try fields.length(end)))
            // Repeated numbers come packed or one by one.
            case MessageTag.delimited(9): try decodeIntegers(&fields, end: try fields.length(end), into: &message.negativeDeltas)
            case MessageTag.varint(9): message.negativeDeltas.append(Self.zigzag(try fields.varint(end)))
            case MessageTag.delimited(12): try decodeIntegers(&fields, end: try fields.length(end), into: &message.positiveDeltas)
            case MessageTag.varint(12): message.positiveDeltas.append(Self.zigzag(try fields.varint(end)))
            case MessageTag.delimited(10): try decodeDoubles(&fields, end: try fields.length(end), into: &message.negativeCounts)
            case MessageTag.fixed64(10): message.negativeCounts.append(Double(bitPattern: try fields.fixed64(end)))
            case MessageTag.delimited(13): try decodeDoubles(&fields, end: try fields.length(end), into: &message.positiveCounts)
            case MessageTag.fixed64(13): message.positiveCounts.append(Double(bitPattern: try fields.fixed64(end)))
            case MessageTag.varint(14): message.resetHint = try fields.varint(end)
            case MessageTag.varint(15): message.timestamp = Int64(bitPattern: try fields.varint(end))
            case MessageTag.delimited(16): try decodeDoubles(&fields, end: try fields.length(end), into: &message.customValues)
            case MessageTag.fixed64(16): message.customValues.append(Double(bitPattern: try fields.fixed64(end)))
            case let other: try fields.skip(other, end)
            }
        }
        var histogram = message.histogram
        // One that cannot be brought to the highest resolution kept here is refused for its schema.
        if histogram.schema > NativeHistogram.exponentialSchemas.upperBound, histogram.schema <= NativeHistogram.knownExponentialSchemas.upperBound {
            try? histogram.reduceResolution(to: NativeHistogram.exponentialSchemas.upperBound)
        }
        add(SampleBatch.HistogramRow(series: series.count, timestamp: message.timestamp, histogram: histogram))
    }

    private func decodeSpan(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> NativeHistogram.Span {
        var span = NativeHistogram.Span(offset: 0, length: 0)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): span.offset = Int32(truncatingIfNeeded: Self.zigzag(try fields.varint(end)))
            case MessageTag.varint(2): span.length = UInt32(truncatingIfNeeded: try fields.varint(end))
            case let other: try fields.skip(other, end)
            }
        }
        return span
    }

    private func decodeIntegers(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>, into numbers: inout [Int64]) throws(MetricFormatError) {
        while fields.position < end { numbers.append(Self.zigzag(try fields.varint(end))) }
    }

    private func decodeDoubles(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>, into numbers: inout [Double]) throws(MetricFormatError) {
        numbers.reserveCapacity(numbers.count + (end - fields.position) / 8)
        while fields.position < end { numbers.append(Double(bitPattern: try fields.fixed64(end))) }
    }

    private static func zigzag(_ raw: UInt64) -> Int64 { Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1) }
}

/// What a `prometheus.Histogram` says, field by field.
private struct HistogramMessage {
    enum Number {
        case integer(UInt64)
        case float(Double)

        var integer: UInt64 { if case .integer(let value) = self { value } else { 0 } }
        var float: Double { if case .float(let value) = self { value } else { 0 } }
    }

    var count = Number.integer(0)
    var sum = 0.0
    var schema: Int32 = 0
    var zeroThreshold = 0.0
    var zeroCount = Number.integer(0)
    var negativeSpans: [NativeHistogram.Span] = []
    var negativeDeltas: [Int64] = []
    var negativeCounts: [Double] = []
    var positiveSpans: [NativeHistogram.Span] = []
    var positiveDeltas: [Int64] = []
    var positiveCounts: [Double] = []
    var resetHint: UInt64 = 0
    var timestamp: Int64 = 0
    var customValues: [Double] = []

    var histogram: NativeHistogram {
        let counts: NativeHistogram.Counts
        switch count {
        case .integer(let count):
            counts = .integer(.init(count: count, zeroCount: zeroCount.integer, positive: Self.summed(positiveDeltas), negative: Self.summed(negativeDeltas)))
        case .float(let count):
            counts = .float(.init(count: count, zeroCount: zeroCount.float, positive: positiveCounts, negative: negativeCounts))
        }
        return NativeHistogram(
            counterReset: UInt8(exactly: resetHint).flatMap { NativeHistogram.CounterReset(rawValue: $0) } ?? .unknown, schema: schema, zeroThreshold: zeroThreshold,
            sum: sum, positiveSpans: positiveSpans, negativeSpans: negativeSpans, customValues: customValues, counts: counts)
    }

    private static func summed(_ deltas: [Int64]) -> [Int64] {
        var count: Int64 = 0
        return deltas.map {
            count = count &+ $0
            return count
        }
    }
}
