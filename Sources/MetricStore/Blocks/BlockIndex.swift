import Bytes
import MetricModel
import Platform

/// A block's index, mapped into memory (`tsdb/docs/format/index.md`, version 2).
///
/// Checksums of the tables are verified when it is opened, of a list or a series when it is read.
final class BlockIndex: Sendable {
    let path: String
    private let map: MemoryMap
    private let seriesStart: Int
    private let seriesLimit: Int
    /// Where each symbol begins.
    private let symbolOffsets: [UInt32]
    /// By name, in byte order.
    let labels: [String: Label]
    private let allPostings: Int

    /// One label's part of the table of postings: its values in byte order.
    struct Label: Sendable {
        /// Where every 32nd entry is.
        var samples: [Int] = []
        var count = 0
        /// Behind the last entry.
        var end = 0
    }

    static let sampling = 32

    init(_ disk: any FileSystem, _ path: String) throws(MetricStoreError) {
        let map: MemoryMap
        do throws(PlatformError) { map = try disk.map(path) } catch { throw MetricStoreError(error) }
        self.path = path
        do throws(ByteError) {
            let contents = try Self.contents(map.bytes)
            symbolOffsets = try Self.symbols(map.bytes, contents.symbols)
            seriesStart = contents.series
            seriesLimit = contents.postings
            (labels, allPostings) = try Self.labels(map.bytes, contents.table)
        } catch {
            throw .corrupt(file: path, offset: 0, reason: "\(error)")
        }
        self.map = map
    }

    private static func contents(_ bytes: UnsafeBufferPointer<UInt8>) throws(ByteError) -> (symbols: Int, series: Int, postings: Int, table: Int) {
        var header = ByteCursor(bytes)
        guard try header.readBigEndian(UInt32.self) == BlockFormat.indexMagic else { throw .corruptCompression("index: its first bytes are another file's") }
        guard try header.readUInt8() == BlockFormat.indexVersion else { throw .corruptCompression("index of version 2") }
        guard bytes.count >= BlockFormat.indexHeaderBytes + BlockFormat.contentsBytes else { throw .truncated(offset: bytes.count, needed: BlockFormat.contentsBytes) }
        let trailer = UnsafeBufferPointer(rebasing: bytes[(bytes.count - BlockFormat.contentsBytes)...])
        var cursor = ByteCursor(trailer)
        var sections: [Int] = []
        for _ in 0..<6 {
            let section: UInt64 = try cursor.readBigEndian()
            guard section <= UInt64(bytes.count - BlockFormat.contentsBytes) else { throw .corruptCompression("index: its table of contents leads outside") }
            sections.append(Int(section))
        }
        guard try cursor.readBigEndian(UInt32.self) == CRC32C.checksum(UnsafeBufferPointer(rebasing: trailer[..<48])) else {
            throw .corruptCompression("index: the checksum of its table of contents is wrong")
        }
        return (sections[0], sections[1], sections[4], sections[5])
    }

