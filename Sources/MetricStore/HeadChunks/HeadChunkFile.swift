import Bytes
import Platform

/// A file of `chunks_head`: chunks of series of the log that are complete (`tsdb/chunks/head_chunks.go`).
///
/// A header of eight bytes, then for each chunk: what the log calls the series, its times, its encoding, its data behind their length, a
/// checksum. Files may be longer than their content; then zeros follow.
enum HeadChunkFile {
    static let magic: UInt32 = 0x0130_BC91
    static let version: UInt8 = 1
    static let headerBytes = 8
    static let bytesMax = 128 << 20
    /// The bit of the encoding that marks a chunk of samples that came out of order; those are in `wbl` as well.
    static let outOfOrderBit: UInt8 = 0x80
    /// What stands before a chunk's data, with the longest length.
    private static let leadBytesMax = 8 + 8 + 8 + 1 + 10
    private static let checksumBytes = 4
    /// No chunk is nearly as long.
    private static let chunkBytesMax = 16 << 20

    struct Entry {
        /// What the log calls the series.
        let reference: UInt64
        let minTime: Int64
        let maxTime: Int64
        let encoding: UInt8
        let isOutOfOrder: Bool
        /// Where the entry begins in the file.
        let offset: Int
    }

    /// Where a chunk is: the file's number in the upper half, the offset in it in the lower (`ChunkDiskMapperRef`).
    struct Place: Comparable {
        let rawValue: UInt64

        init(_ rawValue: UInt64) { self.rawValue = rawValue }
        /// The offset is less than 4 GiB.
        init(file: Int, offset: Int) { rawValue = UInt64(file) << 32 | UInt64(offset) }

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where a file stops making sense, and why.
    struct Damage {
        let offset: Int
        let reason: String
    }

    static func appendHeader(to out: inout ByteWriter) {
        out.appendBigEndian(magic)
        out.append(version)
        for _ in 0..<3 { out.append(0) }
    }

    /// The most that an entry takes with `count` bytes of data.
    static func entryBytesMax(_ count: Int) -> Int { leadBytesMax + count + checksumBytes }

    static func append(_ reference: UInt64, _ chunk: EncodedChunk, to out: inout ByteWriter) {
        let start = out.count
        out.appendBigEndian(reference)
        out.appendBigEndian(chunk.minTime)
        out.appendBigEndian(chunk.maxTime)
        out.append(chunk.encoding.rawValue)
        out.appendUvarint(UInt64(chunk.bytes.count))
        out.append(chunk.bytes)
        // SAFETY: within the bytes written, which do not change meanwhile.
        out.appendBigEndian(CRC32C.checksum(UnsafeBufferPointer(start: out.base + start, count: out.count - start)))
    }

    /// Whether a file is what a crash leaves of one that was just begun: no magic number yet.
    static func isBarelyBegun(_ disk: any FileSystem, _ path: String) throws(PlatformError) -> Bool {
        let file = try disk.open(path, .read)
        defer { file.close() }
        var number: UInt32 = 0
        var failure: PlatformError?
        let count = withUnsafeMutableBytes(of: &number) { bytes in
            do throws(PlatformError) { return try file.read(at: 0, into: bytes) } catch { failure = error }
            return 0
        }
        if let failure { throw failure }
        return count < 4 || number == 0
    }

