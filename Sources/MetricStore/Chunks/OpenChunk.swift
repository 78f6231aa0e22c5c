/// A series' newest chunk, to which samples are added: XOR-encoded bytes as Prometheus writes them (`tsdb/chunkenc/xor.go`), and
/// what the encoder must know of the last sample. 64 bytes, one cache line.
///
/// A chunk is two bytes of sample count, big endian, and a stream of bits, high bits first.
struct OpenChunk {
    /// The last of the chunk's blocks of a `ChunkSlab`; nil before the first sample. Everything behind `bitCount` in the current byte, and the
    /// next byte, is zero.
    var bytes: UnsafeMutablePointer<UInt8>?
    /// Milliseconds.
    var lastTime: Int64 = .min
    var lastDelta: UInt64 = 0
    var lastValue: UInt64 = 0
    /// What the write-ahead log calls the series.
    var logReference: UInt64 = 0
    /// The time from which on samples go to another chunk.
    var cutTime: Int64 = .min
    /// Bits written to the block, in the first those of the count included, which is not kept up to date there.
    var bitCount: UInt32 = 0
    /// Of the block, in bytes.
    var capacity: UInt16 = 0
    /// Bytes in the blocks before.
    var earlierByteCount: UInt16 = 0
    var count: UInt16 = 0
    var leading: UInt8 = 0xFF
    var trailing: UInt8 = 0
    /// Whether the slot holds a series.
    var isLive = false
    /// Whether the newest chunk of the series is one of histograms, kept elsewhere; then `lastTime` is the last histogram's.
    var holdsHistograms = false

    static let headerBytes = 2
    /// The bytes that one sample can touch: the longest has a varint of 10 bytes, 13 bits and a word, and a store of a whole word and a byte
    /// begins at the byte where its last part does.
    static let sampleBytesMax = 24

    init() {}

    /// Bytes of the block that are used.
    var blockByteCount: Int { Int(bitCount + 7) >> 3 }
    var byteCount: Int { Int(earlierByteCount) + blockByteCount }
    var hasRoom: Bool { blockByteCount + Self.sampleBytesMax <= Int(capacity) }

    /// Starts a chunk in an empty block.
    mutating func begin(in block: UnsafeMutablePointer<UInt8>, capacity: Int, cutTime: Int64) {
        bytes = block
        self.capacity = UInt16(capacity)
        earlierByteCount = 0
        block[0] = 0
        block[1] = 0
        block[2] = 0
        bitCount = UInt32(Self.headerBytes * 8)
        count = 0
        leading = 0xFF
        trailing = 0
        lastDelta = 0
        self.cutTime = cutTime
    }

    /// Goes on in an empty block, which takes over the byte that is not full.
    mutating func goOn(in block: UnsafeMutablePointer<UInt8>) {
        guard let old = bytes else { preconditionFailure("no chunk goes on") }
        let whole = wholeByteCount
        block[0] = old[whole]
        block[1] = 0
        bytes = block
        earlierByteCount += UInt16(whole)
        bitCount &= 7
    }

    /// Bytes of the block that are full.
    var wholeByteCount: Int { Int(bitCount >> 3) }

    /// Writes the number of samples where a chunk's bytes begin.
    func store(countAt start: UnsafeMutablePointer<UInt8>) {
        start[0] = UInt8(truncatingIfNeeded: count >> 8)
        start[1] = UInt8(truncatingIfNeeded: count)
    }

    /// Copies the whole chunk to `start`, where `byteCount` bytes are free.
    func copy(to start: UnsafeMutablePointer<UInt8>) {
        guard let bytes else { return }
        ChunkSlab.copy(bytes, blockByteCount, endingAt: start + byteCount)
        store(countAt: start)
    }

