import Bytes

/// Reads a page's columns back into rows.
///
/// The checksum has told that the page is as it was written; a page that breaks off or contradicts itself all the same throws.
struct PageReader {
    private let page: PageBytes
    private let traceCount: Int
    private let spanCount: Int
    private let stringCount: Int
    private let scopeCount: Int
    private let shapeCount: Int
    private let valueCount: Int
    private let columns: [UnsafeBufferPointer<UInt8>]
    let strings: StringEntries
    let scopes: [SpanScope]
    /// For each shape its attributes: key, tag, value column.
    private var shapes: [[(key: UInt32, tag: ValueTag, column: Int)]] = []

    init(_ page: PageBytes) throws(ByteError) {
        self.page = page
        var cursor = BlobCursor(page.bytes)
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(try cursor.count()) }
        (traceCount, spanCount, stringCount) = (counts[0], counts[1], counts[2])
        (scopeCount, shapeCount, valueCount) = (counts[3], counts[4], counts[5])
        var lengths: [Int] = []
        for _ in PageColumn.allCases { lengths.append(try cursor.count()) }
        var columns: [UnsafeBufferPointer<UInt8>] = []
        for length in lengths { columns.append(try cursor.cursor.readBytes(length)) }
        self.columns = columns

        var entries = StableVector<StringEntry>()
        var stringLengths = BlobCursor(columns[PageColumn.stringLengths.rawValue])
        var stringBytes = ByteCursor(columns[PageColumn.stringBytes.rawValue])
        for _ in 0..<stringCount {
            let bytes = try stringBytes.readBytes(Int(try stringLengths.number()))
            // An empty run may have no address; anywhere in the page does.
            guard let start = bytes.baseAddress ?? page.bytes.baseAddress else { throw .truncated(offset: 0, needed: 1) }
            entries.append(StringEntry(start: start, count: UInt32(bytes.count)))
        }
        strings = StringEntries(entries: entries.prefix)
        var scopeCursor = BlobCursor(columns[PageColumn.scopes.rawValue])
        var scopes: [SpanScope] = []
        for _ in 0..<scopeCount { scopes.append(try scopeCursor.scope(strings)) }
        self.scopes = scopes