    /// Calls `body` with every entry in turn, whose checksum is right; it may answer why the entry makes no sense. Reads through the file, so
    /// that what the disk cannot deliver is damage and nothing worse.
    static func read(_ disk: any FileSystem, _ path: String, _ body: (Entry) -> String?) throws(PlatformError) -> Damage? {
        let file = try disk.open(path, .read)
        defer { file.close() }
        var window = try Window(file)
        defer { window.free() }
        var start = 0
        do throws(ByteError) {
            try window.reach(headerBytes)
            var header = ByteCursor(window.bytes)
            guard try header.readBigEndian(UInt32.self) == magic, try header.readUInt8() == version else {
                return Damage(offset: 0, reason: "it is no file of the head's chunks of version 1")
            }
            window.advance(headerBytes)
            while true {
                start = window.offset
                try window.reach(min(leadBytesMax, window.left))
                // No series is called 0.
                if window.bytes.prefix(24).allSatisfy({ $0 == 0 }) { return nil }
                var cursor = ByteCursor(window.bytes)
                let reference: UInt64 = try cursor.readBigEndian()
                let minTime: Int64 = try cursor.readBigEndian()
                let maxTime: Int64 = try cursor.readBigEndian()
                let mark = try cursor.readUInt8()
                let length = try cursor.readUvarint()
                guard length <= UInt64(chunkBytesMax) else { return Damage(offset: start, reason: "a chunk is said to have \(length) bytes") }
                let size = cursor.offset + Int(length)
                try window.reach(size + checksumBytes)
                let sum = CRC32C.checksum(UnsafeBufferPointer(rebasing: window.bytes[..<size]))
                var rest = ByteCursor(UnsafeBufferPointer(rebasing: window.bytes[size...]))
                guard try rest.readBigEndian(UInt32.self) == sum else { return Damage(offset: start, reason: "the checksum of a chunk is wrong") }
                guard minTime <= maxTime, SampleTime.range.contains(minTime), SampleTime.range.contains(maxTime) else {
                    return Damage(offset: start, reason: "a chunk reaches from \(minTime) to \(maxTime)")
                }
                let entry = Entry(
                    reference: reference, minTime: minTime, maxTime: maxTime, encoding: mark & ~outOfOrderBit, isOutOfOrder: mark & outOfOrderBit != 0, offset: start)
                if let reason = body(entry) { return Damage(offset: start, reason: reason) }
                window.advance(size + checksumBytes)
            }
        } catch {
            if let failure = window.failure { return Damage(offset: start, reason: failure.reason) }
            return Damage(offset: start, reason: start == 0 ? "it is shorter than its header" : "a chunk is cut off")
        }
    }

    /// The chunk of an entry that `read` told of, in a map of the file.
    static func chunk(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> EncodedChunk? {
        guard offset <= bytes.count else { return nil }
        var cursor = ByteCursor(UnsafeBufferPointer(rebasing: bytes[offset...]))
        do throws(ByteError) {
            try cursor.skip(8)
            let minTime: Int64 = try cursor.readBigEndian()
            let maxTime: Int64 = try cursor.readBigEndian()
            guard let encoding = BlockFormat.ChunkEncoding(rawValue: try cursor.readUInt8()) else { return nil }
            return EncodedChunk(encoding: encoding, bytes: try cursor.readUvarintBytes(), minTime: minTime, maxTime: maxTime)
        } catch { return nil }
    }
}

/// A part of a file that moves from its beginning to its end.
private struct Window {
    private let file: any OpenFile
    private let size: Int
    private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 20)
    private var start = 0
    private var end = 0
    /// Where `bytes` begin in the file.
    private(set) var offset = 0
    private(set) var failure: PlatformError?

    init(_ file: any OpenFile) throws(PlatformError) {
        self.file = file
        size = try file.size()
    }

    func free() { buffer.deallocate() }

    /// What of the file is at hand from `offset` on.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: buffer[start..<end]) }
    /// Bytes of the file from `offset` on.
    var left: Int { size - offset }

    mutating func advance(_ count: Int) {
        start += count
        offset += count
    }

    /// Has at least `count` bytes at hand, or throws.
    mutating func reach(_ count: Int) throws(ByteError) {
        if end - start >= count { return }
        guard count <= left else { throw .truncated(offset: offset, needed: count - left) }
        let kept = end - start
        if count > buffer.count {
            let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
            _ = larger.update(fromContentsOf: buffer[start..<end])
            buffer.deallocate()
            buffer = larger
        } else if let base = buffer.baseAddress {
            // SAFETY: both ranges lie within the buffer; they may overlap.
            base.update(from: base + start, count: kept)
        }
        (start, end) = (0, kept)
        do throws(PlatformError) {
            end += try file.read(at: offset + kept, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[kept...]))
        } catch { failure = error }
        if end < count { throw .truncated(offset: offset, needed: count - end) }
    }
}
