import Bytes
import MetricModel

/// Decodes XOR chunks (`tsdb/chunkenc/xor.go`) into sample columns.
enum XORDecoder {
    /// Appends the samples within `time` to `buffer`.
    ///
    /// Never reads outside `chunk` and the `slack` bytes behind it. Throws when the bits run out before the samples do, or when time does not rise.
    static func decode(_ chunk: UnsafeBufferPointer<UInt8>, slack: Int = 0, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(ChunkDecoder.Malformed) {
        guard chunk.count >= OpenChunk.headerBytes, let base = chunk.baseAddress else { throw ChunkDecoder.Malformed(reason: "a chunk is shorter than its header") }
        let total = Int(base[0]) << 8 | Int(base[1])
        if total == 0 { return }
        // Every sample but the first takes at least two bits, so a short chunk cannot make us reserve much.
        guard total <= chunk.count * 4 else { throw ChunkDecoder.Malformed(reason: "a chunk of \(chunk.count) bytes says it holds \(total) samples") }
        buffer.reserve(total)
        let times = buffer.timestamps + buffer.count
        let values = buffer.values + buffer.count
        var kept = 0
        var reader = BitReader(base: base, count: chunk.count, position: OpenChunk.headerBytes * 8, readable: chunk.count + slack)

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
        if total > 1, now <= time.upperBound { delta = reader.readUvarint() }
        var index = 1
        while index < total, now <= time.upperBound {
            // One look mostly has all of a sample: what changes the delta, what tells the value's width, and the value.
            var word = reader.peekShort()
            var used = 0
            if index > 1 {
                if word >> 63 == 0 {
                    used = 1
                } else if word >> 62 == 0b10 {
                    let raw = Int64(bitPattern: (word &<< 2) &>> 50)
                    // As in `readChange`.
                    delta = delta &+ UInt64(bitPattern: raw > 1 << 13 ? raw - 1 << 14 : raw)
                    used = 16
                } else {
                    delta = delta &+ UInt64(bitPattern: reader.readChange(word))
                    word = reader.peekShort()
                }
            }
            let then = now &+ Int64(bitPattern: delta)
            guard then > now else { throw ChunkDecoder.Malformed(reason: "time does not rise within a chunk") }
            now = then

            word = word &<< UInt64(used)
            if word >> 63 == 0 {
                reader.position += used + 1
            } else {
                // Whether the width is new is a coin's toss, which a processor cannot foresee: hence no branches.
                let isNew = word >> 62 == 0b11
                let newWidth = Int(word &>> 51 & 63)
                leading = isNew ? Int(word &>> 57 & 31) : leading
                width = isNew ? (newWidth == 0 ? 64 : newWidth) : width
                let control = isNew ? 13 : 2
                let trailing = 64 - leading - width
                guard trailing >= 0 else { throw ChunkDecoder.Malformed(reason: "a value's width is impossible") }
                used += control
                if _fastPath(used + width <= BitReader.shortBits) {
                    bits ^= ((word &<< UInt64(control)) &>> UInt64(64 - width)) &<< UInt64(trailing)
                    reader.position += used + width
                } else {
                    reader.position += used
                    bits ^= reader.read(width) &<< UInt64(trailing)
                }
            }
            if now >= time.lowerBound, now <= time.upperBound {
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
