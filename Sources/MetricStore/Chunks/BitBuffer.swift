/// Bits on the way into a chunk, high bits first, in memory that grows.
struct BitBuffer: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Everything behind it in its byte, and the byte behind that, is zero.
    private(set) var bitCount = 0

    /// Begins with `headerBytes` zeros.
    init(headerBytes: Int) {
        capacity = 128
        base = .allocate(capacity: capacity)
        base.initialize(repeating: 0, count: headerBytes + 2)
        bitCount = headerBytes * 8
    }

    deinit { base.deallocate() }

    var byteCount: Int { (bitCount + 7) >> 3 }

    /// The bytes written so far; valid until more are.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: byteCount) }

    /// Overwrites a byte of the header.
    mutating func set(_ byte: UInt8, at offset: Int) {
        precondition(offset * 8 < bitCount)
        base[offset] = byte
    }

    /// Writes the low `count` bits of `value`, whose other bits are zero. `count` is 1 … 64.
    @inline(__always)
    mutating func put(_ value: UInt64, _ count: Int) {
        let byte = bitCount >> 3
        if _slowPath(byte + 10 > capacity) { grow() }
        // SAFETY: ten bytes lie at and behind the current one, and what is behind `bitCount` in it is zero.
        var writer = BitWriter(base: base + byte, position: UInt32(bitCount & 7))
        writer.put(value, UInt32(count))
        bitCount += count
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
        larger.update(from: base, count: capacity)
        base.deallocate()
        base = larger
        capacity *= 2
    }
}
