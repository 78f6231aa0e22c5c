import MetricModel

/// A chunk of a block: bytes, valid for as long as whoever hands them out says, and the times they cover.
struct EncodedChunk {
    var encoding: BlockFormat.ChunkEncoding
    var bytes: UnsafeBufferPointer<UInt8>
    var minTime: Int64
    var maxTime: Int64
}

/// Encodes samples into chunks, floats 120 to a chunk, for where chunks cannot be taken as they are.
struct ChunkEncoder: ~Copyable {
    private let block: UnsafeMutablePointer<UInt8>
    private static let samplesMax: UInt16 = 120
    /// More than the samples of a chunk can take.
    private static let bytes = 4096

    init() { block = .allocate(capacity: Self.bytes) }

    deinit { block.deallocate() }

    /// Calls `body` with every chunk of the samples that `buffer` holds, in the order of time. The bytes are valid during the call.
    func encode<E: Error>(_ buffer: borrowing SampleBuffer, _ body: (EncodedChunk) throws(E) -> Void) throws(E) {
        var (at, row) = (0, 0)
        while at < buffer.count || row < buffer.histograms.count {
            if row == buffer.histograms.count || (at < buffer.count && buffer.timestamps[at] < buffer.histograms[row].timestamp) {
                let end = row < buffer.histograms.count ? buffer.histograms[row].timestamp : nil
                try encodeFloats(buffer, &at, before: end, body)
            } else {
                let end = at < buffer.count ? buffer.timestamps[at] : nil
                try encodeHistograms(buffer, &row, before: end, body)
            }
        }
    }

    /// One chunk of floats before a time, if one is given.
    private func encodeFloats<E: Error>(_ buffer: borrowing SampleBuffer, _ at: inout Int, before end: Int64?, _ body: (EncodedChunk) throws(E) -> Void) throws(E) {
        var chunk = OpenChunk()
        let first = buffer.timestamps[at]
        chunk.begin(in: block, capacity: Self.bytes, cutTime: .max)
        while at < buffer.count, end.map({ buffer.timestamps[at] < $0 }) ?? true, chunk.count < Self.samplesMax, chunk.hasRoom {
            chunk.append(buffer.timestamps[at], buffer.values[at].bitPattern)
            at += 1
        }
        chunk.store(countAt: block)
        // SAFETY: the chunk's bytes lie in `block`, which the encoder owns.
        try body(EncodedChunk(encoding: .xor, bytes: UnsafeBufferPointer(start: block, count: chunk.byteCount), minTime: first, maxTime: chunk.lastTime))
    }

    /// The chunks of a run of histograms before a time, if one is given.
    private func encodeHistograms<E: Error>(_ buffer: borrowing SampleBuffer, _ row: inout Int, before end: Int64?, _ body: (EncodedChunk) throws(E) -> Void) throws(E) {
        var open: OpenHistogramChunk?
        while row < buffer.histograms.count, end.map({ buffer.histograms[row].timestamp < $0 }) ?? true {
            let sample = buffer.histograms[row]
            row += 1
            guard let current = open, current.isFloat == sample.histogram.isFloat, !current.isFull else {
                if let open { try body(open.encoded) }
                open = OpenHistogramChunk(sample.timestamp, sample.histogram, after: open)
                continue
            }
            guard let next = current.append(sample.timestamp, sample.histogram) else { continue }
            try body(current.encoded)
            open = next
        }
        if let open { try body(open.encoded) }
    }
}