    /// Adds a sample later than the last. There must be room.
    @inline(__always)
    mutating func append(_ time: Int64, _ bits: UInt64) {
        guard let block = bytes else { preconditionFailure("a sample was added to no chunk") }
        // SAFETY: `hasRoom` gave `sampleBytesMax` bytes behind `bitCount`, more than the longest sample and a word.
        var writer = BitWriter(base: block, position: bitCount)
        if _fastPath(count > 1) {
            let delta = UInt64(bitPattern: time &- lastTime)
            let change = Int64(bitPattern: delta &- lastDelta)
            if change == 0 {
                writer.put(0, 1)
            } else if change >= -8191, change <= 8192 {
                writer.put(0b10 << 14 | UInt64(bitPattern: change) & 0x3FFF, 16)
            } else if change >= -65535, change <= 65536 {
                writer.put(0b110 << 17 | UInt64(bitPattern: change) & 0x1FFFF, 20)
            } else if change >= -524287, change <= 524288 {
                writer.put(0b1110 << 20 | UInt64(bitPattern: change) & 0xFFFFF, 24)
            } else {
                writer.put(0b1111, 4)
                writer.put(UInt64(bitPattern: change), 64)
            }
            lastDelta = delta
            putValue(bits, &writer)
        } else if count == 0 {
            writer.putUvarint(UInt64(bitPattern: (time << 1) ^ (time >> 63)))
            writer.put(bits, 64)
        } else {
            lastDelta = UInt64(bitPattern: time &- lastTime)
            writer.putUvarint(lastDelta)
            putValue(bits, &writer)
        }
        lastTime = time
        lastValue = bits
        count += 1
        bitCount = writer.position
    }

    @inline(__always)
    private mutating func putValue(_ bits: UInt64, _ writer: inout BitWriter) {
        let change = bits ^ lastValue
        if change == 0 { return writer.put(0, 1) }
        // Five bits hold the number of leading zeros.
        let newLeading = min(UInt8(truncatingIfNeeded: change.leadingZeroBitCount), 31)
        let newTrailing = UInt8(truncatingIfNeeded: change.trailingZeroBitCount)
        if leading != 0xFF, newLeading >= leading, newTrailing >= trailing {
            let width = UInt32(64 - leading - trailing)
            if width <= 62 {
                writer.put(0b10 << UInt64(width) | change >> UInt64(trailing), width + 2)
            } else {
                writer.put(0b10, 2)
                writer.put(change >> UInt64(trailing), width)
            }
            return
        }
        (leading, trailing) = window(newLeading, newTrailing)
        let width = UInt32(64 - leading - trailing)
        // Six bits hold the width; 64 is written as 0.
        writer.put(0b11 << 11 | UInt64(leading) << 6 | UInt64(width & 63), 13)
        writer.put(change >> UInt64(trailing), width)
    }

    /// The bits that are written of a change that does not fit between those that were written before: the fewest, as upstream has it, or, where that
    /// takes a few more only, those before as well. Then the next changes fit oftener, and who decodes need not guess whether one does: on counters of
    /// requests a new window comes with a thirtieth of the samples instead of a seventh, and the chunks are half a percent larger.
    @inline(__always)
    private func window(_ newLeading: UInt8, _ newTrailing: UInt8) -> (leading: UInt8, trailing: UInt8) {
        if leading == 0xFF { return (newLeading, newTrailing) }
        let wide = (leading: min(leading, newLeading), trailing: min(trailing, newTrailing))
        return (newLeading - wide.leading) + (newTrailing - wide.trailing) <= 4 ? wide : (newLeading, newTrailing)
    }
}

/// Writes bits into memory whose current byte is zero from `position` on.
struct BitWriter {
    let base: UnsafeMutablePointer<UInt8>
    /// In bits.
    var position: UInt32

    /// Writes the low `count` bits of `value`, whose other bits are zero, and leaves the byte behind them zero. `count` is 1 … 64.
    @inline(__always)
    mutating func put(_ value: UInt64, _ count: UInt32) {
        let at = UnsafeMutableRawPointer(base + Int(position >> 3))
        let used = UInt64(position & 7)
        let aligned = value &<< UInt64(64 - count)
        // SAFETY: the owner guarantees a word and a byte behind `position`.
        let word = UInt64(at.load(as: UInt8.self)) &<< 56 | aligned &>> used
        at.storeBytes(of: word.bigEndian, as: UInt64.self)
        if used + UInt64(count) >= 64 {
            // Shifting by 64 is masked to 0, so nothing is left over only when `used` is 0.
            let rest = used == 0 ? 0 : aligned &<< (64 - used)
            at.storeBytes(of: UInt8(truncatingIfNeeded: rest &>> 56), toByteOffset: 8, as: UInt8.self)
        }
        position += count
    }

    mutating func putUvarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            put(rest & 0x7F | 0x80, 8)
            rest >>= 7
        }
        put(rest, 8)
    }
}
