import Bytes
import MetricModel
import Platform

/// A block's index, mapped into memory (`tsdb/docs/format/index.md`, versions 1 to 3).
///
/// Checksums and the order of the tables are verified when it is opened, of a list or a series when it is read.
final class BlockIndex: Sendable {
    let path: String
    let map: MemoryMap
    let contents: IndexContents
    /// Where each symbol begins.
    private let symbolOffsets: [UInt32]
    /// By name; values in byte order.
    let labels: [String: Label]
    private let allPostings: Int

    /// One label's part of the table of postings: its values in byte order.
    struct Label: Sendable {
        /// Where every `stride`th entry is.
        var samples: [Int] = []
        var stride = BlockIndex.sampling
        var count = 0
    }

    static let sampling = 32

    init(_ disk: any FileSystem, _ path: String) throws(MetricStoreError) {
        let map: MemoryMap
        do throws(PlatformError) { map = try disk.map(path) } catch { throw MetricStoreError(error) }
        self.path = path
        do throws(IndexContents.Malformed) {
            contents = try IndexContents(map.bytes)
            symbolOffsets = try Self.symbols(map.bytes, contents)
            (labels, allPostings) = try Self.labels(map.bytes, contents)
        } catch {
            throw .corrupt(file: path, offset: error.offset, reason: error.reason)
        }
        self.map = map
    }

    private static func symbols(_ bytes: UnsafeBufferPointer<UInt8>, _ contents: IndexContents) throws(IndexContents.Malformed) -> [UInt32] {
        let content = try IndexContents.section(bytes, contents.symbols, "the table of symbols")
        let start = contents.symbols + 4
        var cursor = ByteCursor(content)
        do {
            let count = Int(try cursor.readBigEndian(UInt32.self))
            guard count <= content.count else { throw ByteError.truncated(offset: 0, needed: count) }
            var offsets: [UInt32] = []
            offsets.reserveCapacity(count)
            var previous = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
            for index in 0..<count {
                let at = start + cursor.offset
                // From the start of the file; a section of symbols ends below 4 GiB.
                offsets.append(UInt32(truncatingIfNeeded: at))
                let symbol = try cursor.readUvarintBytes()
                if index > 0, contents.version > 1, ByteComparison.compare(previous, symbol) >= 0 {
                    throw IndexContents.Malformed(offset: at, reason: "a symbol is not behind the one before it")
                }
                previous = symbol
            }
            return offsets
        } catch let error as IndexContents.Malformed { throw error } catch {
            throw IndexContents.Malformed(offset: start + cursor.offset, reason: "\(error)")
        }
    }

    private static func labels(_ bytes: UnsafeBufferPointer<UInt8>, _ contents: IndexContents) throws(IndexContents.Malformed) -> ([String: Label], all: Int) {
        var reading = LabelTable(isSorted: contents.version > 1)
        try IndexContents.forEachEntry(bytes, contents.table) { entry throws(IndexContents.Malformed) in try reading.add(entry) }
        guard let all = reading.all else { throw IndexContents.Malformed(offset: contents.table, reason: "the list of all series is missing") }
        return (reading.finish(bytes), all)
    }

    func corrupt(_ offset: Int, _ error: ByteError) -> MetricStoreError { .corrupt(file: path, offset: offset, reason: "\(error)") }
    func corrupt(_ offset: Int, _ reason: String) -> MetricStoreError { .corrupt(file: path, offset: offset, reason: reason) }

    /// Bytes of the file.
    var byteCount: Int { map.bytes.count }
    /// Bytes of memory that the symbols' places take.
    var symbolTableBytes: Int { symbolOffsets.count * 4 }

    // MARK: Values

    private func cursor(at offset: Int) -> ByteCursor { ByteCursor(UnsafeBufferPointer(rebasing: map.bytes[min(max(offset, 0), map.bytes.count)...])) }

