import MetricModel

/// Which buckets the histograms of a chunk have, and how that stands at the chunk's beginning (`tsdb/chunkenc/histogram_meta.go`).
struct HistogramLayout {
    var schema: Int32
    var zeroThreshold: Double
    var positiveSpans: [NativeHistogram.Span]
    var negativeSpans: [NativeHistogram.Span]
    var customValues: [Double]

    init(of histogram: NativeHistogram) {
        schema = histogram.schema
        zeroThreshold = histogram.zeroThreshold
        positiveSpans = histogram.positiveSpans
        negativeSpans = histogram.negativeSpans
        customValues = histogram.customValues
    }

    func write(to out: inout BitBuffer) {
        Self.putThreshold(zeroThreshold, &out)
        out.putVarbit(Int64(schema))
        for spans in [positiveSpans, negativeSpans] {
            out.putUnsignedVarbit(UInt64(spans.count))
            for span in spans {
                out.putUnsignedVarbit(UInt64(span.length))
                out.putVarbit(Int64(span.offset))
            }
        }
        guard schema == NativeHistogram.customSchema else { return }
        out.putUnsignedVarbit(UInt64(customValues.count))
        for bound in customValues { Self.putBound(bound, &out) }
    }

    /// Reads what `write` wrote. Allocates no more than the bits that are left can speak of.
    init(_ reader: inout BitReader) throws(ChunkDecoder.Malformed) {
        zeroThreshold = Self.readThreshold(&reader)
        let code = reader.readVarbit()
        schema = Int32(truncatingIfNeeded: code)
        guard schema == NativeHistogram.customSchema || NativeHistogram.knownExponentialSchemas.contains(schema) else {
            throw ChunkDecoder.Malformed(reason: "\(NativeHistogramError.unknownSchema(schema))")
        }
        positiveSpans = try Self.readSpans(&reader)
        negativeSpans = try Self.readSpans(&reader)
        customValues = []
        guard schema == NativeHistogram.customSchema else { return }
        let count = reader.readUnsignedVarbit()
        guard count <= UInt64(reader.bitsLeft) else { throw ChunkDecoder.Malformed(reason: "a chunk ends before its \(count) bounds do") }
        customValues.reserveCapacity(Int(count))
        for _ in 0..<count { customValues.append(Self.readBound(&reader)) }
    }

    private static func readSpans(_ reader: inout BitReader) throws(ChunkDecoder.Malformed) -> [NativeHistogram.Span] {
        let count = reader.readUnsignedVarbit()
        // A span takes at least two bits.
        guard count <= UInt64(reader.bitsLeft / 2) else { throw ChunkDecoder.Malformed(reason: "a chunk ends before its \(count) spans do") }
        var spans: [NativeHistogram.Span] = []
        spans.reserveCapacity(Int(count))
        for _ in 0..<count {
            let length = UInt32(truncatingIfNeeded: reader.readUnsignedVarbit())
            spans.append(NativeHistogram.Span(offset: Int32(truncatingIfNeeded: reader.readVarbit()), length: length))
        }
        return spans
    }

    /// A byte for nothing and for powers of two from 2^-243 to 2^10, nine for others.
    private static func putThreshold(_ threshold: Double, _ out: inout BitBuffer) {
        if threshold == 0 { return out.put(0, 8) }
        if threshold > 0, threshold.significand == 1, threshold >= 0x1p-243, threshold <= 0x1p10 { return out.put(UInt64(threshold.exponent + 244), 8) }
        out.put(255, 8)
        out.put(threshold.bitPattern, 64)
    }

    private static func readThreshold(_ reader: inout BitReader) -> Double {
        switch reader.read(8) {
        case 0: 0
        case 255: Double(bitPattern: reader.read(64))
        case let code: Double(sign: .plus, exponent: Int(code) - 244, significand: 1)
        }
    }

    /// Thousandths from 0 to 33554.43 as an integer, others as they are behind a zero.
    private static func putBound(_ bound: Double, _ out: inout BitBuffer) {
        let thousandths = bound * 1000
        guard thousandths >= 0, thousandths <= 33_554_430, thousandths.rounded() / 1000 == bound else {
            out.put(0, 1)
            return out.put(bound.bitPattern, 64)
        }
        out.putUnsignedVarbit(UInt64(thousandths.rounded()) + 1)
    }

    private static func readBound(_ reader: inout BitReader) -> Double {
        let code = reader.readUnsignedVarbit()
        return code == 0 ? Double(bitPattern: reader.read(64)) : Double(code - 1) / 1000
    }
}
