import Bytes
import Platform

/// One file of a block's chunks, mapped into memory (`tsdb/docs/format/chunks.md`).
final class ChunkSegment: Sendable {
    let path: String
    private let map: MemoryMap

    init(_ disk: any FileSystem, _ path: String) throws(MetricStoreError) {
        self.path = path
        do throws(PlatformError) { map = try disk.map(path) } catch { throw MetricStoreError(error) }
        map.expectRandomAccess()
        var cursor = ByteCursor(map.bytes)
        do throws(ByteError) {
            let (magic, version): (UInt32, UInt8) = (try cursor.readBigEndian(), try cursor.readUInt8())
            guard magic == BlockFormat.chunksMagic, version == BlockFormat.chunksVersion else { throw .corruptCompression("chunks file of version 1") }
        } catch { throw .corrupt(file: path, offset: 0, reason: "\(error)") }
    }

    var byteCount: Int { map.bytes.count }

    /// All of the file. Valid while the segment lives.
    var bytes: UnsafeBufferPointer<UInt8> { map.bytes }

    /// The chunk at `offset` of a segment's bytes, verified, and how it is encoded.
    ///
    /// A function of the bytes alone: a call on the segment would count references, on a counter that all threads of a query share.
    static func chunk(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) throws(ByteError) -> (encoding: UInt8, bytes: UnsafeBufferPointer<UInt8>) {
        guard offset >= BlockFormat.chunksHeaderBytes, offset < bytes.count else { throw .truncated(offset: offset, needed: 1) }
        var cursor = ByteCursor(UnsafeBufferPointer(rebasing: bytes[offset...]))
        let length = try cursor.readUvarint()
        guard length < UInt64(bytes.count) else { throw .truncated(offset: offset, needed: Int(clamping: length)) }
        let content = try cursor.readBytes(Int(length) + 1)
        let checksum = try cursor.readBytes(4)
        // SAFETY: four bytes were read. Not by way of the cursor, whose integers are not made for their type here and cost more than the look.
        let stored = checksum.baseAddress.map { UInt32(bigEndian: UnsafeRawPointer($0).loadUnaligned(as: UInt32.self)) }
        guard stored == CRC32C.checksum(content) else { throw .corruptCompression("chunk: its checksum is wrong") }
        return (content[0], UnsafeBufferPointer(rebasing: content[1...]))
    }
}
