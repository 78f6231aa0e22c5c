import MetricModel

/// Decodes chunks of histograms (`tsdb/chunkenc/histogram.go` and `float_histogram.go`).
enum HistogramDecoder {
    /// Two bytes of sample count, big endian, and one that tells of a counter reset; in chunks with starts two bits for the reset, the rest of
    /// two bytes for the count, and a byte that tells which samples say when their series began (`tsdb/chunkenc/histogram_st.go`).
    static let headerBytes = 3

    /// Appends the histograms within `time` to `buffer`.
    ///
    /// Never reads outside `chunk`, and allocates no more for one histogram than 64 times its bits. Throws when the bits run out before the
    /// samples do, when time does not rise, and when the schema is of a kind nobody knows.
    static func decode(_ chunk: UnsafeBufferPointer<UInt8>, isFloat: Bool, hasStart: Bool = false, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer)
        throws(ChunkDecoder.Malformed)
    {
        guard chunk.count >= headerBytes, let base = chunk.baseAddress else { throw ChunkDecoder.Malformed(reason: "a chunk is shorter than its header") }
        let total = (Int(base[0]) << 8 | Int(base[1])) & (hasStart ? 0x3FFF : 0xFFFF)
        let startHeader = hasStart ? base[2] : 0
        if total == 0 { return }
        var reader = BitReader(base: base, count: chunk.count, position: headerBytes * 8)
        let layout = try HistogramLayout(&reader)
        let (positiveCount, negativeCount) = (NativeHistogram.bucketCount(layout.positiveSpans), NativeHistogram.bucketCount(layout.negativeSpans))
        guard positiveCount + negativeCount <= reader.bitsLeft / (isFloat ? 64 : 1) else {
            throw ChunkDecoder.Malformed(reason: "a chunk ends before its \(positiveCount + negativeCount) buckets do")
        }
        let isGauge = CounterResetHeader(base[hasStart ? 0 : 2]) == .gauge
        var now: Int64 = 0
        var (delta, clock): (Int64, Int64) = (0, .min)
        var integers = IntegerReading(positiveCount, negativeCount)
        var floats = FloatReading()
        for index in 0..<total {
            if index == 0 {
                now = reader.readVarbit()
            } else {
                delta = delta &+ reader.readVarbit()
                now = now &+ delta
                guard now > clock else { throw ChunkDecoder.Malformed(reason: "time does not rise within a chunk") }
            }
            clock = now
            let isSound = isFloat ? floats.next(&reader, isFirst: index == 0, positiveCount, negativeCount) : integers.next(&reader, isFirst: index == 0)
            guard isSound else { throw ChunkDecoder.Malformed(reason: "a value's width is impossible") }
            if startHeader != 0 { skipStart(startHeader, index, &reader) }
            guard reader.isWithin else { throw ChunkDecoder.Malformed(reason: "a chunk ends before its samples do") }
            if now > time.upperBound { break }
            if now < time.lowerBound { continue }
            let sum = isFloat ? floats.sum.value : integers.sum.value
            if Staleness.isMarker(sum) {
                buffer.append(now, .staleMarker(isFloat: isFloat))
                continue
            }
            var histogram = NativeHistogram(
                counterReset: isGauge ? .gauge : index > 0 ? .notReset : .unknown, schema: layout.schema, zeroThreshold: layout.zeroThreshold, sum: sum,
                positiveSpans: layout.positiveSpans, negativeSpans: layout.negativeSpans, customValues: layout.customValues,
                counts: isFloat ? .float(floats.tally) : .integer(integers.tally))
            if histogram.schema > NativeHistogram.exponentialSchemas.upperBound {
                do throws(NativeHistogramError) { try histogram.reduceResolution(to: NativeHistogram.exponentialSchemas.upperBound) } catch {
                    throw ChunkDecoder.Malformed(reason: "\(error)")
                }
            }
            buffer.append(now, histogram)
        }
    }

    /// Passes over when the series of a sample began: told of the first one if the high bit says so, and from the one on whose index the other
    /// bits are.
    private static func skipStart(_ header: UInt8, _ index: Int, _ reader: inout BitReader) {
        if index == 0 {
            if header & 0x80 != 0 { _ = reader.readUvarint() }
        } else if header & 0x7F != 0, index >= Int(header & 0x7F) {
            _ = reader.readVarbit()
        }
    }
}

