import Bytes
import Platform
import TraceModel

/// A segment file, open for reading. Immutable; its file may be unlinked while it is in use.
final class TraceSegment: Sendable {
    let path: String
    let footer: SegmentFooter
    /// Bytes of the file.
    let fileBytes: Int
    private let map: MemoryMap
    let pageCount: Int

    /// Opens a file and checks everything in it but the pages, which are checked when they are read.
    init(_ path: String, on disk: any FileSystem) throws(TraceStoreError) {
        self.path = path
        let file = try TraceStoreError.wrapping { () throws(PlatformError) in try disk.open(path, .read) }
        defer { file.close() }
        fileBytes = try TraceStoreError.wrapping { () throws(PlatformError) in try file.size() }
        let footer = try Self.footer(file, fileBytes)
        for section in SegmentSection.allCases {
            let extent = footer.sections[section.rawValue]
            guard try Self.checksum(file, extent.offset, extent.count) == extent.checksum else {
                throw .corrupt(file: path, offset: extent.offset, reason: "the checksum of the section \(section) does not match")
            }
        }
        let pages = footer.sections[SegmentSection.pages.rawValue].count
        let traces = footer.sections[SegmentSection.traces.rawValue].count
        guard pages % PageEntry.bytes == 0, traces % TraceEntry.bytes == 0, traces / TraceEntry.bytes == footer.traceCount else {
            throw .corrupt(file: path, offset: 0, reason: "its tables are not of the length that its footer says")
        }
        pageCount = pages / PageEntry.bytes
        self.footer = footer
        map = try TraceStoreError.wrapping { () throws(PlatformError) in try disk.map(path) }
        guard map.bytes.count == fileBytes else { throw .corrupt(file: path, offset: 0, reason: "its length changed while it was opened") }
        map.expectRandomAccess()
    }

