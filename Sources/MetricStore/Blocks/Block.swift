import Bytes
import MetricModel
import Platform

/// A block, opened for reading: samples of a range of time that do not change any more. Unlinked files stay readable while it lives.
final class Block: Sendable {
    let directory: String
    let meta: BlockMeta
    let index: BlockIndex
    private let segments: [ChunkSegment]
    /// The bytes of each, which live as long.
    // SAFETY: mapped for reading, never written, and `segments` keeps them mapped.
    nonisolated(unsafe) private let contents: [UnsafeBufferPointer<UInt8>]
    let tombstones: Tombstones
    let byteCount: Int

    init(_ disk: any FileSystem, _ directory: String) throws(MetricStoreError) {
        let names: [String]
        let (metaBytes, stoneBytes): ([UInt8]?, [UInt8]?)
        do throws(PlatformError) {
            metaBytes = try disk.contents("\(directory)/meta.json")
            stoneBytes = try disk.contents("\(directory)/tombstones")
            names = try Self.segmentNames(disk, directory)
            byteCount = try disk.treeSize(directory)
        } catch { throw MetricStoreError(error) }
        guard let metaBytes else { throw .corrupt(file: "\(directory)/meta.json", offset: 0, reason: "the file is missing") }
        var meta: BlockMeta
        do throws(BlockMeta.Malformed) { meta = try BlockMeta(json: metaBytes) } catch {
            throw .corrupt(file: "\(directory)/meta.json", offset: 0, reason: error.reason)
        }
        do throws(Tombstones.Malformed) { tombstones = try stoneBytes.map { bytes throws(Tombstones.Malformed) in try Tombstones(file: bytes) } ?? Tombstones() } catch {
            throw .corrupt(file: "\(directory)/tombstones", offset: 0, reason: error.reason)
        }
        guard directory.hasSuffix("/\(meta.id)") else { throw .corrupt(file: "\(directory)/meta.json", offset: 0, reason: "it is that of block \(meta.id)") }
        // Without the file what is deleted would show up again.
        guard stoneBytes != nil || meta.tombstoneCount == 0 else {
            throw .corrupt(file: "\(directory)/tombstones", offset: 0, reason: "the file is missing; meta.json says that \(meta.tombstoneCount) ranges are deleted")
        }
        // The file counts; its number in `meta.json` is written behind it.
        meta.tombstoneCount = tombstones.count
        self.directory = directory
        self.meta = meta
        index = try BlockIndex(disk, "\(directory)/index")
        var segments: [ChunkSegment] = []
        for (number, name) in names.enumerated() {
            // A series refers to a segment by its place: one that is missing would put others in its place.
            guard name == BlockFormat.segmentName(number + 1) else {
                throw .corrupt(file: "\(directory)/chunks/\(BlockFormat.segmentName(number + 1))", offset: 0, reason: "the file is missing")
            }
            segments.append(try ChunkSegment(disk, "\(directory)/chunks/\(name)"))
        }
        self.segments = segments
        contents = segments.map(\.bytes)
    }

    /// The same block with other deletions.
    private init(_ block: Block, _ meta: BlockMeta, _ tombstones: Tombstones, byteCount: Int) {
        directory = block.directory
        self.meta = meta
        index = block.index
        segments = block.segments
        contents = block.contents
        self.tombstones = tombstones
        self.byteCount = byteCount
    }

