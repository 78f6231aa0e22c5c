import Bytes
import MetricModel

/// Decodes XOR chunks (`tsdb/chunkenc/xor.go`) into sample columns.
enum XORDecoder {
    /// Why a chunk's bytes are not a chunk.
    struct Malformed: Error { let reason: String }

    /// Appends the samples within `time` to `buffer`.
    ///
    /// Never reads outside `chunk`. Throws when the bits run out before the samples do, or when time does not rise.
    static func decode(_ chunk: UnsafeBufferPointer<UInt8>, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(Malformed) {
        guard chunk.count >= OpenChunk.headerBytes, let base = chunk.baseAddress else { throw Malformed(reason: "a chunk is shorter than its header") }
        let total = Int(base[0]) << 8 | Int(base[1])
        if total == 0 { return }
        // Every sample but the first takes at least two bits, so a short chunk cannot make us reserve much.
        guard total <= chunk.count * 4 else { throw Malformed(reason: "a chunk of \(chunk.count) bytes says it holds \(total) samples") }
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
            guard then > now else { throw Malformed(reason: "time does not rise within a chunk") }
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
                    guard leading + width <= 64 else { throw Malformed(reason: "a value's width is impossible") }
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
        guard reader.position <= chunk.count * 8 else { throw Malformed(reason: "a chunk ends before its samples do") }
        buffer.advance(by: kept)
    }
}

/// Reads bits, high bits first; behind the end there are zeros, and `position` tells that it was passed.
private struct BitReader {
    let base: UnsafePointer<UInt8>
    let count: Int
    /// In bits.
    var position: Int

    /// The next 64 bits, without taking them.
    @inline(__always)
    func peek() -> UInt64 {
        let byte = position >> 3
        guard _fastPath(byte + 9 <= count) else { return peekAtEnd(byte) }
        let shift = UInt64(position & 7)
        // SAFETY: nine bytes lie before the end.
        let word = UInt64(bigEndian: UnsafeRawPointer(base + byte).loadUnaligned(as: UInt64.self))
        return word &<< shift | UInt64(base[byte + 8]) &>> (8 - shift)
    }

    @inline(never)
    private func peekAtEnd(_ byte: Int) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<8 where byte + offset < count { word |= UInt64(base[byte + offset]) << UInt64(56 - 8 * offset) }
        let shift = UInt64(position & 7)
        let last = byte + 8 < count ? UInt64(base[byte + 8]) : 0
        return word &<< shift | last &>> (8 - shift)
    }

    /// Takes 1 … 64 bits.
    @inline(__always)
    mutating func read(_ bits: Int) -> UInt64 {
        let word = peek()
        position += bits
        return word &>> UInt64(64 - bits)
    }

    mutating func readUvarint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let byte = read(8)
            value |= (byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        return value
    }

    /// The change of a delta that is not 0; `word` is what `peek` gave.
    @inline(__always)
    mutating func readChange(_ word: UInt64) -> Int64 {
        let width: Int
        if word >> 62 == 0b10 {
            width = 14
            position += 2
        } else if word >> 61 == 0b110 {
            width = 17
            position += 3
        } else if word >> 60 == 0b1110 {
            width = 20
            position += 4
        } else {
            position += 4
            return Int64(bitPattern: read(64))
        }
        let raw = Int64(bitPattern: read(width))
        // The largest positive number is one more than two's complement has.
        return raw > 1 << (width - 1) ? raw - 1 << width : raw
    }
}