    private static func footer(_ file: any OpenFile, _ fileBytes: Int) throws(TraceStoreError) -> SegmentFooter {
        func read(_ offset: Int, _ count: Int) throws(TraceStoreError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let found = try TraceStoreError.wrapping { () throws(PlatformError) in
                let buffer: Result<Int, PlatformError> = bytes.withUnsafeMutableBytes { buffer in
                    do throws(PlatformError) { return .success(try file.read(at: offset, into: buffer)) } catch { return .failure(error) }
                }
                return try buffer.get()
            }
            guard found == count else { throw .corrupt(file: file.path, offset: offset, reason: "the file ends early") }
            return bytes
        }
        let headerBytes = SegmentFormat.header.count
        guard fileBytes >= headerBytes + SegmentFormat.tailBytes else {
            throw .corrupt(file: file.path, offset: 0, reason: "a trace segment is longer than \(fileBytes) bytes")
        }
        let header = try read(0, headerBytes)
        if header.starts(with: SegmentFormat.header.prefix(4)), header[4] > SegmentFormat.version {
            throw .unknownVersion(file: file.path, version: Int(header[4]))
        }
        guard header == SegmentFormat.header else {
            throw .corrupt(file: file.path, offset: 0, reason: "it does not begin as a trace segment does")
        }
        let tail = try read(fileBytes - SegmentFormat.tailBytes, SegmentFormat.tailBytes)
        guard Array(tail.suffix(4)) == SegmentFormat.trailer else {
            throw .corrupt(file: file.path, offset: fileBytes - 4, reason: "it does not end as a trace segment does")
        }
        func word(_ at: Int) -> UInt32 { tail[at..<at + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        let count = Int(word(0))
        let end = fileBytes - SegmentFormat.tailBytes
        guard count <= SegmentFormat.footerBytesMax, count <= end - headerBytes else {
            throw .corrupt(file: file.path, offset: end, reason: "a footer of \(count) bytes does not fit")
        }
        let bytes = try read(end - count, count)
        guard CRC32C.checksum(bytes) == word(4) else {
            throw .corrupt(file: file.path, offset: end - count, reason: "the checksum of the footer does not match")
        }
        do throws(ByteError) {
            return try bytes.withUnsafeBufferPointer { (bytes) throws(ByteError) in try SegmentFooter(bytes, fileBytes: end - count) }
        } catch {
            throw .corrupt(file: file.path, offset: end - count, reason: "\(error)")
        }
    }

    private static func checksum(_ file: any OpenFile, _ offset: Int, _ count: Int) throws(TraceStoreError) -> UInt32 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 20), alignment: 16)
        defer { buffer.deallocate() }
        var (at, checksum) = (0, UInt32(0))
        while at < count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, count - at)])
            let position = offset + at
            let found = try TraceStoreError.wrapping { () throws(PlatformError) in try file.read(at: position, into: part) }
            guard found == part.count else { throw .corrupt(file: file.path, offset: position + found, reason: "the file ends early") }
            checksum = CRC32C.checksum(UnsafeBufferPointer(part.bindMemory(to: UInt8.self)), continuing: checksum)
            at += found
        }
        return checksum
    }

    /// A section's bytes, valid as long as the segment lives.
    func section(_ section: SegmentSection) -> UnsafeBufferPointer<UInt8> {
        let extent = footer.sections[section.rawValue]
        return UnsafeBufferPointer(rebasing: map.bytes[extent.offset..<extent.offset + extent.count])
    }

    func word(_ section: SegmentSection, _ index: Int) -> UInt32? {
        let bytes = self.section(section)
        guard index >= 0, (index + 1) * 4 <= bytes.count else { return nil }
        return UInt32(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }

    func page(_ index: Int) -> PageEntry {
        precondition(index < pageCount)
        return PageEntry(section(.pages), index)
    }

    /// The page that holds a trace.
    func pageIndex(of trace: Int) -> Int {
        var (low, high) = (0, pageCount)
        while high - low > 1 {
            let middle = (low + high) / 2
            if page(middle).firstTrace <= trace { low = middle } else { high = middle }
        }
        return low
    }

    /// A page's content, decompressed.
    func read(page index: Int) throws(TraceStoreError) -> PageBytes {
        let entry = page(index)
        guard entry.offset <= fileBytes, entry.compressedBytes <= fileBytes - entry.offset else {
            throw .corrupt(file: path, offset: entry.offset, reason: "page \(index) reaches beyond the file")
        }
        let compressed = UnsafeBufferPointer(rebasing: map.bytes[entry.offset..<entry.offset + entry.compressedBytes])
        guard CRC32C.checksum(compressed) == entry.checksum else {
            throw .corrupt(file: path, offset: entry.offset, reason: "the checksum of page \(index) does not match; its \(entry.traceCount) traces are left out")
        }
        do throws(ByteError) {
            let raw = try Compression.zstd.decompress(compressed, limit: entry.rawBytes)
            return PageBytes(raw)
        } catch {
            throw .corrupt(file: path, offset: entry.offset, reason: "\(error)")
        }
    }

    // MARK: Traces

    private func long(_ trace: Int, _ at: Int) -> UInt64 {
        // SAFETY: callers pass traces below `traceCount`; the section was found to hold that many entries.
        UInt64(littleEndian: UnsafeRawBufferPointer(section(.traces)).loadUnaligned(fromByteOffset: trace * TraceEntry.bytes + at, as: UInt64.self))
    }

    private func word(_ trace: Int, _ at: Int) -> UInt32 {
        // SAFETY: as in `long`.
        UInt32(littleEndian: UnsafeRawBufferPointer(section(.traces)).loadUnaligned(fromByteOffset: trace * TraceEntry.bytes + at, as: UInt32.self))
    }

    func key(_ trace: Int) -> TraceKey { TraceKey(high: long(trace, 0), low: long(trace, 8)) }

    func entry(_ trace: Int) -> TraceEntry {
        TraceEntry(
            key: key(trace), startUnixNano: long(trace, 16), lastStartUnixNano: long(trace, 24), endUnixNano: long(trace, 32), spanCount: word(trace, 40),
            errorCount: word(trace, 44), rootService: word(trace, 48), rootName: word(trace, 52), serviceSet: word(trace, 56))
    }

    /// The number of a trace; nil when it is not here. O(log traces).
    func find(_ key: TraceKey) -> Int? {
        var (low, high) = (0, footer.traceCount)
        while low < high {
            let middle = (low + high) / 2
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        return low < footer.traceCount && self.key(low) == key ? low : nil
    }
}