    /// The names of a block's segments, as they follow each other.
    static func segmentNames(_ disk: any FileSystem, _ directory: String) throws(PlatformError) -> [String] {
        try disk.list("\(directory)/chunks").filter { $0.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } }
    }

    /// The time that samples may have, both ends included.
    var time: ClosedRange<Int64> { meta.minTime ... max(meta.minTime, meta.maxTime - 1) }

    /// Whether a block's samples came before those of another, as far as names tell.
    static func isOlder(_ left: Block, _ right: Block) -> Bool { left.meta.id.unixMillis < right.meta.id.unixMillis }

    // MARK: Deleting

    /// Writes down, durably, what is deleted from now on, and returns the block that knows it. This one goes on as it was.
    func deleting(_ disk: any FileSystem, _ tombstones: Tombstones) throws(PlatformError) -> Block {
        var meta = meta
        meta.tombstoneCount = tombstones.count
        // Tombstones first: they are what counts, so that after a crash in between nothing deleted shows up.
        try disk.publish("\(directory)/tombstones", tombstones.encoded)
        try disk.publish("\(directory)/meta.json", meta.json)
        return Block(self, meta, tombstones, byteCount: try disk.treeSize(directory))
    }

    /// Changes what `meta.json` says, durably, and returns the block that says so.
    func marking(_ disk: any FileSystem, _ change: (inout BlockMeta) -> Void) throws(PlatformError) -> Block {
        var meta = meta
        change(&meta)
        try disk.publish("\(directory)/meta.json", meta.json)
        return Block(self, meta, tombstones, byteCount: try disk.treeSize(directory))
    }

    // MARK: Copying

    /// Gives the block's files second names in the folder `target`, durably.
    func link(_ disk: any FileSystem, into target: String) throws(PlatformError) {
        try disk.makeDirectory("\(target)/chunks")
        for name in try Self.segmentNames(disk, directory) { try disk.link("\(directory)/chunks/\(name)", as: "\(target)/chunks/\(name)") }
        for name in ["meta.json", "index", "tombstones"] where try disk.status("\(directory)/\(name)") != nil {
            try disk.link("\(directory)/\(name)", as: "\(target)/\(name)")
        }
        try disk.syncDirectory("\(target)/chunks")
        try disk.syncDirectory(target)
    }

    // MARK: Reading

    /// Whether a series has a chunk that meets `time` and is not deleted whole.
    func hasSamples(_ series: UInt32, _ time: ClosedRange<Int64>) throws(MetricStoreError) -> Bool {
        let deleted = tombstones.ranges(UInt64(series))
        if deleted.isEmpty, time.lowerBound <= meta.minTime, time.upperBound >= meta.maxTime { return true }
        var isFound = false
        try index.forEachChunk(series) { chunk in
            isFound = chunk.minTime <= time.upperBound && chunk.maxTime >= time.lowerBound && !deleted.contains { $0.lowerBound <= chunk.minTime && $0.upperBound >= chunk.maxTime }
            return !isFound && chunk.minTime <= time.upperBound
        }
        return isFound
    }

    /// The chunks of a series that meet `time`, in the order of time.
    func chunks(_ series: UInt32, _ time: ClosedRange<Int64> = .min ... .max) throws(MetricStoreError) -> [ChunkReference] {
        var chunks: [ChunkReference] = []
        try index.forEachChunk(series) { chunk in
            if chunk.maxTime >= time.lowerBound, chunk.minTime <= time.upperBound { chunks.append(chunk) }
            return chunk.minTime <= time.upperBound
        }
        return chunks
    }

    /// A chunk's bytes, verified, and how they are encoded. Valid while the block lives.
    func chunk(_ reference: UInt64) throws(MetricStoreError) -> (encoding: UInt8, bytes: UnsafeBufferPointer<UInt8>) {
        let segment = Int(reference >> 32)
        guard segment < contents.count else {
            throw .corrupt(file: index.path, offset: 0, reason: "a chunk is said to be in segment \(segment + 1) of \(contents.count)")
        }
        let offset = Int(reference & 0xFFFF_FFFF)
        do throws(ByteError) { return try ChunkSegment.chunk(contents[segment], at: offset) } catch {
            throw .corrupt(file: segments[segment].path, offset: offset, reason: "\(error)")
        }
    }

    /// Where a chunk that was found stands.
    func place(_ reference: UInt64) -> (file: String, offset: Int) { (segments[Int(reference >> 32)].path, Int(reference & 0xFFFF_FFFF)) }

    /// Appends the samples of a series within `time`, deleted ones left out.
    func read(_ series: UInt32, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        let start = buffer.mark
        for reference in try chunks(series, time) {
            let (encoded, bytes) = try chunk(reference.reference)
            guard let encoding = BlockFormat.ChunkEncoding(rawValue: encoded) else {
                let (file, offset) = place(reference.reference)
                throw .unsupported(file: file, offset: offset, reason: "chunks of encoding \(encoded) cannot be read")
            }
            let behind = buffer.mark
            do throws(ChunkDecoder.Malformed) { try ChunkDecoder.decode(encoding, bytes, time, endsWithin: reference.maxTime <= time.upperBound, into: &buffer) } catch {
                let (file, offset) = place(reference.reference)
                throw .corrupt(file: file, offset: offset, reason: error.reason)
            }
            StoredSeries.merge(&buffer, start, behind)
        }
        Tombstones.filter(&buffer, from: start, tombstones.ranges(UInt64(series)))
    }
}
