import Bytes

/// The bytes around and between the parts of a segment file. `docs/formats/trace-segment.md` is the description.
enum SegmentFormat {
    /// "OBTS" and the version, at the start of a file.
    static let header: [UInt8] = [0x4F, 0x42, 0x54, 0x53, version, 0, 0, 0]
    static let version: UInt8 = 1
    /// "OBTE", at the end.
    static let trailer: [UInt8] = [0x4F, 0x42, 0x54, 0x45]
    /// Footer length and checksum, four bytes each, and the trailer.
    static let tailBytes = 12
    /// A footer is far smaller.
    static let footerBytesMax = 1 << 16
    static let suffix = ".seg"

    static func fileName(_ generation: UInt64) -> String {
        let digits = String(generation)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + suffix
    }

    /// The generation of a file name; nil for other files.
    static func generation(_ name: String) -> UInt64? { name.hasSuffix(suffix) ? UInt64(name.dropLast(suffix.count)) : nil }
}

/// A run of bytes in a segment file.
enum SegmentSection: Int, CaseIterable {
    case pages, traces, strings, serviceSets, keys, values, postings, filters, operations, dependencies
}

/// What a segment file says of itself at its end.
struct SegmentFooter: Equatable {
    struct Extent: Equatable {
        var offset: Int = 0
        var count: Int = 0
        var checksum: UInt32 = 0
    }

    var generation: UInt64 = 0
    var sealedUnixMillis: Int64 = 0
    var spanCount = 0
    var traceCount = 0
    /// Earliest and latest start of a span.
    var startUnixNano: UInt64 = 0
    var lastStartUnixNano: UInt64 = 0
    /// Whether every key that occurs is in the section `keys`.
    var keysAreComplete = true
    var sections = [Extent](repeating: Extent(), count: SegmentSection.allCases.count)

    func write(into out: inout ByteWriter) {
        out.appendUvarint(generation)
        out.appendVarint(sealedUnixMillis)
        out.appendUvarint(UInt64(spanCount))
        out.appendUvarint(UInt64(traceCount))
        out.appendUvarint(startUnixNano)
        out.appendUvarint(lastStartUnixNano)
        out.append(keysAreComplete ? 1 : 0)
        out.appendUvarint(UInt64(sections.count))
        for section in sections {
            out.appendUvarint(UInt64(section.offset))
            out.appendUvarint(UInt64(section.count))
            out.appendLittleEndian(section.checksum)
        }
    }

    init() {}

    /// - Parameter fileBytes: what precedes the footer; a section that reaches farther is refused.
    init(_ bytes: UnsafeBufferPointer<UInt8>, fileBytes: Int) throws(ByteError) {
        var cursor = ByteCursor(bytes)
        generation = try cursor.readUvarint()
        sealedUnixMillis = try cursor.readVarint()
        spanCount = Int(clamping: try cursor.readUvarint())
        traceCount = Int(clamping: try cursor.readUvarint())
        startUnixNano = try cursor.readUvarint()
        lastStartUnixNano = try cursor.readUvarint()
        keysAreComplete = try cursor.readUInt8() != 0
        guard try cursor.readUvarint() == UInt64(SegmentSection.allCases.count) else { throw .truncated(offset: cursor.offset, needed: 1) }
        for index in sections.indices {
            let offset = Int(clamping: try cursor.readUvarint())
            let count = Int(clamping: try cursor.readUvarint())
            guard offset <= fileBytes, count <= fileBytes - offset else { throw .truncated(offset: cursor.offset, needed: count) }
            sections[index] = Extent(offset: offset, count: count, checksum: try cursor.readLittleEndian())
        }
    }
}

/// A page in the section `pages`. 40 bytes, least significant first.
struct PageEntry {
    static let bytes = 40
    var offset: Int
    var compressedBytes: Int
    var rawBytes: Int
    var checksum: UInt32
    var traceCount: Int
    var firstTrace: Int
    /// In the section `filters`, in 8-byte words.
    var filterOffset: Int
    var filterWords: Int

    func write(into out: inout ByteWriter) {
        out.appendLittleEndian(UInt64(offset))
        out.appendLittleEndian(UInt32(compressedBytes))
        out.appendLittleEndian(UInt32(rawBytes))
        out.appendLittleEndian(checksum)
        out.appendLittleEndian(UInt32(traceCount))
        out.appendLittleEndian(UInt32(firstTrace))
        out.appendLittleEndian(UInt32(filterWords))
        out.appendLittleEndian(UInt64(filterOffset))
    }

    /// SAFETY: `section` holds `index + 1` entries.
    init(_ section: UnsafeBufferPointer<UInt8>, _ index: Int) {
        let raw = UnsafeRawBufferPointer(section)
        func word(_ at: Int) -> Int { Int(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index * Self.bytes + at, as: UInt32.self))) }
        func long(_ at: Int) -> Int { Int(clamping: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index * Self.bytes + at, as: UInt64.self))) }
        (offset, compressedBytes, rawBytes, checksum) = (long(0), word(8), word(12), UInt32(word(16)))
        (traceCount, firstTrace, filterWords, filterOffset) = (word(20), word(24), word(28), long(32))
    }

    init(offset: Int, compressedBytes: Int, rawBytes: Int, checksum: UInt32, traceCount: Int, firstTrace: Int, filterOffset: Int, filterWords: Int) {
        self.offset = offset
        self.compressedBytes = compressedBytes
        self.rawBytes = rawBytes
        self.checksum = checksum
        self.traceCount = traceCount
        self.firstTrace = firstTrace
        self.filterOffset = filterOffset
        self.filterWords = filterWords
    }
}

/// A trace in the section `traces`: what lists and searches ask first. 64 bytes, least significant first.
struct TraceEntry {
    static let bytes = 64
    /// Stands for no string.
    static let none = UInt32.max

    var key: TraceKey
    var startUnixNano: UInt64
    var lastStartUnixNano: UInt64
    var endUnixNano: UInt64
    var spanCount: UInt32
    var errorCount: UInt32
    /// Strings of the earliest span without a parent; `none` when there is none.
    var rootService: UInt32
    var rootName: UInt32
    /// In the section `serviceSets`.
    var serviceSet: UInt32

    func write(into out: inout ByteWriter) {
        for long in [key.high, key.low, startUnixNano, lastStartUnixNano, endUnixNano] { out.appendLittleEndian(long) }
        for word in [spanCount, errorCount, rootService, rootName, serviceSet, 0] { out.appendLittleEndian(word) }
    }
}
