/// The few pieces of protobuf's wire format that the two encoders need.
///
/// Source: https://protobuf.dev/programming-guides/encoding/
package struct ProtobufWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// An unsigned integer, seven bits a byte, lowest first.
    package mutating func varint(_ value: UInt64) {
        var value = value
        while value > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    /// A field of wire type 0: unsigned, `bool`, or a signed integer's two's complement.
    package mutating func integer(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    /// A field of wire type 0 that holds `sint32` or `sint64`: small on either side of zero is short.
    package mutating func zigzag(_ field: UInt64, _ value: Int64) {
        integer(field, UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    package mutating func double(_ field: UInt64, _ value: Double) { fixed(field, value.bitPattern) }

    /// A field of wire type 1.
    package mutating func fixed(_ field: UInt64, _ value: UInt64) {
        varint(field << 3 | 1)
        bigEndian(value.byteSwapped)
    }

    package mutating func text(_ field: UInt64, _ text: String) {
        varint(field << 3 | 2)
        varint(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    package mutating func blob(_ field: UInt64, _ blob: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(blob.count))
        bytes += blob
    }

    /// A message that `write` fills. Its length goes before it; most fit into the one byte that is kept free.
    package mutating func message(_ field: UInt64, _ write: (inout Self) -> Void) {
        varint(field << 3 | 2)
        delimited(write)
    }

    /// A message behind its length.
    package mutating func delimited(_ write: (inout Self) -> Void) {
        let start = bytes.count
        bytes.append(0)
        write(&self)
        let length = bytes.count - start - 1
        guard length > 0x7F else {
            bytes[start] = UInt8(length)
            return
        }
        var prefix = Self()
        prefix.varint(UInt64(length))
        bytes.replaceSubrange(start...start, with: prefix.bytes)
    }

    /// An identifier of eight bytes, the highest first, without its field.
    package mutating func bigEndian(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
    }

    package mutating func raw(_ more: [UInt8]) { bytes += more }
}
