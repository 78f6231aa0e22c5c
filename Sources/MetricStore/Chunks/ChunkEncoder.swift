import MetricModel

/// Encodes samples into chunks of 120, for where chunks cannot be taken as they are.
struct ChunkEncoder: ~Copyable {
    private let block: UnsafeMutablePointer<UInt8>
    private static let samplesMax: UInt16 = 120
    private static let bytes = ChunkSlab.sizes[3]

    init() { block = .allocate(capacity: Self.bytes) }

    deinit { block.deallocate() }

    /// Calls `body` with every chunk of the samples that `buffer` holds and the times it covers.
    func encode<E: Error>(_ buffer: borrowing SampleBuffer, _ body: (UnsafeBufferPointer<UInt8>, Int64, Int64) throws(E) -> Void) throws(E) {
        var at = 0
        while at < buffer.count {
            var chunk = OpenChunk()
            let first = buffer.timestamps[at]
            chunk.begin(in: block, capacity: Self.bytes, cutTime: .max)
            while at < buffer.count, chunk.count < Self.samplesMax, chunk.hasRoom {
                chunk.append(buffer.timestamps[at], buffer.values[at].bitPattern)
                at += 1
            }
            // SAFETY: the chunk's bytes lie in `block`, which the encoder owns.
            try body(UnsafeBufferPointer(start: block, count: chunk.byteCount), first, chunk.lastTime)
        }
    }
}
