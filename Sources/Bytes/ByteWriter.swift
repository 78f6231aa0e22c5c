/// A growing run of bytes with one owner. Appending is amortised O(1); nothing is zeroed, nothing is reference-counted.
@frozen package struct ByteWriter: ~Copyable {
    @usableFromInline package var base: UnsafeMutablePointer<UInt8>
    @usableFromInline package var capacity: Int
    @usableFromInline var _count: Int

    /// How many bytes have been written.
    @inlinable package var count: Int { _count }

    @inlinable package init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        base = .allocate(capacity: self.capacity)
        _count = 0
    }

    deinit { base.deallocate() }

    /// Forgets the content and keeps the memory.
    @inlinable package mutating func removeAll() { _count = 0 }

    /// Keeps the first `newCount` bytes.
    @inlinable package mutating func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= _count)
        _count = newCount
    }

    @inlinable package mutating func reserve(_ extra: Int) {
        if _slowPath(_count + extra > capacity) { grow(extra) }
    }

    /// Counts bytes that were written at `base + count` after `reserve`.
    @inlinable package mutating func advance(by bytes: Int) {
        precondition(bytes >= 0 && _count + bytes <= capacity)
        _count += bytes
    }

    @usableFromInline package mutating func grow(_ extra: Int) {
        let wanted = max(capacity * 2, _count + extra)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        larger.update(from: base, count: _count)
        base.deallocate()
        base = larger
        capacity = wanted
    }

    @inlinable package mutating func append(_ byte: UInt8) {
        reserve(1)
        base[_count] = byte
        _count += 1
    }

    @inlinable package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        reserve(bytes.count)
        if let source = bytes.baseAddress { (base + _count).update(from: source, count: bytes.count) }
        _count += bytes.count
    }

    @inlinable package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    @inlinable package mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inlinable package mutating func append(utf8 text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    @inlinable package mutating func appendLittleEndian<T: FixedWidthInteger>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        UnsafeMutableRawPointer(base + _count).storeBytes(of: value.littleEndian, as: T.self)
        _count += MemoryLayout<T>.size
    }

    @inlinable package mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        UnsafeMutableRawPointer(base + _count).storeBytes(of: value.bigEndian, as: T.self)
        _count += MemoryLayout<T>.size
    }

    /// An unsigned LEB128 integer (Go's `binary.PutUvarint`).
    @inlinable package mutating func appendUvarint(_ value: UInt64) {
        reserve(10)
        var rest = value
        while rest >= 0x80 {
            base[_count] = UInt8(truncatingIfNeeded: rest) | 0x80
            _count += 1
            rest >>= 7
        }
        base[_count] = UInt8(truncatingIfNeeded: rest)
        _count += 1
    }

    /// A zigzag integer (Go's `binary.PutVarint`).
    @inlinable package mutating func appendVarint(_ value: Int64) {
        appendUvarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Overwrites bytes written before, for lengths and checksums known only later.
    @inlinable package mutating func overwriteBigEndian<T: FixedWidthInteger>(at offset: Int, _ value: T) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= _count)
        UnsafeMutableRawPointer(base + offset).storeBytes(of: value.bigEndian, as: T.self)
    }

    /// Runs `body` over the bytes written so far. They must not be kept beyond it.
    @inlinable package borrowing func withBytes<R, E: Error>(_ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(UnsafeBufferPointer(start: base, count: _count))
    }

    /// A copy of the bytes written so far.
    @inlinable package borrowing func array() -> [UInt8] {
        [UInt8](UnsafeBufferPointer(start: base, count: _count))
    }
}
