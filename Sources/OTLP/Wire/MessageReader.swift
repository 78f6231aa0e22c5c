import Bytes

/// Walks one protobuf message of OTLP, naming it in errors and holding each field to its wire type.
///
/// Unknown fields are the caller's to `skip`. The bytes must outlive the reader.
struct MessageReader {
    private var cursor: ProtobufCursor
    private let name: StaticString
    private var field = ProtobufCursor.Field(number: 1, wire: .varint)

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ name: StaticString) {
        cursor = ProtobufCursor(bytes)
        self.name = name
    }

    var isAtEnd: Bool { cursor.cursor.isAtEnd }

    private func malformed(_ error: ByteError) -> OTLPError { .malformedProtobuf(message: "\(name)", error) }

    @inline(__always) private func expect(_ wire: ProtobufCursor.Wire) throws(OTLPError) {
        if _slowPath(field.wire != wire) { throw .wrongWireType(message: "\(name)", field: field.number) }
    }

    /// The next field's number, or nil at the end.
    @inline(__always) mutating func next() throws(OTLPError) -> UInt32? {
        do throws(ByteError) {
            guard let next = try cursor.next() else { return nil }
            field = next
            return next.number
        } catch { throw malformed(error) }
    }

    @inline(__always) mutating func bytes() throws(OTLPError) -> UnsafeBufferPointer<UInt8> {
        try expect(.lengthDelimited)
        do throws(ByteError) { return try cursor.readBytes() } catch { throw malformed(error) }
    }

    @inline(__always) mutating func string() throws(OTLPError) -> String { String(decoding: try bytes(), as: UTF8.self) }

    @inline(__always) mutating func message(_ name: StaticString) throws(OTLPError) -> MessageReader { MessageReader(try bytes(), name) }

    @inline(__always) mutating func varint() throws(OTLPError) -> UInt64 {
        try expect(.varint)
        do throws(ByteError) { return try cursor.readVarint() } catch { throw malformed(error) }
    }

    @inline(__always) mutating func uint32() throws(OTLPError) -> UInt32 { UInt32(truncatingIfNeeded: try varint()) }

    @inline(__always) mutating func sint32() throws(OTLPError) -> Int32 {
        let raw = try uint32()
        return Int32(bitPattern: raw >> 1) ^ -Int32(bitPattern: raw & 1)
    }

    @inline(__always) mutating func fixed64() throws(OTLPError) -> UInt64 {
        try expect(.fixed64)
        do throws(ByteError) { return try cursor.readFixed64() } catch { throw malformed(error) }
    }

    @inline(__always) mutating func double() throws(OTLPError) -> Double { Double(bitPattern: try fixed64()) }

    @inline(__always) mutating func fixed32() throws(OTLPError) -> UInt32 {
        try expect(.fixed32)
        do throws(ByteError) { return try cursor.readFixed32() } catch { throw malformed(error) }
    }

    /// The elements of a repeated `fixed64` or `double`: a packed run, or a single one.
    @inline(__always) mutating func packedFixed64(_ body: (UInt64) -> Void) throws(OTLPError) {
        if field.wire == .fixed64 { return body(try fixed64()) }
        var run = ByteCursor(try bytes())
        do throws(ByteError) { while !run.isAtEnd { body(try run.readLittleEndian()) } } catch { throw malformed(error) }
    }

    /// The same of a repeated `uint64`.
    @inline(__always) mutating func packedVarint(_ body: (UInt64) -> Void) throws(OTLPError) {
        if field.wire == .varint { return body(try varint()) }
        var run = ByteCursor(try bytes())
        do throws(ByteError) { while !run.isAtEnd { body(try run.readUvarint()) } } catch { throw malformed(error) }
    }

    @inline(__always) mutating func skip() throws(OTLPError) {
        do throws(ByteError) { try cursor.skip(field.wire) } catch { throw malformed(error) }
    }

    /// How often `number` stands in the rest of this message, so that an array can be made in its final size.
    func count(of number: UInt32) throws(OTLPError) -> Int {
        var copy = self
        var count = 0
        while let next = try copy.next() {
            if next == number { count += 1 }
            try copy.skip()
        }
        return count
    }
}
