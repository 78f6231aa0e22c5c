import MetricModel

/// `io.prometheus.client.Histogram`: the classic buckets, the native ones or both.
struct ProtobufHistogram {
    typealias Span = UnsafeBufferPointer<UInt8>

    struct Bucket {
        var upperBound = 0.0
        var cumulativeCount: UInt64 = 0
        var cumulativeCountFloat = 0.0
        var exemplar: Span?

        /// A count of 0 as a double says nothing.
        var count: Double { cumulativeCountFloat == 0 ? Double(cumulativeCount) : cumulativeCountFloat }
    }

    /// Spans that speak of more or of fewer buckets than there are.
    struct Mismatch: Error {
        let reason: String
    }

    private var sampleCount: UInt64 = 0
    private var sampleCountFloat = 0.0
    private(set) var sampleSum = 0.0
    private(set) var buckets: [Bucket] = []
    private var schema: Int32 = 0
    private var zeroThreshold = 0.0
    private var zeroCount: UInt64 = 0
    private var zeroCountFloat = 0.0
    private var positive = Side()
    private var negative = Side()
    private(set) var exemplars: [Span] = []

    /// The buckets on one side of zero.
    private struct Side {
        var spans: [NativeHistogram.Span] = []
        var deltas: [Int64] = []
        var counts: [Double] = []

        mutating func reset() {
            spans.removeAll(keepingCapacity: true)
            deltas.removeAll(keepingCapacity: true)
            counts.removeAll(keepingCapacity: true)
        }
    }

    mutating func reset() {
        (sampleCount, sampleCountFloat, sampleSum) = (0, 0, 0)
        (schema, zeroThreshold, zeroCount, zeroCountFloat) = (0, 0, 0, 0)
        buckets.removeAll(keepingCapacity: true)
        exemplars.removeAll(keepingCapacity: true)
        positive.reset()
        negative.reset()
    }

    /// The `_count` of the classic histogram.
    var classicCount: Double { sampleCountFloat == 0 ? Double(sampleCount) : sampleCountFloat }

    /// Whether it has native buckets. One that has none yet says so by a span of no buckets, or by a zero bucket that has a width.
    var isNative: Bool { !positive.spans.isEmpty || !negative.spans.isEmpty || zeroThreshold > 0 || zeroCount > 0 }

    // MARK: - Reading

