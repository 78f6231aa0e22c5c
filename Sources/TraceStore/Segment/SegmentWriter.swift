import Bytes
import Platform
import TraceModel

/// Writes a generation's spans as a segment file.
///
/// Pages go to the file as they fill; indexes are gathered meanwhile and follow. The file counts only once it is renamed, so one that
/// was interrupted leaves a draft that the next start removes.
struct SegmentWriter: ~Copyable {
    /// A page ends with the trace that brings it so far.
    private static let pageSpans = 2048
    private static let zstdLevel: Int32 = 3

    private let set: SpanSet
    private let file: any OpenFile
    private var offset = 0
    private var page: PageWriter
    private var pageFirstTrace = 0
    private var indexes: SegmentIndexes
    private var pageSection = ByteWriter()
    private var filterSection = ByteWriter()

    /// Writes the file and puts it in place, durably.
    ///
    /// - Parameter operations: of each service.
    static func write(
        _ set: SpanSet, operations: [String: Set<TraceOperation>], generation: UInt64, sealedUnixMillis: Int64, to path: String, on disk: any FileSystem
    ) throws(TraceStoreError) {
        let draft = path + ".tmp"
        do throws(TraceStoreError) {
            let file = try TraceStoreError.wrapping { () throws(PlatformError) in try disk.open(draft, .create) }
            defer { file.close() }
            var writer = SegmentWriter(set, file, try indexes(set))
            try writer.append(SegmentFormat.header)
            try writer.writeTraces()
            var footer = SegmentFooter()
            footer.generation = generation
            footer.sealedUnixMillis = sealedUnixMillis
            try writer.finish(footer, operations)
            try TraceStoreError.wrapping { () throws(PlatformError) in
                try file.sync()
                try disk.rename(draft, to: path)
                try disk.syncDirectory(Disk.parent(path))
            }
        } catch {
            try? disk.removeFile(draft)
            throw error
        }
    }

    private init(_ set: SpanSet, _ file: any OpenFile, _ indexes: consuming SegmentIndexes) {
        self.set = set
        self.file = file
        self.indexes = indexes
        page = PageWriter(set)
    }

    private static func indexes(_ set: SpanSet) throws(TraceStoreError) -> SegmentIndexes {
        do throws(ByteError) { return try SegmentIndexes(set) } catch { throw .memory(error) }
    }

    private mutating func append(_ bytes: [UInt8]) throws(TraceStoreError) {
        let file = file
        try TraceStoreError.wrapping { () throws(PlatformError) in try file.append(bytes) }
        offset += bytes.count
    }

    /// Every trace by id, its spans by start.
    private mutating func writeTraces() throws(TraceStoreError) {
        let order = (0..<set.traces.count).sorted { set.traces[$0] < set.traces[$1] }
        var last = [Int](repeating: -1, count: set.traces.count)
        for row in 0..<set.rows.count { last[Int(set.rows[row].trace)] = row }
        var rows: [SpanRow] = []
        for trace in order {
            rows.removeAll(keepingCapacity: true)
            var next = last[trace]
            while next >= 0 {
                rows.append(set.rows[next])
                next = Int(set.rows[next].previous) - 1
            }
            rows.reverse()
            Self.sort(&rows)
            do throws(ByteError) {
                try page.add(rows)
                try indexes.add(set.traces[trace], rows)
            } catch {
                throw .memory(error)
            }
            if page.spanCount >= Self.pageSpans { try endPage() }
        }
        if page.traceCount > 0 { try endPage() }
    }

    /// By start and id; of equal spans the order of arrival stays.
    private static func sort(_ rows: inout [SpanRow]) {
        func precedes(_ a: SpanRow, _ b: SpanRow) -> Bool { (a.startUnixNano, a.spanID) < (b.startUnixNano, b.spanID) }
        guard zip(rows, rows.dropFirst()).contains(where: { precedes($1, $0) }) else { return }
        rows = rows.enumerated().sorted { a, b in
            precedes(a.element, b.element) || !precedes(b.element, a.element) && a.offset < b.offset
        }.map(\.element)
    }

    private mutating func endPage() throws(TraceStoreError) {
        var full = PageWriter(set)
        swap(&full, &page)
        let traceCount = full.traceCount
        let raw = full.finish()
        let compressed = Compression.zstd.compress(raw, level: Self.zstdLevel)
        let filter = indexes.endPage()
        PageEntry(
            offset: offset, compressedBytes: compressed.count, rawBytes: raw.count, checksum: CRC32C.checksum(compressed), traceCount: traceCount,
            firstTrace: pageFirstTrace, filterOffset: filterSection.count / 8, filterWords: filter.count
        ).write(into: &pageSection)
        for word in filter { filterSection.appendLittleEndian(word) }
        pageFirstTrace += traceCount
        try append(compressed)
    }

    /// Writes the indexes and the footer behind the pages.
    private consuming func finish(_ footer: SegmentFooter, _ operations: [String: Set<TraceOperation>]) throws(TraceStoreError) {
        var footer = footer
        footer.spanCount = set.rows.count
        footer.traceCount = indexes.traceCount
        (footer.startUnixNano, footer.lastStartUnixNano) = (indexes.startUnixNano, indexes.lastStartUnixNano)
        footer.keysAreComplete = indexes.keysAreComplete
        var dependencies = DependencyCounts()
        dependencies.add(set)
        var sections = indexes.sections(operations, dependencies)
        sections[.pages] = pageSection.array()
        sections[.filters] = filterSection.array()
        var at = offset
        for section in SegmentSection.allCases {
            let bytes = sections[section] ?? []
            footer.sections[section.rawValue] = SegmentFooter.Extent(offset: at, count: bytes.count, checksum: CRC32C.checksum(bytes))
            try Self.append(bytes, to: file)
            at += bytes.count
        }
        var out = ByteWriter()
        footer.write(into: &out)
        let (count, checksum) = (UInt32(out.count), out.withBytes { CRC32C.checksum($0) })
        out.appendLittleEndian(count)
        out.appendLittleEndian(checksum)
        out.append(SegmentFormat.trailer)
        try Self.append(out.array(), to: file)
    }

    private static func append(_ bytes: [UInt8], to file: any OpenFile) throws(TraceStoreError) {
        try TraceStoreError.wrapping { () throws(PlatformError) in try file.append(bytes) }
    }
}

extension TraceStoreError {
    /// Spans in memory contradict themselves.
    static func memory(_ error: ByteError) -> TraceStoreError { .corrupt(file: "memory", offset: 0, reason: "\(error)") }
}