/// What a chunk says of a counter reset before its first sample: the two high bits of its third byte.
enum CounterResetHeader: UInt8 {
    case unknown = 0, notReset = 0x40, reset = 0x80, gauge = 0xC0

    init(_ byte: UInt8) { self = CounterResetHeader(rawValue: byte & 0xC0) ?? .unknown }
}

/// Integers, as differences of differences of a bucket from the one before.
private struct IntegerReading {
    private var count: UInt64 = 0
    private var zeroCount: UInt64 = 0
    private var countDelta: Int64 = 0
    private var zeroDelta: Int64 = 0
    private(set) var sum = XORReading(0)
    private var positive: [Int64]
    private var negative: [Int64]
    private var positiveDeltas: [Int64]
    private var negativeDeltas: [Int64]

    init(_ positiveCount: Int, _ negativeCount: Int) {
        positive = [Int64](repeating: 0, count: positiveCount)
        negative = [Int64](repeating: 0, count: negativeCount)
        positiveDeltas = positive
        negativeDeltas = negative
    }

    mutating func next(_ reader: inout BitReader, isFirst: Bool) -> Bool {
        if isFirst {
            count = reader.readUnsignedVarbit()
            zeroCount = reader.readUnsignedVarbit()
            sum = XORReading(reader.read(64))
            for index in positive.indices { positive[index] = reader.readVarbit() }
            for index in negative.indices { negative[index] = reader.readVarbit() }
            return true
        }
        countDelta = countDelta &+ reader.readVarbit()
        count = count &+ UInt64(bitPattern: countDelta)
        zeroDelta = zeroDelta &+ reader.readVarbit()
        zeroCount = zeroCount &+ UInt64(bitPattern: zeroDelta)
        guard sum.next(&reader) else { return false }
        if Staleness.isMarker(sum.value) { return true }
        for index in positive.indices {
            positiveDeltas[index] = positiveDeltas[index] &+ reader.readVarbit()
            positive[index] = positive[index] &+ positiveDeltas[index]
        }
        for index in negative.indices {
            negativeDeltas[index] = negativeDeltas[index] &+ reader.readVarbit()
            negative[index] = negative[index] &+ negativeDeltas[index]
        }
        return true
    }

    var tally: NativeHistogram.Tally<UInt64, Int64> {
        NativeHistogram.Tally(count: count, zeroCount: zeroCount, positive: Self.summed(positive), negative: Self.summed(negative))
    }

    private static func summed(_ differences: [Int64]) -> [Int64] {
        var count: Int64 = 0
        return differences.map {
            count = count &+ $0
            return count
        }
    }
}

/// Doubles, each by what changed in its bits.
private struct FloatReading {
    private var count = XORReading(0)
    private var zeroCount = XORReading(0)
    private(set) var sum = XORReading(0)
    private var positive: [XORReading] = []
    private var negative: [XORReading] = []

    mutating func next(_ reader: inout BitReader, isFirst: Bool, _ positiveCount: Int, _ negativeCount: Int) -> Bool {
        if isFirst {
            count = XORReading(reader.read(64))
            zeroCount = XORReading(reader.read(64))
            sum = XORReading(reader.read(64))
            positive.reserveCapacity(positiveCount)
            for _ in 0..<positiveCount { positive.append(XORReading(reader.read(64))) }
            negative.reserveCapacity(negativeCount)
            for _ in 0..<negativeCount { negative.append(XORReading(reader.read(64))) }
            return true
        }
        guard count.next(&reader), zeroCount.next(&reader), sum.next(&reader) else { return false }
        if Staleness.isMarker(sum.value) { return true }
        for index in positive.indices { guard positive[index].next(&reader) else { return false } }
        for index in negative.indices { guard negative[index].next(&reader) else { return false } }
        return true
    }

    var tally: NativeHistogram.Tally<Double, Double> {
        NativeHistogram.Tally(count: count.value, zeroCount: zeroCount.value, positive: positive.map(\.value), negative: negative.map(\.value))
    }
}
