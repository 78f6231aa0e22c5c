/// `io.prometheus.client.Summary`.
struct ProtobufSummary {
    var sampleCount: UInt64 = 0
    var sampleSum = 0.0
    var quantiles: [(quantile: Double, value: Double)] = []

    mutating func reset() {
        (sampleCount, sampleSum) = (0, 0)
        quantiles.removeAll(keepingCapacity: true)
    }

    mutating func read(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): sampleCount = try fields.varint(end)
            case MessageTag.fixed64(2): sampleSum = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(3): quantiles.append(try Self.quantile(&fields, end: try fields.length(end)))
            case let other: try fields.skip(other, end, knownThrough: 3)
            }
        }
    }

    private static func quantile(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> (quantile: Double, value: Double) {
        var pair = (quantile: 0.0, value: 0.0)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.fixed64(1): pair.quantile = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.fixed64(2): pair.value = Double(bitPattern: try fields.fixed64(end))
            case let other: try fields.skip(other, end, knownThrough: 2)
            }
        }
        return pair
    }
}