    mutating func read(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): sampleCount = try fields.varint(end)
            case MessageTag.fixed64(2): sampleSum = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(3): buckets.append(try Self.bucket(&fields, end: try fields.length(end)))
            case MessageTag.fixed64(4): sampleCountFloat = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.varint(5): schema = Int32(truncatingIfNeeded: Self.zigzag(try fields.varint(end)))
            case MessageTag.fixed64(6): zeroThreshold = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.varint(7): zeroCount = try fields.varint(end)
            case MessageTag.fixed64(8): zeroCountFloat = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(9): negative.spans.append(try Self.span(&fields, end: try fields.length(end)))
            case MessageTag.delimited(12): positive.spans.append(try Self.span(&fields, end: try fields.length(end)))
            // Repeated numbers come packed or one by one.
            case MessageTag.delimited(10): try Self.integers(&fields, end: try fields.length(end), into: &negative.deltas)
            case MessageTag.varint(10): negative.deltas.append(Self.zigzag(try fields.varint(end)))
            case MessageTag.delimited(13): try Self.integers(&fields, end: try fields.length(end), into: &positive.deltas)
            case MessageTag.varint(13): positive.deltas.append(Self.zigzag(try fields.varint(end)))
            case MessageTag.delimited(11): try Self.doubles(&fields, end: try fields.length(end), into: &negative.counts)
            case MessageTag.fixed64(11): negative.counts.append(Double(bitPattern: try fields.fixed64(end)))
            case MessageTag.delimited(14): try Self.doubles(&fields, end: try fields.length(end), into: &positive.counts)
            case MessageTag.fixed64(14): positive.counts.append(Double(bitPattern: try fields.fixed64(end)))
            // When the histogram began; the store does not keep it.
            case MessageTag.delimited(15): fields.position = try fields.length(end)
            case MessageTag.delimited(16): exemplars.append(try fields.bytes(end))
            case let other: try fields.skip(other, end, knownThrough: 16)
            }
        }
    }

    private static func bucket(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> Bucket {
        var bucket = Bucket()
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): bucket.cumulativeCount = try fields.varint(end)
            case MessageTag.fixed64(2): bucket.upperBound = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.delimited(3): bucket.exemplar = try fields.bytes(end)
            case MessageTag.fixed64(4): bucket.cumulativeCountFloat = Double(bitPattern: try fields.fixed64(end))
            case let other: try fields.skip(other, end, knownThrough: 4)
            }
        }
        return bucket
    }

    private static func span(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) -> NativeHistogram.Span {
        var span = NativeHistogram.Span(offset: 0, length: 0)
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): span.offset = Int32(truncatingIfNeeded: zigzag(try fields.varint(end)))
            case MessageTag.varint(2): span.length = UInt32(truncatingIfNeeded: try fields.varint(end))
            case let other: try fields.skip(other, end, knownThrough: 2)
            }
        }
        return span
    }

    private static func integers(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>, into numbers: inout [Int64]) throws(MetricFormatError) {
        while fields.position < end { numbers.append(zigzag(try fields.varint(end))) }
    }

    private static func doubles(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>, into numbers: inout [Double]) throws(MetricFormatError) {
        while fields.position < end { numbers.append(Double(bitPattern: try fields.fixed64(end))) }
    }

    private static func zigzag(_ raw: UInt64) -> Int64 { Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1) }

    // MARK: - The native histogram

    /// The native histogram, without its empty buckets (`Histogram.Compact(0)`). It is one of doubles where its count is one.
    func native(isGauge: Bool) throws(Mismatch) -> NativeHistogram {
        let isFloat = sampleCountFloat > 0 || zeroCountFloat > 0
        try check("positive", positive.spans, isFloat ? positive.counts.count : positive.deltas.count)
        try check("negative", negative.spans, isFloat ? negative.counts.count : negative.deltas.count)
        let (above, below): ([NativeHistogram.Span], [NativeHistogram.Span])
        let counts: NativeHistogram.Counts
        if isFloat {
            let (up, down) = (Self.compact(positive.spans, positive.counts), Self.compact(negative.spans, negative.counts))
            (above, below) = (up.spans, down.spans)
            counts = .float(.init(count: sampleCountFloat, zeroCount: zeroCountFloat, positive: up.counts, negative: down.counts))
        } else {
            let (up, down) = (Self.compact(positive.spans, Self.summed(positive.deltas)), Self.compact(negative.spans, Self.summed(negative.deltas)))
            (above, below) = (up.spans, down.spans)
            counts = .integer(.init(count: sampleCount, zeroCount: zeroCount, positive: up.counts, negative: down.counts))
        }
        return NativeHistogram(
            counterReset: isGauge ? .gauge : .unknown, schema: schema, zeroThreshold: zeroThreshold, sum: sampleSum, positiveSpans: above, negativeSpans: below, counts: counts)
    }

    private func check(_ side: String, _ spans: [NativeHistogram.Span], _ bucketCount: Int) throws(Mismatch) {
        let needed = NativeHistogram.bucketCount(spans)
        if needed != bucketCount { throw Mismatch(reason: "\(side) side: spans require \(needed) buckets, have \(bucketCount)") }
    }

    private static func summed(_ deltas: [Int64]) -> [Int64] {
        var count: Int64 = 0
        return deltas.map {
            count &+= $0
            return count
        }
    }

    private static func compact<Count: Numeric>(_ spans: [NativeHistogram.Span], _ counts: [Count]) -> (spans: [NativeHistogram.Span], counts: [Count]) {
        var indices: [Int] = []
        var kept: [Count] = []
        NativeHistogram.forEachBucket(spans) { index, place in
            guard counts[place] != 0 else { return }
            indices.append(index)
            kept.append(counts[place])
        }
        return (NativeHistogram.spans(of: indices), kept)
    }
}
