/// Snappy's framing format, which streams have where whole bodies have the block format (google/snappy `framing_format.txt`).
package enum SnappyFrames {
    private static let identifier: [UInt8] = Array("sNaPpY".utf8)
    /// What one chunk may hold, decompressed.
    private static let chunkBytesMax = 1 << 16

    private enum Chunk {
        static let compressed: UInt8 = 0x00
        static let uncompressed: UInt8 = 0x01
        static let unskippable: ClosedRange<UInt8> = 0x02...0x7F
        static let streamIdentifier: UInt8 = 0xFF
    }

    /// Decompresses a whole stream, every chunk checked against its checksum.
    package static func decompress(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(ByteError) -> [UInt8] {
        var cursor = ByteCursor(input)
        var output = ByteWriter(capacity: min(limit, input.count * 2))
        var isFirst = true
        while !cursor.isAtEnd {
            let kind = try cursor.readUInt8()
            let length = Int(try cursor.readUInt8()) | Int(try cursor.readUInt8()) << 8 | Int(try cursor.readUInt8()) << 16
            let body = try cursor.readBytes(length)
            guard !isFirst || kind == Chunk.streamIdentifier else { throw .corruptCompression("snappy") }
            isFirst = false
            switch kind {
            case Chunk.streamIdentifier: guard body.elementsEqual(identifier) else { throw .corruptCompression("snappy") }
            case Chunk.compressed, Chunk.uncompressed: try append(body, isCompressed: kind == Chunk.compressed, to: &output, limit: limit)
            case Chunk.unskippable: throw .corruptCompression("snappy")
            default: break
            }
        }
        return output.array()
    }

    private static func append(_ body: UnsafeBufferPointer<UInt8>, isCompressed: Bool, to output: inout ByteWriter, limit: Int) throws(ByteError) {
        var cursor = ByteCursor(body)
        let masked: UInt32 = try cursor.readLittleEndian()
        let content = try cursor.readBytes(cursor.remaining)
        let start = output.count
        if isCompressed {
            try Compression.snappy.decompress(content, limit: chunkBytesMax, into: &output)
        } else {
            guard content.count <= chunkBytesMax else { throw .corruptCompression("snappy") }
            output.append(content)
        }
        guard output.count <= limit else { throw .tooLarge(limit: limit) }
        let checksum = output.withBytes { CRC32C.checksum(UnsafeBufferPointer(rebasing: $0[start...])) }
        guard masked == (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8 else { throw .corruptCompression("snappy") }
    }
}
