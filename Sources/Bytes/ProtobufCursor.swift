/// Walks the fields of one protobuf message without copying.
///
/// Source: protobuf.dev/programming-guides/encoding. Groups are refused; unknown fields are the caller's to `skip`.
@frozen package struct ProtobufCursor {
    @frozen package enum Wire: UInt8, Sendable { case varint = 0, fixed64 = 1, lengthDelimited = 2, fixed32 = 5 }

    @frozen package struct Field {
        package let number: UInt32
        package let wire: Wire
        @inlinable package init(number: UInt32, wire: Wire) {
            self.number = number
            self.wire = wire
        }
    }

    package var cursor: ByteCursor

    /// SAFETY: `message` must stay valid while the cursor, or any slice read from it, is in use.
    @inlinable package init(_ message: UnsafeBufferPointer<UInt8>) { cursor = ByteCursor(message) }

    /// The next field's tag, or nil at the end of the message.
    @inlinable package mutating func next() throws(ByteError) -> Field? {
        if cursor.isAtEnd { return nil }
        let at = cursor.offset
        let tag = try cursor.readUvarint()
        guard tag >> 3 != 0, tag >> 3 < 1 << 29, let wire = Wire(rawValue: UInt8(tag & 7)) else { throw .invalidTag(offset: at, tag: tag) }
        return Field(number: UInt32(tag >> 3), wire: wire)
    }

    @inlinable package mutating func readVarint() throws(ByteError) -> UInt64 { try cursor.readUvarint() }
    @inlinable package mutating func readFixed64() throws(ByteError) -> UInt64 { try cursor.readLittleEndian() }
    @inlinable package mutating func readFixed32() throws(ByteError) -> UInt32 { try cursor.readLittleEndian() }
    @inlinable package mutating func readDouble() throws(ByteError) -> Double { Double(bitPattern: try readFixed64()) }
    @inlinable package mutating func readBytes() throws(ByteError) -> UnsafeBufferPointer<UInt8> { try cursor.readUvarintBytes() }
    /// A string field; bytes that are not UTF-8 are repaired.
    @inlinable package mutating func readString() throws(ByteError) -> String { String(decoding: try readBytes(), as: UTF8.self) }

    @inlinable package mutating func skip(_ wire: Wire) throws(ByteError) {
        switch wire {
        case .varint: _ = try cursor.readUvarint()
        case .fixed64: try cursor.skip(8)
        case .fixed32: try cursor.skip(4)
        case .lengthDelimited: _ = try cursor.readUvarintBytes()
        }
    }
}
