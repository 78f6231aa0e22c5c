/// Reads bits, high bits first; behind the end there are zeros, and `position` tells that it was passed.
struct BitReader {
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

    @inline(__always)
    mutating func readUvarint() -> UInt64 {
        if position & 7 == 0 {
            // Whole bytes, as where chunks begin.
            var (value, shift, byte): (UInt64, UInt64, Int) = (0, 0, position >> 3)
            while byte < count, shift < 63 {
                let next = UInt64(base[byte])
                value |= (next & 0x7F) &<< shift
                byte += 1
                if next < 0x80 {
                    position = byte * 8
                    return value
                }
                shift += 7
            }
        }
        return readScatteredUvarint()
    }

    @inline(never)
    private mutating func readScatteredUvarint() -> UInt64 {
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

    /// An integer in the width that suits it (`putVarbitInt` of `tsdb/chunkenc/varbit.go`).
    @inline(__always)
    mutating func readVarbit() -> Int64 {
        let width = readVarbitWidth()
        if width == 0 { return 0 }
        let raw = Int64(bitPattern: read(width))
        // As in `readChange`; 64 bits are two's complement as they stand.
        return width < 64 && raw > 1 << (width - 1) ? raw - 1 << width : raw
    }

    /// The same for integers that are not negative (`putVarbitUint`).
    @inline(__always)
    mutating func readUnsignedVarbit() -> UInt64 {
        let width = readVarbitWidth()
        return width == 0 ? 0 : read(width)
    }

    /// Takes the prefix that tells how many bits follow.
    @inline(__always)
    private mutating func readVarbitWidth() -> Int {
        let ones = (~peek()).leadingZeroBitCount
        if ones >= 8 {
            position += 8
            return 64
        }
        position += ones + 1
        return Varbit.width(ones)
    }

    /// Whether everything that was read lies before the end.
    var isWithin: Bool { position <= count * 8 }
    var bitsLeft: Int { max(count * 8 - position, 0) }
}
