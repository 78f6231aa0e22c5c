import Bytes
import Testing

@Suite struct CompressionTests {
    static let bodies: [[UInt8]] = [
        [], [7], Array("hello, hello, hello".utf8), [UInt8](repeating: 0, count: 300_000), (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) },
    ]

    @Test("what is compressed comes back, also appended to what is there", arguments: Compression.allCases)
    func roundTrip(compression: Compression) throws {
        for body in Self.bodies {
            let packed = compression.compress(body)
            #expect(try compression.decompress(packed, limit: body.count) == body)
            var out = ByteWriter()
            out.append("before")
            body.withUnsafeBufferPointer { compression.compress($0, into: &out) }
            let appended = Array(out.array().dropFirst(6))
            var back = ByteWriter()
            back.append("before")
            try appended.withUnsafeBufferPointer { try compression.decompress($0, limit: body.count, into: &back) }
            #expect(back.array() == Array("before".utf8) + body)
        }
    }

    @Test("what is compressed piece by piece comes back, however it was cut", arguments: [Compression.gzip, .zstd], [1, 1_000, 1 << 18])
    func streams(compression: Compression, pieceBytes: Int) throws {
        for body in Self.bodies where body.count / pieceBytes < 10_000 {
            guard var compressor = StreamCompressor(compression) else {
                Issue.record("there is no memory for a compressor")
                return
            }
            var packed: [UInt8] = []
            var from = 0
            repeat {
                let to = min(from + pieceBytes, body.count)
                packed += body.withUnsafeBufferPointer { compressor.compress(UnsafeBufferPointer(rebasing: $0[from..<to]), isLast: to == body.count) }
                from = to
            } while from < body.count
            #expect(try compression.decompress(packed, limit: body.count) == body)
        }
    }

    @Test("a body that would be larger than allowed is refused without being made", arguments: Compression.allCases)
    func limit(compression: Compression) {
        let packed = compression.compress([UInt8](repeating: 0, count: 1 << 20))
        #expect(throws: ByteError.tooLarge(limit: 1000)) { try compression.decompress(packed, limit: 1000) }
        #expect(throws: ByteError.tooLarge(limit: (1 << 20) - 1)) { try compression.decompress(packed, limit: (1 << 20) - 1) }
    }

    @Test("cut and changed bodies are errors or other bodies, never a crash", arguments: Compression.allCases)
    func damaged(compression: Compression) {
        let packed = compression.compress(Array("some text that is some text that is compressed".utf8))
        for cut in 0..<packed.count where compression != .snappy || cut > 0 {
            #expect(throws: ByteError.self, "cut at \(cut)") { try compression.decompress(Array(packed[..<cut]), limit: 1 << 16) }
        }
        for bit in 0..<packed.count * 8 {
            var other = packed
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            if let body = try? compression.decompress(other, limit: 1 << 16) { #expect(body.count <= 1 << 16) }
        }
    }

    @Test("a snappy body that claims gigabytes is refused at once")
    func snappyBomb() {
        #expect(throws: ByteError.tooLarge(limit: 1 << 20)) { try Compression.snappy.decompress([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], limit: 1 << 20) }
        #expect(throws: ByteError.corruptCompression("snappy")) { try Compression.snappy.decompress([0xFF, 0xFF, 0x3F, 0], limit: 1 << 30) }
    }

    @Test("gzip bodies may have several members")
    func gzipMembers() throws {
        let packed = Compression.gzip.compress(Array("one ".utf8)) + Compression.gzip.compress(Array("two".utf8))
        #expect(try Compression.gzip.decompress(packed, limit: 100) == Array("one two".utf8))
    }

    @Test("a kept zstd context gives what the one-shot calls give, body after body, and holds to the limit")
    func context() throws {
        var context = ZstdContext()
        var out = ByteWriter()
        for size in [0, 1, 100, 70_000, 3] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 3) }
            out.removeAll()
            #expect(body.withUnsafeBufferPointer { context.compress($0, level: 1, into: &out) })
            let packed = out.array()
            #expect(try Compression.zstd.decompress(packed, limit: size) == body)
            out.removeAll()
            try packed.withUnsafeBufferPointer { try context.decompress($0, limit: size, into: &out) }
            #expect(out.array() == body)
            if size > 1 {
                #expect(throws: ByteError.self) { try packed.withUnsafeBufferPointer { try context.decompress($0, limit: size - 1, into: &out) } }
                #expect(throws: ByteError.self) { try packed.dropLast().withUnsafeBufferPointer { try context.decompress($0, limit: size, into: &out) } }
            }
        }
        // A stream that does not tell its size, as other writers make them.
        let streamed: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 0x19, 0x00, 0x00, 0x61, 0x62, 0x63]
        out.removeAll()
        try streamed.withUnsafeBufferPointer { try context.decompress($0, limit: 100, into: &out) }
        #expect(out.array() == Array("abc".utf8))
    }
}
