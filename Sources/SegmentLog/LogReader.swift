import Bytes
import Platform

/// A place in a log where bytes stand that are no record, or bytes are missing.
package struct LogDamage: Equatable, Sendable {
    /// The segment's file.
    package let file: String
    /// Where the unreadable record begins.
    package let offset: Int
    package let reason: String
    /// Whether it is the end of the log: what a crash leaves, not what a disk loses.
    package internal(set) var isTornTail: Bool

    package init(file: String, offset: Int, reason: String, isTornTail: Bool = false) {
        self.file = file
        self.offset = offset
        self.reason = reason
        self.isTornTail = isTornTail
    }
}

extension LogDamage: CustomStringConvertible {
    package var description: String { isTornTail ? "\(file) ends at byte \(offset) in the middle of a record: \(reason)" : "\(file) is corrupt at byte \(offset): \(reason)" }
}

/// Reads the records of one segment in order, and goes on behind damage at the next page, at the next whole record.
///
/// Prometheus's reader stops at the first damage and its repair drops the rest; here the rest is kept.
package struct LogReader: ~Copyable {
    private let file: any OpenFile
    private let size: Int
    private var buffer: UnsafeMutableRawBufferPointer
    /// Where in the file `buffer` begins; a multiple of the page size.
    private var bufferStart = 0
    private var bufferCount = 0
    private var position = 0
    private var assembled = ByteWriter(capacity: 64 << 10)
    private var zstd = ZstdContext()
    private var decompressed = ByteWriter(capacity: 64 << 10)
    /// Whether fragments of an unfinished record stand in `assembled`.
    private var isAssembling = false
    /// Behind damage: fragments that continue a record are skipped.
    private var isResyncing = false
    /// Where the current record began.
    package private(set) var recordStart = 0
    /// What could not be read so far, in order; of very many the first `damageMax`.
    package private(set) var damage: [LogDamage] = []
    /// Where the records that the reader's owner rejected begin.
    private(set) var rejected: Set<Int> = []
    /// Where damage begins behind which no record was read.
    private(set) var tailStart: Int?

    package static let damageMax = 100
    private static let bufferBytes = 32 * RecordFraming.pageBytes

    /// Reads what stands from `start` on, where a record begins, up to `end`, which is the end of one, or of the file.
    package init(disk: any FileSystem, path: String, from start: Int = 0, to end: Int? = nil) throws(PlatformError) {
        let opened = try disk.open(path, .read)
        let bytes = min(try opened.size(), end ?? .max)
        file = opened
        size = bytes
        position = min(start, bytes)
        let pages = max(1, (bytes + RecordFraming.pageBytes - 1) / RecordFraming.pageBytes)
        buffer = .allocate(byteCount: min(pages * RecordFraming.pageBytes, Self.bufferBytes), alignment: 16)
    }

    deinit {
        buffer.deallocate()
        file.close()
    }

    /// Bytes read so far, of `fileBytes`.
    package var bytesRead: Int { position }
    package var fileBytes: Int { size }

    /// The next record, valid until the next call; nil at the end of the segment.
    package mutating func next() throws(PlatformError) -> UnsafeBufferPointer<UInt8>? {
        while true {
            guard position < size else {
                if isAssembling {
                    isAssembling = false
                    note(recordStart, "the last record is torn")
                }
                return nil
            }
            let pageEnd = min(position / RecordFraming.pageBytes * RecordFraming.pageBytes + RecordFraming.pageBytes, size)
            try fill(pageEnd)
            guard let page = UnsafeRawPointer(buffer.baseAddress) else { return nil }
            // SAFETY: `fill` made position ..< pageEnd present in the buffer, which lives as long as the reader.
            let rest = UnsafeRawBufferPointer(start: page + (position - bufferStart), count: pageEnd - position)
            if let record = fragment(rest, pageEnd) { return record }
        }
    }

    /// Gives a record back as damaged that could be read but makes no sense to its reader.
    package mutating func reject(_ reason: String) {
        rejected.insert(recordStart)
        note(recordStart, reason)
    }

    /// Notes, at the end of a segment, that it does not end with a page, as one does that was ended.
    mutating func expectWholePages() {
        if size % RecordFraming.pageBytes != 0 { note(size, "the segment ends within a page; what stood behind is lost") }
    }

    /// Takes the fragment at the start of `rest`, which reaches to the end of its page, and returns the record that it completes.
    private mutating func fragment(_ rest: UnsafeRawBufferPointer, _ pageEnd: Int) -> UnsafeBufferPointer<UInt8>? {
        let header = rest[0]
        let kind = RecordFraming.Fragment(rawValue: header & RecordFraming.fragmentMask)
        if kind == .pageEnd {
            if rest.contains(where: { $0 != 0 }) { damaged(position, "a page is not padded with zeros") }
            position = pageEnd
            return nil
        }
        guard let kind, header & RecordFraming.unknownBits == 0 else {
            damaged(position, "a record begins with the unknown byte \(header)")
            position = pageEnd
            return nil
        }
        guard rest.count >= RecordFraming.headerBytes else {
            damaged(position, "a record's header is cut off")
            position = pageEnd
            return nil
        }
        let length = Int(UInt16(bigEndian: rest.loadUnaligned(fromByteOffset: 1, as: UInt16.self)))
        guard length <= rest.count - RecordFraming.headerBytes else {
            damaged(position, "a record of \(length) bytes reaches past \(pageEnd == size ? "the end of the file" : "its page")")
            position = pageEnd
            return nil
        }
        let content = UnsafeBufferPointer(rebasing: rest.bindMemory(to: UInt8.self)[RecordFraming.headerBytes..<RecordFraming.headerBytes + length])
        let expected = UInt32(bigEndian: rest.loadUnaligned(fromByteOffset: 3, as: UInt32.self))
        guard CRC32C.checksum(content) == expected else {
            damaged(position, "a record's checksum is wrong")
            position = pageEnd
            return nil
        }
        let at = position
        position += RecordFraming.headerBytes + length
        return take(kind, header, content, at)
    }

    private mutating func take(_ kind: RecordFraming.Fragment, _ header: UInt8, _ content: UnsafeBufferPointer<UInt8>, _ at: Int) -> UnsafeBufferPointer<UInt8>? {
        switch kind {
        case .pageEnd: return nil
        case .full, .first:
            if isAssembling { damaged(at, "a record begins where another should go on") }
            isResyncing = false
            recordStart = at
            if kind == .full { return complete(content, header) }
            assembled.removeAll()
            assembled.append(content)
            isAssembling = true
            return nil
        case .middle, .last:
            guard isAssembling else {
                if !isResyncing { damaged(at, "a record goes on that never began") }
                return nil
            }
            guard assembled.count + content.count <= RecordFraming.recordBytesMax else {
                damaged(at, "a record is larger than \(RecordFraming.recordBytesMax) bytes")
                return nil
            }
            assembled.append(content)
            guard kind == .last else { return nil }
            isAssembling = false
            // SAFETY: `assembled` is not touched before the next call.
            return complete(UnsafeBufferPointer(start: assembled.base, count: assembled.count), header)
        }
    }

    private mutating func complete(_ content: UnsafeBufferPointer<UInt8>, _ header: UInt8) -> UnsafeBufferPointer<UInt8>? {
        let compression: Compression? =
            header & RecordFraming.snappyBit != 0 ? .snappy : header & RecordFraming.zstdBit != 0 ? .zstd : nil
        guard let compression else {
            // No store's records begin so, but those do that lost the bit that says how they are compressed.
            if content.starts(with: RecordFraming.zstdMagic) {
                note(recordStart, "a record is compressed and does not say so")
                return nil
            }
            tailStart = nil
            return content
        }
        decompressed.removeAll()
        do throws(ByteError) {
            if compression == .zstd { try zstd.decompress(content, limit: RecordFraming.recordBytesMax, into: &decompressed) } else {
                try compression.decompress(content, limit: RecordFraming.recordBytesMax, into: &decompressed)
            }
        } catch {
            note(recordStart, "\(error)")
            return nil
        }
        tailStart = nil
        // SAFETY: `decompressed` is not touched before the next call.
        return UnsafeBufferPointer(start: decompressed.base, count: decompressed.count)
    }

    /// Notes damage and looks for the next whole record. A record under way is part of it.
    private mutating func damaged(_ at: Int, _ reason: String) {
        if !isResyncing { note(isAssembling ? recordStart : at, reason) }
        isAssembling = false
        isResyncing = true
    }

    private mutating func note(_ at: Int, _ reason: String) {
        if damage.count < Self.damageMax { damage.append(LogDamage(file: file.path, offset: at, reason: reason, isTornTail: false)) }
        if tailStart == nil { tailStart = at }
    }

    private mutating func fill(_ end: Int) throws(PlatformError) {
        if position >= bufferStart, end <= bufferStart + bufferCount { return }
        bufferStart = position / RecordFraming.pageBytes * RecordFraming.pageBytes
        bufferCount = try file.read(at: bufferStart, into: buffer)
        guard bufferStart + bufferCount >= end else { throw .io(path: file.path, operation: "read", code: 5) }
    }
}