        var shapeCursor = BlobCursor(columns[PageColumn.shapes.rawValue])
        var valueColumns: [UInt64: Int] = [:]
        for _ in 0..<shapeCount {
            var shape: [(key: UInt32, tag: ValueTag, column: Int)] = []
            for _ in 0..<(try shapeCursor.count()) {
                let key = try shapeCursor.number()
                let tag = try shapeCursor.tag()
                let identity = UInt64(key) << 8 | UInt64(tag.rawValue)
                let column = valueColumns[identity] ?? valueColumns.count
                valueColumns[identity] = column
                shape.append((key, tag, column))
            }
            shapes.append(shape)
        }
        guard valueColumns.count == valueCount else { throw .truncated(offset: 0, needed: 1) }
    }

    private func cursor(_ column: PageColumn) -> BlobCursor { BlobCursor(columns[column.rawValue]) }

    /// The numbers of `terms` among the page's strings. O(strings × terms), by length first.
    func numbers(of terms: [[UInt8]]) -> [UInt32?] {
        var numbers = [UInt32?](repeating: nil, count: terms.count)
        for (index, term) in terms.enumerated() {
            term.withUnsafeBufferPointer { term in
                for number in 0..<strings.count where ByteComparison.isEqual(strings.entries[number].bytes, term) {
                    numbers[index] = UInt32(number)
                    break
                }
            }
        }
        return numbers
    }

    /// The spans of some of the page's traces, which are told by their place in it.
    ///
    /// - Parameter keys: the ids of `traces`, in order.
    func spans(of traces: [Int], keys: [TraceKey]) throws(ByteError) -> SpanSet {
        var rows = StableVector<SpanRow>()
        var traceKeys = StableVector<TraceKey>()
        let arena = ByteArena()
        var scratch = ByteWriter(capacity: 1024)
        var traceSpans = cursor(.traceSpans)
        let spanIDs = columns[PageColumn.spanIDs.rawValue]
        guard spanIDs.count == spanCount * 8 else { throw .truncated(offset: 0, needed: 1) }
        var (parents, foreignParents) = (cursor(.parents), cursor(.foreignParents))
        var (starts, durations, names) = (cursor(.starts), cursor(.durations), cursor(.names))
        var (spanScopes, kinds, spanShapes) = (cursor(.spanScopes), cursor(.kinds), cursor(.spanShapes))
        var (extraMasks, extras) = (cursor(.extraMasks), cursor(.extras))
        var values: [BlobCursor] = []
        var valueRuns = cursor(.values)
        for _ in 0..<valueCount { values.append(BlobCursor(try valueRuns.cursor.readUvarintBytes())) }

        var (first, wanted) = (0, 0)
        var traceStart: UInt64 = 0
        for trace in 0..<traceCount {
            guard wanted < traces.count else { break }
            let count = Int(try traceSpans.number())
            guard count > 0, count <= spanCount - first else { throw .truncated(offset: 0, needed: 1) }
            let isWanted = traces[wanted] == trace
            if isWanted {
                traceKeys.append(keys[wanted])
                wanted += 1
            }
            var start: UInt64 = 0
            for place in 0..<count {
                if place == 0 {
                    traceStart &+= UInt64(bitPattern: try starts.cursor.readVarint())
                    start = traceStart
                } else {
                    start &+= try starts.cursor.readUvarint()
                }
                let parent = try parents.cursor.readUvarint()
                var parentID: UInt64 = 0
                switch parent {
                case 0: break
                case 1: parentID = try foreignParents.cursor.readLittleEndian()
                default:
                    guard parent - 2 < UInt64(count) else { throw .truncated(offset: 0, needed: 1) }
                    parentID = Self.word(spanIDs, first + Int(parent - 2))
                }
                let duration = try durations.cursor.readVarint()
                let (name, scope, kind) = (try names.number(), try spanScopes.number(), try kinds.cursor.readUInt8())
                let shape = Int(try spanShapes.number())
                let mask = SpanBlob.Extra(rawValue: try extraMasks.cursor.readUInt8())
                guard shape < shapes.count, Int(scope) < scopes.count else { throw .truncated(offset: 0, needed: 1) }
                guard isWanted else {
                    for attribute in shapes[shape] { try values[attribute.column].skipValue(attribute.tag) }
                    try extras.skipExtras(mask)
                    continue
                }
                scratch.removeAll()
                scratch.appendUvarint(UInt64(shapes[shape].count))
                for attribute in shapes[shape] {
                    scratch.appendUvarint(UInt64(attribute.key))
                    scratch.append(attribute.tag.rawValue)
                    try Self.copy(&values[attribute.column], into: &scratch) { (cursor) throws(ByteError) in try cursor.skipValue(attribute.tag) }
                }
                scratch.append(mask.rawValue)
                try Self.copy(&extras, into: &scratch) { (cursor) throws(ByteError) in try cursor.skipExtras(mask) }
                let blob = scratch.withBytes { arena.append($0) }
                guard let blobStart = blob.baseAddress else { throw .truncated(offset: 0, needed: 1) }
                rows.append(SpanRow(
                    spanID: Self.word(spanIDs, first + place), parentSpanID: parentID, startUnixNano: start,
                    endUnixNano: start &+ UInt64(bitPattern: duration), blobStart: blobStart, blobCount: UInt32(blob.count), name: name, scope: scope,
                    trace: UInt32(traceKeys.count - 1), previous: place == 0 ? 0 : UInt32(rows.count), kind: kind & 0xF, status: kind >> 4))
            }
            first += count
        }
        return SpanSet(
            rows: rows.prefix, strings: strings, scopes: scopes, scopeBlobs: StableVector<StringEntry>().prefix, traces: traceKeys.prefix, arenas: [arena],
            page: page)
    }

    /// Appends the bytes that `skip` passes over.
    private static func copy(_ cursor: inout BlobCursor, into out: inout ByteWriter, _ skip: (inout BlobCursor) throws(ByteError) -> Void) throws(ByteError) {
        let start = cursor.cursor.position
        try skip(&cursor)
        // SAFETY: both positions lie in the page, which outlives the cursor.
        out.append(UnsafeBufferPointer(start: start, count: cursor.cursor.position - start))
    }

    private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt64 {
        // SAFETY: callers have compared `index` with the column's length.
        UInt64(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
}
