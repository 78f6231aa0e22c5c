import Bytes
import Platform

/// Writes a block's chunks into segments `chunks/000001` … (`tsdb/chunks/chunks.go`).
struct ChunkWriter: ~Copyable {
    private let disk: any FileSystem
    private let directory: String
    private let segmentBytesMax: Int
    private var writer: BlockFileWriter?
    private var segment = 0
    private(set) var bytesWritten = 0

    init(_ disk: any FileSystem, _ directory: String, segmentBytesMax: Int = BlockFormat.chunkSegmentBytesMax) throws(PlatformError) {
        self.disk = disk
        self.directory = directory
        self.segmentBytesMax = segmentBytesMax
        try disk.makeDirectory(directory)
    }

    /// Adds an encoded chunk, of a kind that need not be known here, and returns how to refer to it.
    mutating func add(_ chunk: UnsafeBufferPointer<UInt8>, encoding: UInt8) throws(PlatformError) -> UInt64 {
        // The longest length field, encoding and checksum.
        let sizeMax = 5 + 1 + chunk.count + 4
        if let position = writer?.position, position > BlockFormat.chunksHeaderBytes, position + sizeMax > segmentBytesMax { try finishSegment() }
        if writer == nil { try beginSegment() }
        guard var current = writer.take() else { preconditionFailure("there is no segment to write to") }
        let reference = UInt64(segment - 1) << 32 | UInt64(current.position)
        current.out.appendUvarint(UInt64(chunk.count))
        let start = current.out.count
        current.out.append(encoding)
        current.out.append(chunk)
        current.appendChecksum(from: start)
        let result: PlatformError?
        do throws(PlatformError) { try current.flushIfFull(); result = nil } catch { result = error }
        writer = consume current
        if let result { throw result }
        return reference
    }

    private mutating func beginSegment() throws(PlatformError) {
        segment += 1
        var next = try BlockFileWriter(disk, "\(directory)/\(BlockFormat.segmentName(segment))")
        next.out.appendBigEndian(BlockFormat.chunksMagic)
        next.out.append(BlockFormat.chunksVersion)
        for _ in 0..<3 { next.out.append(0) }
        writer = consume next
    }

    private mutating func finishSegment() throws(PlatformError) {
        if let current = writer.take() { bytesWritten += try current.finish() }
    }

    /// Forces everything to the disk and returns how many bytes it is.
    consuming func finish() throws(PlatformError) -> Int {
        try finishSegment()
        try disk.syncDirectory(directory)
        return bytesWritten
    }
}
