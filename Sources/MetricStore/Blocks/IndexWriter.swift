import Bytes
import MetricModel
import Platform

/// Writes a block's index, version 2 (`tsdb/index/index.go`): symbols, then series in the order of their labels, then postings.
struct IndexWriter: ~Copyable {
    private var writer: BlockFileWriter
    private let symbols: StringTable
    private let symbolsStart: Int
    private let seriesStart: Int
    private var seriesReferences: [UInt32] = []
    /// Every pair of name and value that occurs, by its number.
    private var pairs: [(name: UInt32, value: UInt32)] = []
    private var pairNumbers: [UInt64: UInt32] = [:]
    /// For every series in turn the numbers of its pairs, and how many they are.
    private var pairsOfSeries: [UInt32] = []
    private var pairCounts: [UInt16] = []
    private var entry = ByteWriter(capacity: 4096)

    /// `symbols` holds every string of the series to come, in byte order and each once.
    init(_ disk: any FileSystem, _ path: String, symbols: consuming StringTable) throws(PlatformError) {
        var writer = try BlockFileWriter(disk, path)
        writer.out.appendBigEndian(BlockFormat.indexMagic)
        writer.out.append(BlockFormat.indexVersion)
        symbolsStart = writer.position
        var table = ByteWriter(capacity: 1 << 16)
        table.appendBigEndian(UInt32(symbols.count))
        for index in 0..<symbols.count {
            let text = symbols.bytes(index)
            table.appendUvarint(UInt64(text.count))
            table.append(text)
        }
        writer.out.appendBigEndian(UInt32(table.count))
        table.withBytes { writer.out.append($0) }
        writer.out.appendBigEndian(table.withBytes { CRC32C.checksum($0) })
        seriesStart = writer.position
        self.writer = writer
        self.symbols = symbols
    }

    /// Adds a series behind all that came before it in `Labels` order, and returns its number. Its chunks are in the order of time.
    mutating func add(_ labels: Labels, _ chunks: [ChunkReference]) throws(PlatformError) -> UInt32 {
        writer.align(BlockFormat.seriesAlignment)
        // 64 GiB is what four bytes can name in steps of 16.
        guard let reference = UInt32(exactly: writer.position / BlockFormat.seriesAlignment) else {
            throw .io(path: "index", operation: "write", code: 27)
        }
        seriesReferences.append(reference)
        entry.removeAll()
        let count = labels.count
        entry.appendUvarint(UInt64(count))
        pairCounts.append(UInt16(clamping: count))
        labels.forEachBytes { name, value in
            guard let name = symbols.find(name), let value = symbols.find(value) else { preconditionFailure("a series has a label that is no symbol") }
            entry.appendUvarint(UInt64(name))
            entry.appendUvarint(UInt64(value))
            pairsOfSeries.append(number(UInt32(name), UInt32(value)))
        }
        entry.appendUvarint(UInt64(chunks.count))
        var previous: ChunkReference?
        for chunk in chunks {
            if let previous {
                entry.appendUvarint(UInt64(bitPattern: chunk.minTime &- previous.maxTime))
                entry.appendUvarint(UInt64(bitPattern: chunk.maxTime &- chunk.minTime))
                entry.appendVarint(Int64(bitPattern: chunk.reference &- previous.reference))
            } else {
                entry.appendVarint(chunk.minTime)
                entry.appendUvarint(UInt64(bitPattern: chunk.maxTime &- chunk.minTime))
                entry.appendUvarint(chunk.reference)
            }
            previous = chunk
        }
        writer.out.appendUvarint(UInt64(entry.count))
        entry.withBytes { writer.out.append($0) }
        writer.out.appendBigEndian(entry.withBytes { CRC32C.checksum($0) })
        try writer.flushIfFull()
        return reference
    }

    private mutating func number(_ name: UInt32, _ value: UInt32) -> UInt32 {
        let key = UInt64(name) << 32 | UInt64(value)
        if let known = pairNumbers[key] { return known }
        let number = UInt32(pairs.count)
        pairNumbers[key] = number
        pairs.append((name, value))
        return number
    }

    /// Writes the postings and the table of contents. Returns the file's size.
    consuming func finish() throws(PlatformError) -> Int {
        let labelIndices = writer.position
        writer.align(4)
        let postingsStart = writer.position
        let all = seriesReferences
        var offsets: [(pair: Int?, offset: Int)] = [(nil, writer.position)]
        try appendPostings(all[...])
        let (starts, sorted) = seriesByPair()
        // Symbols are in order, so ordering their numbers orders the strings.
        for pair in pairs.indices.sorted(by: { (pairs[$0].name, pairs[$0].value) < (pairs[$1].name, pairs[$1].value) }) {
            writer.align(4)
            offsets.append((pair, writer.position))
            try appendPostings(sorted[starts[pair]..<starts[pair + 1]])
        }
        let table = writer.position
        try appendOffsets(offsets)
        let contents = writer.out.count
        for section in [symbolsStart, seriesStart, labelIndices, table, postingsStart, table] { writer.out.appendBigEndian(UInt64(section)) }
        writer.appendChecksum(from: contents)
        return try writer.finish()
    }

    /// The references of the series of every pair, one run after the other, and where each run starts.
    private func seriesByPair() -> (starts: [Int], references: [UInt32]) {
        var starts = [Int](repeating: 0, count: pairs.count + 1)
        for pair in pairsOfSeries { starts[Int(pair) + 1] += 1 }
        for pair in pairs.indices { starts[pair + 1] += starts[pair] }
        var next = starts
        var references = [UInt32](repeating: 0, count: pairsOfSeries.count)
        var at = 0
        for (series, count) in pairCounts.enumerated() {
            for _ in 0..<count {
                let pair = Int(pairsOfSeries[at])
                references[next[pair]] = seriesReferences[series]
                next[pair] += 1
                at += 1
            }
        }
        return (starts, references)
    }

    private mutating func appendPostings(_ references: ArraySlice<UInt32>) throws(PlatformError) {
        writer.out.appendBigEndian(UInt32(4 + 4 * references.count))
        let start = writer.out.count
        writer.out.appendBigEndian(UInt32(references.count))
        for reference in references { writer.out.appendBigEndian(reference) }
        writer.appendChecksum(from: start)
        try writer.flushIfFull()
    }

    /// The table that says where the postings of each pair are; the pair of two empty strings has all series.
    private mutating func appendOffsets(_ offsets: [(pair: Int?, offset: Int)]) throws(PlatformError) {
        var table = ByteWriter(capacity: 1 << 16)
        table.appendBigEndian(UInt32(offsets.count))
        for (pair, offset) in offsets {
            table.appendUvarint(2)
            for symbol in pair.map({ [pairs[$0].name, pairs[$0].value] }) ?? [] {
                let text = symbols.bytes(Int(symbol))
                table.appendUvarint(UInt64(text.count))
                table.append(text)
            }
            if pair == nil {
                table.appendUvarint(0)
                table.appendUvarint(0)
            }
            table.appendUvarint(UInt64(offset))
        }
        guard let length = UInt32(exactly: table.count) else { throw .io(path: "index", operation: "write", code: 27) }
        writer.out.appendBigEndian(length)
        table.withBytes { writer.out.append($0) }
        writer.out.appendBigEndian(table.withBytes { CRC32C.checksum($0) })
        try writer.flushIfFull()
    }
}
