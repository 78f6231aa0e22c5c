import MetricModel

/// Decodes chunks of any kind.
enum ChunkDecoder {
    /// Why a chunk's bytes are not a chunk.
    struct Malformed: Error { let reason: String }

    /// Appends the samples within `time` to `buffer`, as they stand there. Never reads outside `chunk`. A chunk that is known to end within `time` is
    /// decoded faster when `endsWithin` says so; where that is not true, it still gives no sample beyond.
    static func decode(
        _ encoding: BlockFormat.ChunkEncoding, _ chunk: UnsafeBufferPointer<UInt8>, _ time: ClosedRange<Int64>, endsWithin: Bool = false, into buffer: inout SampleBuffer
    ) throws(Malformed) {
        switch encoding {
        case .xor: try XORDecoder.decode(chunk, time, endsWithin: endsWithin, into: &buffer)
        case .xor2: try XOR2Decoder.decode(chunk, time, into: &buffer)
        case .histogram: try HistogramDecoder.decode(chunk, isFloat: false, time, into: &buffer)
        case .floatHistogram: try HistogramDecoder.decode(chunk, isFloat: true, time, into: &buffer)
        case .histogramWithStart: try HistogramDecoder.decode(chunk, isFloat: false, hasStart: true, time, into: &buffer)
        case .floatHistogramWithStart: try HistogramDecoder.decode(chunk, isFloat: true, hasStart: true, time, into: &buffer)
        }
    }
}
