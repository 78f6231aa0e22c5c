import Bytes

/// Frames records for one segment after another into a buffer that its owner writes out.
struct RecordFramer: ~Copyable {
    /// Framed and not yet written.
    var out = ByteWriter(capacity: 1 << 20)
    /// Where in the segment `out` begins.
    private(set) var written: Int
    let segmentBytes: Int
    let compression: Compression?
    private var compressed = ByteWriter(capacity: 64 << 10)
    private var zstd = ZstdContext()
    /// The fastest of zstd's levels that still codes entropy: half of snappy's bytes on samples, at a twentieth of an append's cost.
    private static let zstdLevel: Int32 = 1

    init(segmentBytes: Int, compression: Compression?) {
        precondition(segmentBytes >= RecordFraming.pageBytes && segmentBytes % RecordFraming.pageBytes == 0, "segments are whole pages")
        self.segmentBytes = segmentBytes
        self.compression = compression
        written = 0
    }

    /// Where in the segment the next fragment begins.
    var position: Int { written + out.count }

    /// Begins another segment, or the same one again after `out` was dropped.
    mutating func restart(at offset: Int) {
        out.removeAll()
        written = offset
    }

    /// `out` stands in the segment.
    mutating func markWritten() {
        written += out.count
        out.removeAll()
    }

    /// Fills the page with zeros to its end, as before another segment is begun. A page not begun is left alone.
    mutating func finishPage() {
        let used = position % RecordFraming.pageBytes
        if used > 0 { pad(RecordFraming.pageBytes - used) }
    }

    private mutating func pad(_ count: Int) {
        out.reserve(count)
        (out.base + out.count).update(repeating: 0, count: count)
        out.advance(by: count)
    }

    /// Frames a record; false when it does not fit in this segment and the next must be begun. An empty segment takes any record.
    mutating func frame(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
        var flags: UInt8 = 0
        compressed.removeAll()
        if let compression {
            let isCompressed: Bool
            switch compression {
            case .zstd: isCompressed = zstd.compress(record, level: Self.zstdLevel, into: &compressed)
            case .snappy, .gzip:
                Compression.snappy.compress(record, into: &compressed)
                isCompressed = true
            }
            if isCompressed, compressed.count < record.count { flags = compression == .zstd ? RecordFraming.zstdBit : RecordFraming.snappyBit }
        }
        let length = flags == 0 ? record.count : compressed.count
        let used = position % RecordFraming.pageBytes
        let pagesBehind = segmentBytes / RecordFraming.pageBytes - position / RecordFraming.pageBytes - 1
        let room = RecordFraming.pageBytes - used - RecordFraming.headerBytes + pagesBehind * (RecordFraming.pageBytes - RecordFraming.headerBytes)
        if length > room, position > 0 { return false }
        if flags == 0 { put(record, flags) } else {
            // SAFETY: `put` writes to `out` only, which is another buffer.
            put(UnsafeBufferPointer(start: compressed.base, count: compressed.count), flags)
        }
        return true
    }

    private mutating func put(_ content: UnsafeBufferPointer<UInt8>, _ flags: UInt8) {
        var at = 0
        var isFirst = true
        // The first fragment is empty when its header just fits the page; an empty record is one empty fragment.
        repeat {
            let room = RecordFraming.pageBytes - position % RecordFraming.pageBytes - RecordFraming.headerBytes
            let part = UnsafeBufferPointer(rebasing: content[at..<at + min(content.count - at, room)])
            at += part.count
            let isLast = at == content.count
            let kind: RecordFraming.Fragment = isFirst ? (isLast ? .full : .first) : (isLast ? .last : .middle)
            isFirst = false
            out.append(kind.rawValue | flags)
            out.appendBigEndian(UInt16(part.count))
            out.appendBigEndian(CRC32C.checksum(part))
            out.append(part)
            let left = RecordFraming.pageBytes - position % RecordFraming.pageBytes
            if left < RecordFraming.headerBytes { pad(left) }
        } while at < content.count
    }
}
