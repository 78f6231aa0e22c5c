import Bytes
import MetricModel

/// Decodes XOR chunks (`tsdb/chunkenc/xor.go`) into sample columns.
enum XORDecoder {
    /// Appends the samples within `time` to `buffer`.
    ///
    /// Never reads outside `chunk`. Throws when the bits run out before the samples do, or when time does not rise.
    static func decode(_ chunk: UnsafeBufferPointer<UInt8>, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(ChunkDecoder.Malformed) {
        guard chunk.count >= OpenChunk.headerBytes, let base = chunk.baseAddress else { throw ChunkDecoder.Malformed(reason: "a chunk is shorter than its header") }
        let total = Int(base[0]) << 8 | Int(base[1])
        if total == 0 { return }
        // Every sample but the first takes at least two bits, so a short chunk cannot make us reserve much.
        guard total <= chunk.count * 4 else { throw ChunkDecoder.Malformed(reason: "a chunk of \(chunk.count) bytes says it holds \(total) samples") }
        buffer.reserve(total)
        let times = buffer.timestamps + buffer.count
        let values = buffer.values + buffer.count
        var kept = 0
        var reader = BitReader(base: base, count: chunk.count, position: OpenChunk.headerBytes * 8)

        let first = reader.readUvarint()
        var now = Int64(bitPattern: first >> 1) ^ -Int64(bitPattern: first & 1)
        var bits = reader.read(64)
        var delta: UInt64 = 0
        var leading = 0
        var width = 64
        if now >= time.lowerBound, now <= time.upperBound {
            times[kept] = now
            values[kept] = Double(bitPattern: bits)
            kept += 1
        }
        var index = 1
        while index < total {
            if index == 1 {
                delta = reader.readUvarint()
            } else {
                let word = reader.peek()
                if word >> 63 == 0 {
                    reader.position += 1
                } else {
                    delta = delta &+ UInt64(bitPattern: reader.readChange(word))
                }
            }
            let then = now &+ Int64(bitPattern: delta)
            guard then > now else { throw ChunkDecoder.Malformed(reason: "time does not rise within a chunk") }
            now = then

            let word = reader.peek()
            if word >> 63 == 0 {
                reader.position += 1
            } else {
                if word >> 62 == 0b10 {
                    reader.position += 2
                } else {
                    leading = Int(word >> 57 & 31)
                    width = Int(word >> 51 & 63)
                    if width == 0 { width = 64 }
                    guard leading + width <= 64 else { throw ChunkDecoder.Malformed(reason: "a value's width is impossible") }
                    reader.position += 13
                }
                bits ^= reader.read(width) &<< UInt64(64 - leading - width)
            }
            if now > time.upperBound { break }
            if now >= time.lowerBound {
                times[kept] = now
                values[kept] = Double(bitPattern: bits)
                kept += 1
            }
            index += 1
        }
        guard reader.position <= chunk.count * 8 else { throw ChunkDecoder.Malformed(reason: "a chunk ends before its samples do") }
        buffer.advance(by: kept)
    }
}
