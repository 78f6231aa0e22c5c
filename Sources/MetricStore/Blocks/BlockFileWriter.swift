import Bytes
import Platform

/// Writes a file of a block from its beginning to its end, through a buffer.
struct BlockFileWriter: ~Copyable {
    private let file: any OpenFile
    var out = ByteWriter(capacity: 1 << 20)
    private var written = 0
    private static let bufferBytes = 1 << 20

    init(_ disk: any FileSystem, _ path: String) throws(PlatformError) {
        file = try disk.open(path, .create)
    }

    /// Where in the file the next byte goes.
    var position: Int { written + out.count }

    mutating func flushIfFull() throws(PlatformError) { if out.count >= Self.bufferBytes { try flush() } }

    mutating func flush() throws(PlatformError) {
        // SAFETY: the bytes are the buffer's own and are written before it changes.
        try file.append(UnsafeBufferPointer(start: out.base, count: out.count))
        written += out.count
        out.removeAll()
    }

    /// Appends zeros up to a multiple of `alignment`.
    mutating func align(_ alignment: Int) {
        let rest = position % alignment
        if rest > 0 { for _ in rest..<alignment { out.append(0) } }
    }

    /// Appends the checksum of what `out` holds from `offset` on, an index into `out`.
    mutating func appendChecksum(from offset: Int) {
        // SAFETY: within the bytes written, which do not change meanwhile.
        out.appendBigEndian(CRC32C.checksum(UnsafeBufferPointer(start: out.base + offset, count: out.count - offset)))
    }

    /// Writes what is left and forces the file to the disk.
    consuming func finish() throws(PlatformError) -> Int {
        try flush()
        try file.sync()
        file.close()
        return written
    }
}
