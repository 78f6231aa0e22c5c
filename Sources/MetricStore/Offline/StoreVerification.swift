import Bytes
import MetricModel
import Platform
import SegmentLog

/// Reads every byte of a data directory that has a checksum or an order, and tells what is wrong with it. Changes nothing.
package struct StoreVerification {
    /// Something that is not as it must be.
    package struct Problem: Equatable, Sendable, CustomStringConvertible {
        package let file: String
        package let offset: Int
        package let reason: String
        package var description: String { "\(file): byte \(offset): \(reason)" }
    }

    package private(set) var problems: [Problem] = []
    /// What was looked at.
    package private(set) var blockCount = 0
    package private(set) var seriesCount = 0
    package private(set) var chunkCount = 0
    package private(set) var sampleCount = 0
    package private(set) var recordCount = 0
    private let disk: any FileSystem

    /// Looks at all blocks and the logs of a directory. Throws when the directory itself cannot be read.
    package init(directory: String, disk: any FileSystem = Disk()) throws(MetricStoreError) {
        self.disk = disk
        do throws(PlatformError) {
            for name in try disk.list(directory) where BlockID(name) != nil { try verifyBlock("\(directory)/\(name)") }
            try verifyHeadChunks("\(directory)/chunks_head")
            try verifyLogs(directory)
        } catch { throw MetricStoreError(error) }
    }

    private mutating func note(_ file: String, _ offset: Int, _ reason: String) { problems.append(Problem(file: file, offset: offset, reason: reason)) }

    private mutating func note(_ error: MetricStoreError, _ file: String) {
        switch error {
        case .corrupt(let file, let offset, let reason), .unsupported(let file, let offset, let reason): note(file, offset, reason)
        case .io, .locked, .closed, .refused: note(file, 0, "\(error)")
        }
    }

    // MARK: Blocks

    private mutating func verifyBlock(_ path: String) throws(PlatformError) {
        blockCount += 1
        let before = problems.count
        // Segment by segment first, so that they are looked at even if the index is none.
        var chunks: Set<UInt64> = []
        if try disk.status("\(path)/chunks")?.isDirectory == true {
            for (number, name) in try Block.segmentNames(disk, path).enumerated() { try verifySegment("\(path)/chunks/\(name)", number, &chunks) }
        }
        let block: Block
        do throws(MetricStoreError) { block = try Block(disk, path) } catch {
            // A segment's beginning may be known for bad already.
            if problems.count == before { note(error, path) } else if case .corrupt(let file, _, _) = error, !problems[before...].contains(where: { $0.file == file }) { note(error, path) }
            return
        }
        do throws(MetricStoreError) { try verifySeries(block, chunks) } catch { note(error, path) }
        do throws(MetricStoreError) { try verifyPostings(block) } catch { note(error, path) }
    }

    private mutating func verifySegment(_ path: String, _ number: Int, _ chunks: inout Set<UInt64>) throws(PlatformError) {
        let map = try disk.map(path)
        guard map.bytes.count >= BlockFormat.chunksHeaderBytes else { return note(path, map.bytes.count, "the file is shorter than its header") }
        var cursor = ByteCursor(map.bytes)
        do throws(ByteError) {
            if try cursor.readBigEndian(UInt32.self) != BlockFormat.chunksMagic { return note(path, 0, "its first bytes are another file's") }
            if try cursor.readUInt8() != BlockFormat.chunksVersion { return note(path, 4, "its version is not 1") }
            try cursor.skip(3)
            while !cursor.isAtEnd {
                let start = cursor.offset
                let length = try cursor.readUvarint()
                guard length < UInt64(cursor.remaining) else { return note(path, start, "a chunk is cut off") }
                let content = try cursor.readBytes(Int(length) + 1)
                let isWhole = try cursor.readBigEndian(UInt32.self) == CRC32C.checksum(content)
                if isWhole { chunks.insert(UInt64(number) << 32 | UInt64(start)) } else { note(path, start, "the checksum of a chunk is wrong") }
            }
        } catch { note(path, cursor.offset, "\(error)") }
    }

    private mutating func verifySeries(_ block: Block, _ sound: Set<UInt64>) throws(MetricStoreError) {
        let (index, meta) = (block.index, block.meta)
        var previous: Labels?
        var counts = (series: 0, chunks: 0, samples: 0)
        var known: Set<UInt64> = []
        var areChunksSound = true
        for series in try index.allSeries() {
            counts.series += 1
            known.insert(UInt64(series))
            let offset = index.offset(of: series)
            let (labels, chunks): (Labels, [ChunkReference])
            do throws(MetricStoreError) { (labels, chunks) = (try index.labels(series), try block.chunks(series)) } catch {
                note(error, index.path)
                continue
            }
            if let previous, !(previous < labels) { note(index.path, offset, "the series \(labels) is not behind the one before it") }
            previous = labels
            if chunks.isEmpty { note(index.path, offset, "the series \(labels) has no chunk") }
            var end: Int64?
            for chunk in chunks {
                counts.chunks += 1
                if let end, chunk.minTime <= end { note(index.path, offset, "chunks of \(labels) overlap at \(chunk.minTime)") }
                end = chunk.maxTime
                if chunk.minTime < meta.minTime || chunk.maxTime >= meta.maxTime { note(index.path, offset, "a chunk of \(labels) is not within the block's time") }
                if sound.contains(chunk.reference) {
                    counts.samples += verifyChunk(block, chunk, labels)
                } else {
                    // One whose checksum is wrong is named already, where it stands.
                    areChunksSound = false
                    if (try? block.chunk(chunk.reference)) != nil || problems.isEmpty { note(index.path, offset, "a chunk of \(labels) leads into the middle of one") }
                }
            }
        }
        let path = "\(block.directory)/meta.json"
        if counts.series != meta.seriesCount { note(path, 0, "it says \(meta.seriesCount) series, there are \(counts.series)") }
        if counts.chunks != meta.chunkCount { note(path, 0, "it says \(meta.chunkCount) chunks, there are \(counts.chunks)") }
        if counts.samples != meta.sampleCount, areChunksSound { note(path, 0, "it says \(meta.sampleCount) samples, there are \(counts.samples)") }
        for series in block.tombstones.intervals.keys.sorted() where !known.contains(series) { note("\(block.directory)/tombstones", 0, "it deletes from series \(series), which does not exist") }
        seriesCount += counts.series
        chunkCount += counts.chunks
        sampleCount += counts.samples
    }

    /// Decodes a chunk, if it is of a kind that is known, and compares it with what the index says. Returns how many samples it has.
    private mutating func verifyChunk(_ block: Block, _ reference: ChunkReference, _ labels: Labels) -> Int {
        do throws(MetricStoreError) {
            let chunk = try block.chunk(reference.reference)
            let (file, offset) = block.place(reference.reference)
            let count = BlockFormat.sampleCount(chunk.bytes, chunk.encoding)
            guard let encoding = BlockFormat.ChunkEncoding(rawValue: chunk.encoding) else { return count }
            var buffer = SampleBuffer()
            do throws(ChunkDecoder.Malformed) { try ChunkDecoder.decode(encoding, chunk.bytes, .min ... .max, into: &buffer) } catch {
                note(file, offset, error.reason)
                return count
            }
            // A chunk holds samples of one kind.
            let first = buffer.count > 0 ? buffer.timestamps[0] : buffer.histograms.first?.timestamp
            let last = buffer.count > 0 ? buffer.timestamps[buffer.count - 1] : buffer.histograms.last?.timestamp
            if first != reference.minTime || last != reference.maxTime {
                note(file, offset, "the samples of \(labels) are of another time than the index says")
            }
            return count
        } catch {
            note(error, block.directory)
            return 0
        }
    }

    /// Whether the lists of series by label say the same as the series themselves.
    private mutating func verifyPostings(_ block: Block) throws(MetricStoreError) {
        let index = block.index
        /// For every series, the sum of its labels' hashes, and the same sum made from the lists.
        var wanted: [UInt32: UInt64] = [:]
        var found: [UInt32: UInt64] = [:]
        for series in try index.allSeries() {
            var sum: UInt64 = 0
            guard let labels = try? index.labels(series) else { continue }
            labels.forEachBytes { sum &+= Self.hash($0, $1) }
            wanted[series] = sum
        }
        for (name, label) in index.labels.sorted(by: { $0.key < $1.key }) {
            var name = name
            var lists: [(list: Int, hash: UInt64)] = []
            try index.forEachValue(label) { entry in
                lists.append((entry.list, name.withUTF8 { Self.hash($0, entry.value) }))
                return true
            }
            for (list, hash) in lists {
                do throws(MetricStoreError) { try index.forEach(list) { found[$0, default: 0] &+= hash } } catch { note(error, index.path) }
            }
        }
        if wanted == found { return }
        for series in Set(wanted.keys).union(found.keys).sorted() where wanted[series] != found[series] {
            note(index.path, index.offset(of: series), "the lists of series by label say other labels of a series than it has itself")
            if problems.count > 10_000 { return }
        }
    }

    private static func hash(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> UInt64 {
        ByteHash.hash(name) &* 0x9E37_79B9_7F4A_7C15 ^ ByteHash.hash(value)
    }

    // MARK: The head

    private mutating func verifyHeadChunks(_ path: String) throws(PlatformError) {
        let numbers = try HeadChunkLog.numbers(disk, path)
        for (place, number) in numbers.enumerated() {
            let file = "\(path)/\(BlockFormat.segmentName(number))"
            if place > 0, number != numbers[place - 1] + 1 { note(file, 0, "the file before it is missing") }
            if place == numbers.count - 1, try HeadChunkFile.isBarelyBegun(disk, file) { break }
            if let damage = try HeadChunkFile.read(disk, file, { _ in nil }) { note(file, damage.offset, damage.reason) }
        }
    }

    // MARK: The logs

    private mutating func verifyLogs(_ directory: String) throws(PlatformError) {
        let head = Head(blockRangeMillis: MetricStore.Options().blockRangeMillis, seriesMax: 0)
        let findings = try LogInspection(disk: disk, directory: directory).read(into: head)
        recordCount = findings.records
        for damage in findings.damage { note(damage.file, damage.offset, damage.reason) }
    }
}