    /// The content of a section that begins with its length and ends with its checksum.
    private static func section(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int, _ what: String) throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        guard offset >= 0, offset < bytes.count else { throw .truncated(offset: offset, needed: 4) }
        var cursor = ByteCursor(UnsafeBufferPointer(rebasing: bytes[offset...]))
        let content = try cursor.readBytes(Int(try cursor.readBigEndian(UInt32.self)))
        guard try cursor.readBigEndian(UInt32.self) == CRC32C.checksum(content) else { throw .corruptCompression("index: the checksum of \(what) is wrong") }
        return content
    }

    private static func symbols(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) throws(ByteError) -> [UInt32] {
        let content = try section(bytes, offset, "the symbols")
        var cursor = ByteCursor(content)
        let count = Int(try cursor.readBigEndian(UInt32.self))
        guard count <= content.count else { throw .truncated(offset: offset, needed: count) }
        var offsets: [UInt32] = []
        offsets.reserveCapacity(count)
        for _ in 0..<count {
            // From the start of the file; a section of symbols ends below 4 GiB.
            offsets.append(UInt32(truncatingIfNeeded: offset + 4 + cursor.offset))
            _ = try cursor.readUvarintBytes()
        }
        return offsets
    }

    private static func labels(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) throws(ByteError) -> ([String: Label], all: Int) {
        let content = try section(bytes, offset, "the table of postings")
        var cursor = ByteCursor(content)
        let count = Int(try cursor.readBigEndian(UInt32.self))
        var labels: [String: Label] = [:]
        var all = -1
        var name = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var label = Label()
        for _ in 0..<count {
            let at = offset + 4 + cursor.offset
            let entry = try readEntry(&cursor)
            if entry.name.isEmpty {
                if entry.value.isEmpty { all = entry.offset }
                continue
            }
            if !ByteComparison.isEqual(entry.name, name) {
                if label.count > 0 { labels[String(decoding: name, as: UTF8.self)] = label }
                name = entry.name
                label = Label()
            }
            if label.count % sampling == 0 { label.samples.append(at) }
            label.count += 1
            label.end = offset + 4 + cursor.offset
        }
        if label.count > 0 { labels[String(decoding: name, as: UTF8.self)] = label }
        guard all >= 0 else { throw .corruptCompression("index: the list of all series is missing") }
        return (labels, all)
    }

    struct Entry {
        let name: UnsafeBufferPointer<UInt8>
        let value: UnsafeBufferPointer<UInt8>
        /// Where the list is.
        let offset: Int
    }

    private static func readEntry(_ cursor: inout ByteCursor) throws(ByteError) -> Entry {
        guard try cursor.readUvarint() == 2 else { throw .corruptCompression("index: an entry of postings has not two keys") }
        return Entry(name: try cursor.readUvarintBytes(), value: try cursor.readUvarintBytes(), offset: Int(clamping: try cursor.readUvarint()))
    }

    private func corrupt(_ offset: Int, _ error: ByteError) -> MetricStoreError { .corrupt(file: path, offset: offset, reason: "\(error)") }

    /// Bytes of the file.
    var byteCount: Int { map.bytes.count }

    // MARK: Values

    private func cursor(at offset: Int) -> ByteCursor { ByteCursor(UnsafeBufferPointer(rebasing: map.bytes[min(max(offset, 0), map.bytes.count)...])) }

    /// Calls `body` with every value of a label in byte order, until it answers false.
    func forEachValue(_ label: Label, _ body: (Entry) -> Bool) throws(MetricStoreError) {
        guard let first = label.samples.first else { return }
        var cursor = cursor(at: first)
        do throws(ByteError) {
            for _ in 0..<label.count { if !body(try Self.readEntry(&cursor)) { return } }
        } catch { throw corrupt(first, error) }
    }

    /// Where the list of a value is, or nil when no series has it.
    func postings(_ label: Label, _ value: String) throws(MetricStoreError) -> Int? {
        var value = value
        let result: Result<Int?, MetricStoreError> = value.withUTF8 { wanted in
            do throws(MetricStoreError) { return .success(try postings(label, wanted)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func postings(_ label: Label, _ wanted: UnsafeBufferPointer<UInt8>) throws(MetricStoreError) -> Int? {
        do throws(ByteError) {
            var low = 0
            var high = label.samples.count
            // The last sample that is not behind the value.
            while low + 1 < high {
                let middle = (low + high) / 2
                var cursor = cursor(at: label.samples[middle])
                if ByteComparison.compare(try Self.readEntry(&cursor).value, wanted) <= 0 { low = middle } else { high = middle }
            }
            guard low < label.samples.count else { return nil }
            var cursor = cursor(at: label.samples[low])
            for _ in 0..<min(Self.sampling, label.count - low * Self.sampling) {
                let entry = try Self.readEntry(&cursor)
                let order = ByteComparison.compare(entry.value, wanted)
                if order == 0 { return entry.offset }
                if order > 0 { return nil }
            }
            return nil
        } catch { throw corrupt(label.samples.first ?? 0, error) }
    }

    // MARK: Postings

    var allSeriesOffset: Int { allPostings }

    /// How many series the list at `offset` says it has.
    func count(at offset: Int) -> Int {
        var cursor = cursor(at: offset + 4)
        guard let count = try? cursor.readBigEndian(UInt32.self) else { return 0 }
        return Int(count)
    }

    /// The list at `offset`: references in four bytes each, big endian, verified.
    func postings(at offset: Int) throws(MetricStoreError) -> UnsafeBufferPointer<UInt8> {
        do throws(ByteError) {
            let content = try Self.section(map.bytes, offset, "a list of series")
            var cursor = ByteCursor(content)
            let count = Int(try cursor.readBigEndian(UInt32.self))
            guard content.count == 4 + 4 * count else { throw .corruptCompression("index: a list of series has another length than it says") }
            return UnsafeBufferPointer(rebasing: content[4...])
        } catch { throw corrupt(offset, error) }
    }

    var seriesEnd: UInt32 { UInt32(clamping: seriesLimit / BlockFormat.seriesAlignment + 1) }

    // MARK: Series

    private func symbol(_ number: UInt64) throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        guard number < UInt64(symbolOffsets.count) else { throw .corruptCompression("index: a series has a symbol that does not exist") }
        var cursor = cursor(at: Int(symbolOffsets[Int(number)]))
        return try cursor.readUvarintBytes()
    }

    /// The verified bytes of a series.
    private func content(_ series: UInt32) throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        let offset = Int(series) * BlockFormat.seriesAlignment
        guard offset >= seriesStart, offset < seriesLimit else { throw .corruptCompression("index: a list names a series that does not exist") }
        var cursor = cursor(at: offset)
        let content = try cursor.readUvarintBytes()
        guard try cursor.readBigEndian(UInt32.self) == CRC32C.checksum(content) else { throw .corruptCompression("index: a series' checksum is wrong") }
        return content
    }

    /// The labels of a series.
    func labels(_ series: UInt32) throws(MetricStoreError) -> Labels {
        do throws(ByteError) {
            var cursor = ByteCursor(try content(series))
            let count = try cursor.readUvarint()
            var packed = ByteWriter(capacity: 256)
            for _ in 0..<count {
                for _ in 0..<2 {
                    let text = try symbol(try cursor.readUvarint())
                    packed.appendUvarint(UInt64(text.count))
                    packed.append(text)
                }
            }
            return Labels(unchecked: packed.array())
        } catch { throw corrupt(Int(series) * BlockFormat.seriesAlignment, error) }
    }

    /// Calls `body` with the chunks of a series in the order of time, until it answers false.
    func forEachChunk(_ series: UInt32, _ body: (ChunkReference) -> Bool) throws(MetricStoreError) {
        do throws(ByteError) {
            var cursor = ByteCursor(try content(series))
            for _ in 0..<(try cursor.readUvarint()) {
                _ = try cursor.readUvarint()
                _ = try cursor.readUvarint()
            }
            let count = try cursor.readUvarint()
            var chunk = ChunkReference(minTime: 0, maxTime: 0, reference: 0)
            for index in 0..<count {
                if index == 0 {
                    chunk.minTime = try cursor.readVarint()
                    chunk.maxTime = chunk.minTime &+ Int64(bitPattern: try cursor.readUvarint())
                    chunk.reference = try cursor.readUvarint()
                } else {
                    chunk.minTime = chunk.maxTime &+ Int64(bitPattern: try cursor.readUvarint())
                    chunk.maxTime = chunk.minTime &+ Int64(bitPattern: try cursor.readUvarint())
                    chunk.reference = chunk.reference &+ UInt64(bitPattern: try cursor.readVarint())
                }
                if !body(chunk) { return }
            }
        } catch { throw corrupt(Int(series) * BlockFormat.seriesAlignment, error) }
    }
}
