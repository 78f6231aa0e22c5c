import Bytes
import Testing

@Suite struct ByteCodingTests {
    @Test("checksums are the Castagnoli ones of RFC 3720 and others", arguments: [
        ([UInt8]("123456789".utf8), 0xE306_9283), ([], 0), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E), ((0..<32).reversed(), 0x113F_DB5C), ([UInt8]("a".utf8), 0xC1D0_4330),
    ] as [([UInt8], UInt32)])
    func crc32c(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.checksum(bytes) == expected)
        #expect(bytes.withUnsafeBufferPointer { CRC32C.tabulated($0) } == expected, "without the processor's instruction")
        // In two parts, at every cut, it is the same.
        for cut in 0...bytes.count {
            let parts = bytes.withUnsafeBufferPointer { whole in
                CRC32C.checksum(UnsafeBufferPointer(rebasing: whole[cut...]), continuing: CRC32C.checksum(UnsafeBufferPointer(rebasing: whole[..<cut])))
            }
            #expect(parts == expected)
        }
    }

    @Test("unsigned variable-length integers take the bytes that LEB128 says", arguments: [
        (0, [0]), (1, [1]), (127, [0x7F]), (128, [0x80, 1]), (300, [0xAC, 2]), (16_383, [0xFF, 0x7F]), (16_384, [0x80, 0x80, 1]),
        (1 << 63, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ] as [(UInt64, [UInt8])])
    func uvarint(value: UInt64, bytes: [UInt8]) throws {
        var writer = ByteWriter()
        writer.appendUvarint(value)
        #expect(writer.array() == bytes)
        #expect(try Self.read(bytes) { cursor throws(ByteError) in try cursor.readUvarint() } == value)
        // Every shorter run is truncated.
        for cut in 0..<bytes.count {
            #expect(throws: ByteError.self) { try Self.read(Array(bytes[..<cut])) { cursor throws(ByteError) in try cursor.readUvarint() } }
        }
    }

    @Test("signed integers are zigzag", arguments: [
        (0, [0]), (-1, [1]), (1, [2]), (-2, [3]), (63, [0x7E]), (-64, [0x7F]), (64, [0x80, 1]),
        (.max, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]), (.min, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ] as [(Int64, [UInt8])])
    func varint(value: Int64, bytes: [UInt8]) throws {
        var writer = ByteWriter()
        writer.appendVarint(value)
        #expect(writer.array() == bytes)
        #expect(try Self.read(bytes) { cursor throws(ByteError) in try cursor.readVarint() } == value)
    }

    @Test("integers that run past 64 bits, and lengths that run past the end, are errors that say where", arguments: [
        ([UInt8](repeating: 0x80, count: 10) + [1], ByteError.overlongVarint(offset: 0)),
        ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2], .overlongVarint(offset: 0)),
        ([5, 1, 2], .truncated(offset: 1, needed: 3)),
        ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], .truncated(offset: 10, needed: .max)),
    ])
    func malformedLengths(bytes: [UInt8], expected: ByteError) {
        #expect(throws: expected) { try Self.read(bytes) { cursor throws(ByteError) in try cursor.readUvarintBytes().count } }
    }

    @Test("fixed-width integers in both orders, over every alignment")
    func fixedWidth() throws {
        for shift in 0..<9 {
            var writer = ByteWriter(capacity: 1)
            for _ in 0..<shift { writer.append(0xEE) }
            writer.appendBigEndian(UInt32(0x0102_0304))
            writer.appendLittleEndian(UInt64(0x0102_0304_0506_0708))
            writer.overwriteBigEndian(at: shift, UInt16(0xABCD))
            let bytes = writer.array()
            #expect(Array(bytes[shift...]) == [0xAB, 0xCD, 3, 4, 8, 7, 6, 5, 4, 3, 2, 1])
            let read = try Self.read(bytes) { cursor throws(ByteError) in
                try cursor.skip(shift)
                return (try cursor.readBigEndian(UInt32.self), try cursor.readLittleEndian(UInt64.self), cursor.isAtEnd)
            }
            #expect(read == (0xABCD_0304, 0x0102_0304_0506_0708, true))
            #expect(throws: ByteError.self) { try Self.read(Array(bytes.dropLast())) { cursor throws(ByteError) in
                try cursor.skip(shift + 4)
                return try cursor.readLittleEndian(UInt64.self)
            } }
        }
    }

    @Test("a nested protobuf message is written with its length in front, whatever that takes", arguments: [0, 1, 127, 128, 16_383, 16_384, 70_000])
    func nestedMessages(length: Int) throws {
        var writer = ByteWriter(capacity: 16)
        writer.appendMessage(3) { message in message.appendField(1, string: String(repeating: "x", count: length)) }
        writer.appendField(4, double: 2.5)
        let bytes = writer.array()
        try bytes.withUnsafeBufferPointer { buffer in
            var cursor = ProtobufCursor(buffer)
            let outer = try #require(try cursor.next())
            #expect(outer.number == 3 && outer.wire == .lengthDelimited)
            var inner = ProtobufCursor(try cursor.readBytes())
            #expect(try inner.next()?.number == 1)
            #expect(try inner.readBytes().count == length)
            #expect(try inner.next() == nil)
            #expect(try cursor.next()?.number == 4)
            #expect(try cursor.readDouble() == 2.5)
            #expect(try cursor.next() == nil)
        }
    }

    @Test("tags that no message holds are refused", arguments: [[0x00], [0x03], [0x04], [0x0E], [0x0F], [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]] as [[UInt8]])
    func invalidTags(bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            var cursor = ProtobufCursor(buffer)
            #expect(throws: ByteError.self) { try cursor.next() }
        }
    }

    @Test("equal bytes hash equally, and one changed bit changes the hash")
    func hashing() {
        let base = (0..<40).map { UInt8($0) }
        for length in 0...40 {
            let bytes = Array(base[..<length])
            let hash = bytes.withUnsafeBufferPointer { ByteHash.hash($0, seed: 7) }
            #expect(Array(bytes).withUnsafeBufferPointer { ByteHash.hash($0, seed: 7) } == hash)
            #expect((bytes + [0]).withUnsafeBufferPointer { ByteHash.hash($0, seed: 7) } != hash)
            for bit in 0..<length * 8 {
                var other = bytes
                other[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(other.withUnsafeBufferPointer { ByteHash.hash($0, seed: 7) } != hash)
            }
        }
    }

    static func read<T>(_ bytes: [UInt8], _ body: (inout ByteCursor) throws(ByteError) -> T) throws -> T {
        let result: Result<T, ByteError> = bytes.withUnsafeBufferPointer { buffer in
            var cursor = ByteCursor(buffer)
            do throws(ByteError) { return .success(try body(&cursor)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
