/// Reads forward through memory that somebody else keeps alive.
///
/// Every read checks its bounds and throws; nothing is copied. The cursor must not outlive the buffer it was made over.
@frozen package struct ByteCursor {
    @usableFromInline package let start: UnsafePointer<UInt8>
    @usableFromInline package let end: UnsafePointer<UInt8>
    @usableFromInline package var position: UnsafePointer<UInt8>

    /// SAFETY: `bytes` must stay valid and unchanged while the cursor, or any slice read from it, is in use.
    @inlinable package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        start = bytes.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        end = start + bytes.count
        position = start
    }

    /// SAFETY: as `init(_: UnsafeBufferPointer<UInt8>)`.
    @inlinable package init(_ bytes: UnsafeRawBufferPointer) { self.init(bytes.bindMemory(to: UInt8.self)) }

    @inlinable package var offset: Int { position - start }
    @inlinable package var remaining: Int { end - position }
    @inlinable package var isAtEnd: Bool { position == end }

    @inlinable @inline(__always) package mutating func need(_ count: Int) throws(ByteError) {
        if _slowPath(count < 0 || remaining < count) { throw .truncated(offset: offset, needed: count - remaining) }
    }

    @inlinable @inline(__always) package mutating func readUInt8() throws(ByteError) -> UInt8 {
        try need(1)
        defer { position += 1 }
        return position.pointee
    }

    /// Reads a fixed-width integer, least significant byte first.
    @inlinable @inline(__always) package mutating func readLittleEndian<T: FixedWidthInteger>(_: T.Type = T.self) throws(ByteError) -> T {
        try need(MemoryLayout<T>.size)
        defer { position += MemoryLayout<T>.size }
        return T(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: T.self))
    }

    /// Reads a fixed-width integer, most significant byte first.
    @inlinable @inline(__always) package mutating func readBigEndian<T: FixedWidthInteger>(_: T.Type = T.self) throws(ByteError) -> T {
        try need(MemoryLayout<T>.size)
        defer { position += MemoryLayout<T>.size }
        return T(bigEndian: UnsafeRawPointer(position).loadUnaligned(as: T.self))
    }

    /// Reads an unsigned LEB128 integer, at most ten bytes (Go's `binary.Uvarint`, protobuf's `varint`).
    @inlinable @inline(__always) package mutating func readUvarint() throws(ByteError) -> UInt64 {
        if _fastPath(position < end), position.pointee < 0x80 {
            defer { position += 1 }
            return UInt64(position.pointee)
        }
        return try readLongUvarint()
    }

    @inlinable @inline(never) package mutating func readLongUvarint() throws(ByteError) -> UInt64 {
        let from = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            try need(1)
            let byte = position.pointee
            position += 1
            if shift == 63, byte > 1 { throw .overlongVarint(offset: from) }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw .overlongVarint(offset: from) }
        }
    }

    /// Reads a zigzag integer (Go's `binary.Varint`, protobuf's `sint64`).
    @inlinable @inline(__always) package mutating func readVarint() throws(ByteError) -> Int64 {
        let raw = try readUvarint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// The next `count` bytes, in place.
    @inlinable @inline(__always) package mutating func readBytes(_ count: Int) throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        try need(count)
        defer { position += count }
        return UnsafeBufferPointer(start: position, count: count)
    }

    /// Bytes behind a varint length (Go's `UvarintStr`), in place.
    @inlinable package mutating func readUvarintBytes() throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        let length = try readUvarint()
        guard length <= UInt64(remaining) else { throw .truncated(offset: offset, needed: Int(clamping: length) - remaining) }
        return try readBytes(Int(length))
    }

    @inlinable package mutating func skip(_ count: Int) throws(ByteError) {
        try need(count)
        position += count
    }
}
