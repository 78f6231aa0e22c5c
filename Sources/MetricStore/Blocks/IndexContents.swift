import Bytes

/// Where the sections of an index are, and how to read them (`tsdb/docs/format/index.md`).
struct IndexContents: Sendable {
    /// Why an index is none, and where.
    struct Malformed: Error {
        let offset: Int
        let reason: String
    }

    let version: UInt8
    let symbols: Int
    let seriesStart: Int
    let seriesEnd: Int
    /// Where the table that says where lists are is.
    let table: Int

    /// What offsets of series are divided by to refer to them.
    var seriesAlignment: Int { version == 1 ? 1 : BlockFormat.seriesAlignment }

    /// A line of the table: a label, and where the list of the series that have it is.
    struct Entry {
        let name: UnsafeBufferPointer<UInt8>
        let value: UnsafeBufferPointer<UInt8>
        let list: Int
        /// Where the line itself is.
        let offset: Int
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(Malformed) {
        guard bytes.count >= BlockFormat.indexHeaderBytes + BlockFormat.contentsBytes else { throw Malformed(offset: bytes.count, reason: "the file is shorter than an empty index") }
        let start = bytes.count - BlockFormat.contentsBytes
        let trailer = UnsafeBufferPointer(rebasing: bytes[start...])
        var header = ByteCursor(bytes)
        var cursor = ByteCursor(trailer)
        var sections: [Int] = []
        do {
            guard try header.readBigEndian(UInt32.self) == BlockFormat.indexMagic else { throw Malformed(offset: 0, reason: "its first bytes are another file's") }
            version = try header.readUInt8()
            guard BlockFormat.indexVersions.contains(version) else { throw Malformed(offset: 4, reason: "version \(version) is not one of 1 to 3") }
            for _ in 0..<6 {
                let section: UInt64 = try cursor.readBigEndian()
                guard section <= UInt64(start) else { throw Malformed(offset: start, reason: "the table of contents leads outside") }
                sections.append(Int(section))
            }
            guard try cursor.readBigEndian(UInt32.self) == CRC32C.checksum(UnsafeBufferPointer(rebasing: trailer[..<48])) else {
                throw Malformed(offset: start, reason: "the checksum of the table of contents is wrong")
            }
        } catch let error as Malformed { throw error } catch { throw Malformed(offset: start, reason: "\(error)") }
        // Symbols, series, label indexes, their table, postings, their table; label indexes are not read.
        (symbols, seriesStart, seriesEnd, table) = (sections[0], sections[1], sections[2] >= sections[1] && sections[2] > 0 ? sections[2] : sections[4], sections[5])
        guard symbols >= BlockFormat.indexHeaderBytes, symbols < seriesStart, seriesStart <= seriesEnd, table > 0 else {
            throw Malformed(offset: start, reason: "the sections are not in order")
        }
    }

    /// The content of a section that begins with its length and ends with its checksum.
    static func section(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int, _ what: String) throws(Malformed) -> UnsafeBufferPointer<UInt8> {
        guard offset >= 0, offset < bytes.count else { throw Malformed(offset: offset, reason: "\(what) is outside the file") }
        var cursor = ByteCursor(UnsafeBufferPointer(rebasing: bytes[offset...]))
        do {
            let content = try cursor.readBytes(Int(try cursor.readBigEndian(UInt32.self)))
            guard try cursor.readBigEndian(UInt32.self) == CRC32C.checksum(content) else { throw Malformed(offset: offset, reason: "the checksum of \(what) is wrong") }
            return content
        } catch let error as Malformed { throw error } catch { throw Malformed(offset: offset, reason: "\(what) is cut off: \(error)") }
    }

    /// Calls `body` with every line of the table of postings, as they stand.
    static func forEachEntry(_ bytes: UnsafeBufferPointer<UInt8>, _ table: Int, _ body: (Entry) throws(Malformed) -> Void) throws(Malformed) {
        let content = try section(bytes, table, "the table of postings")
        var cursor = ByteCursor(content)
        do {
            for _ in 0..<(try cursor.readBigEndian(UInt32.self)) { try body(try readEntry(&cursor, at: table + 4 + cursor.offset)) }
        } catch let error as Malformed { throw error } catch { throw Malformed(offset: table + 4 + cursor.offset, reason: "\(error)") }
    }

    static func readEntry(_ cursor: inout ByteCursor, at offset: Int) throws(ByteError) -> Entry {
        guard try cursor.readUvarint() == 2 else { throw .corruptCompression("index: an entry of postings has not two keys") }
        return Entry(name: try cursor.readUvarintBytes(), value: try cursor.readUvarintBytes(), list: Int(clamping: try cursor.readUvarint()), offset: offset)
    }
}

/// Sums up the table of postings, line by line, into labels by name.
struct LabelTable {
    /// Whether lines must come in the order of name and value.
    let isSorted: Bool
    /// Where the list of all series is.
    private(set) var all: Int?
    private var labels: [String: BlockIndex.Label] = [:]
    private var name = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private var value = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private var label = BlockIndex.Label()
    /// Where each line of a table in no order is.
    private var lines: [String: [IndexContents.Entry]] = [:]

    init(isSorted: Bool) { self.isSorted = isSorted }

    mutating func add(_ entry: IndexContents.Entry) throws(IndexContents.Malformed) {
        if entry.name.isEmpty {
            if entry.value.isEmpty { all = entry.list }
            return
        }
        guard isSorted else { return lines[String(decoding: entry.name, as: UTF8.self), default: []].append(entry) }
        let order = ByteComparison.compare(name, entry.name)
        guard order < 0 || (order == 0 && ByteComparison.compare(value, entry.value) < 0) else {
            throw IndexContents.Malformed(offset: entry.offset, reason: "an entry of postings is not behind the one before it")
        }
        if order < 0 { close() }
        (name, value) = (entry.name, entry.value)
        if label.count % label.stride == 0 { label.samples.append(entry.offset) }
        label.count += 1
    }

    private mutating func close() {
        if label.count > 0 { labels[String(decoding: name, as: UTF8.self)] = label }
        label = BlockIndex.Label()
    }

    /// The labels, while `bytes`, over which the lines were read, still live.
    consuming func finish(_ bytes: UnsafeBufferPointer<UInt8>) -> [String: BlockIndex.Label] {
        close()
        for (name, entries) in lines {
            let sorted = entries.sorted { ByteComparison.compare($0.value, $1.value) < 0 }
            labels[name] = BlockIndex.Label(samples: sorted.map(\.offset), stride: 1, count: sorted.count)
        }
        return labels
    }
}
