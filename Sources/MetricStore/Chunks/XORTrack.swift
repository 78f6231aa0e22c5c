/// A double that is written as what changed in its bits since the last time (`xorWrite` in `tsdb/chunkenc/xor.go`).
struct XORTrack {
    private(set) var last: UInt64 = 0
    private var leading: UInt8 = 0xFF
    private var trailing: UInt8 = 0

    /// Begins with a value that was written in full.
    init(_ first: Double) { last = first.bitPattern }

    mutating func put(_ value: Double, into out: inout BitBuffer) {
        let change = value.bitPattern ^ last
        last = value.bitPattern
        if change == 0 { return out.put(0, 1) }
        let newLeading = min(UInt8(change.leadingZeroBitCount), 31)
        let newTrailing = UInt8(change.trailingZeroBitCount)
        if leading != 0xFF, newLeading >= leading, newTrailing >= trailing {
            out.put(0b10, 2)
            return out.put(change >> UInt64(trailing), Int(64 - leading - trailing))
        }
        leading = newLeading
        trailing = newTrailing
        let width = 64 - newLeading - newTrailing
        // Six bits hold the width; 64 is written as 0.
        out.put(0b11 << 11 | UInt64(newLeading) << 6 | UInt64(width & 63), 13)
        out.put(change >> UInt64(newTrailing), Int(width))
    }
}

/// The same, read.
struct XORReading {
    private(set) var bits: UInt64
    private var leading = 0
    private var width = 64

    init(_ first: UInt64) { bits = first }

    var value: Double { Double(bitPattern: bits) }

    /// Reads the next value; false when its width is impossible.
    mutating func next(_ reader: inout BitReader) -> Bool {
        let word = reader.peek()
        if word >> 63 == 0 {
            reader.position += 1
            return true
        }
        if word >> 62 == 0b10 {
            reader.position += 2
        } else {
            leading = Int(word >> 57 & 31)
            width = Int(word >> 51 & 63)
            if width == 0 { width = 64 }
            guard leading + width <= 64 else { return false }
            reader.position += 13
        }
        bits ^= reader.read(width) &<< UInt64(64 - leading - width)
        return true
    }
}