    /// Calls `body` with every value of a label in byte order, until it answers false.
    func forEachValue(_ label: Label, _ body: (IndexContents.Entry) -> Bool) throws(MetricStoreError) {
        for (number, sample) in label.samples.enumerated() {
            var cursor = cursor(at: sample)
            do throws(ByteError) {
                for _ in 0..<min(label.stride, label.count - number * label.stride) { if !body(try IndexContents.readEntry(&cursor, at: sample)) { return } }
            } catch { throw corrupt(sample, error) }
        }
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
                if ByteComparison.compare(try IndexContents.readEntry(&cursor, at: 0).value, wanted) <= 0 { low = middle } else { high = middle }
            }
            guard low < label.samples.count else { return nil }
            var cursor = cursor(at: label.samples[low])
            for _ in 0..<min(label.stride, label.count - low * label.stride) {
                let entry = try IndexContents.readEntry(&cursor, at: 0)
                let order = ByteComparison.compare(entry.value, wanted)
                if order == 0 { return entry.list }
                if order > 0 { return nil }
            }
            return nil
        } catch { throw corrupt(label.samples.first ?? 0, error) }
    }

    // MARK: Postings

    var allSeriesOffset: Int { allPostings }

    /// How many series the list at `offset` says it has.
    func count(at offset: Int) -> Int {
        guard offset < map.bytes.count else { return 0 }
        var cursor = cursor(at: offset + 4)
        guard let count = try? cursor.readBigEndian(UInt32.self) else { return 0 }
        return min(Int(count), map.bytes.count / 4)
    }

    /// The list at `offset`: references in four bytes each, big endian, verified.
    func postings(at offset: Int) throws(MetricStoreError) -> UnsafeBufferPointer<UInt8> {
        do throws(IndexContents.Malformed) {
            let content = try IndexContents.section(map.bytes, offset, "a list of series")
            guard content.count >= 4, content.count == 4 + 4 * count(at: offset) else {
                throw IndexContents.Malformed(offset: offset, reason: "a list of series has another length than it says")
            }
            return UnsafeBufferPointer(rebasing: content[4...])
        } catch { throw corrupt(error.offset, error.reason) }
    }

    var seriesEnd: UInt32 { UInt32(clamping: contents.seriesEnd / contents.seriesAlignment + 1) }

    // MARK: Symbols and series

    /// Calls `body` with every symbol in turn, in byte order but in version 1.
    func forEachSymbol(_ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(MetricStoreError) {
        for offset in symbolOffsets {
            var cursor = cursor(at: Int(offset))
            do throws(ByteError) { body(try cursor.readUvarintBytes()) } catch { throw corrupt(Int(offset), error) }
        }
    }

    private func symbol(_ number: UInt64) throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        let offset: Int
        if contents.version == 1 {
            // There a symbol is referred to by where it stands.
            guard number > UInt64(contents.symbols), number < UInt64(contents.seriesStart) else { throw .truncated(offset: Int(clamping: number), needed: 1) }
            offset = Int(number)
        } else {
            guard number < UInt64(symbolOffsets.count) else { throw .corruptCompression("index: a series has a symbol that does not exist") }
            offset = Int(symbolOffsets[Int(number)])
        }
        var cursor = cursor(at: offset)
        return try cursor.readUvarintBytes()
    }

    /// Where a series stands in the file.
    func offset(of series: UInt32) -> Int { Int(series) * contents.seriesAlignment }

    /// The verified bytes of a series.
    private func content(_ series: UInt32) throws(ByteError) -> UnsafeBufferPointer<UInt8> {
        let offset = offset(of: series)
        guard offset >= contents.seriesStart, offset < contents.seriesEnd else { throw .corruptCompression("index: a list names a series that does not exist") }
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
            var previous = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
            for _ in 0..<count {
                let (name, value) = (try symbol(try cursor.readUvarint()), try symbol(try cursor.readUvarint()))
                guard ByteComparison.compare(previous, name) < 0 else { throw .corruptCompression("index: the labels of a series are not in order") }
                previous = name
                for text in [name, value] {
                    packed.appendUvarint(UInt64(text.count))
                    packed.append(text)
                }
            }
            return Labels(unchecked: packed.array())
        } catch { throw corrupt(offset(of: series), error) }
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
                    let begin = chunk.maxTime &+ Int64(bitPattern: try cursor.readUvarint())
                    guard begin >= chunk.maxTime else { throw .corruptCompression("index: a chunk begins before the one before it ends") }
                    chunk.minTime = begin
                    chunk.maxTime = chunk.minTime &+ Int64(bitPattern: try cursor.readUvarint())
                    chunk.reference = chunk.reference &+ UInt64(bitPattern: try cursor.readVarint())
                }
                guard chunk.minTime <= chunk.maxTime else { throw .corruptCompression("index: a chunk ends before it begins") }
                if !body(chunk) { return }
            }
        } catch { throw corrupt(offset(of: series), error) }
    }
}
