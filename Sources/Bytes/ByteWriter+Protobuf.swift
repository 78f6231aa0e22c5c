/// Protobuf fields. A field that holds its default value is the caller's to leave out.
extension ByteWriter {
    @inlinable package mutating func appendTag(_ field: UInt32, _ wire: ProtobufCursor.Wire) {
        appendUvarint(UInt64(field) << 3 | UInt64(wire.rawValue))
    }

    @inlinable package mutating func appendField(_ field: UInt32, varint value: UInt64) {
        appendTag(field, .varint)
        appendUvarint(value)
    }

    @inlinable package mutating func appendField(_ field: UInt32, fixed64 value: UInt64) {
        appendTag(field, .fixed64)
        appendLittleEndian(value)
    }

    @inlinable package mutating func appendField(_ field: UInt32, fixed32 value: UInt32) {
        appendTag(field, .fixed32)
        appendLittleEndian(value)
    }

    @inlinable package mutating func appendField(_ field: UInt32, double value: Double) {
        appendField(field, fixed64: value.bitPattern)
    }

    @inlinable package mutating func appendField(_ field: UInt32, bytes: UnsafeBufferPointer<UInt8>) {
        appendTag(field, .lengthDelimited)
        appendUvarint(UInt64(bytes.count))
        append(bytes)
    }

    @inlinable package mutating func appendField(_ field: UInt32, string: String) {
        var string = string
        string.withUTF8 { appendField(field, bytes: $0) }
    }

    /// A nested message, written by `body`; its length is put in front afterwards.
    @inlinable package mutating func appendMessage(_ field: UInt32, _ body: (inout ByteWriter) -> Void) {
        appendTag(field, .lengthDelimited)
        let at = count
        body(&self)
        let length = count - at
        insertUvarint(UInt64(length), at: at)
    }

    /// Moves what follows `offset` back and puts a varint there.
    @inlinable package mutating func insertUvarint(_ value: UInt64, at offset: Int) {
        var width = 1
        var rest = value
        while rest >= 0x80 { width += 1; rest >>= 7 }
        reserve(width)
        let moved = _count - offset
        (base + offset + width).update(from: base + offset, count: moved)
        rest = value
        for i in 0..<width {
            base[offset + i] = UInt8(truncatingIfNeeded: rest & 0x7F) | (i == width - 1 ? 0 : 0x80)
            rest >>= 7
        }
        _count += width
    }
}
