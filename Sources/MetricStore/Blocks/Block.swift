import MetricModel
import Platform

/// A block, opened for reading: samples of a range of time that do not change any more. Unlinked files stay readable while it lives.
final class Block: Sendable {
    let directory: String
    let meta: BlockMeta
    let index: BlockIndex
    private let segments: [ChunkSegment]
    let tombstones: Tombstones
    let byteCount: Int

    init(_ disk: any FileSystem, _ directory: String) throws(MetricStoreError) {
        self.directory = directory
        let names: [String]
        let (metaBytes, stoneBytes): ([UInt8]?, [UInt8]?)
        do throws(PlatformError) {
            metaBytes = try disk.contents("\(directory)/meta.json")
            stoneBytes = try disk.contents("\(directory)/tombstones")
            names = try disk.list("\(directory)/chunks").filter { $0.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } }
            byteCount = try disk.treeSize(directory)
        } catch { throw MetricStoreError(error) }
        guard let metaBytes else { throw .corrupt(file: "\(directory)/meta.json", offset: 0, reason: "the file is missing") }
        do throws(BlockMeta.Malformed) { meta = try BlockMeta(json: metaBytes) } catch {
            throw .corrupt(file: "\(directory)/meta.json", offset: 0, reason: error.reason)
        }
        do throws(Tombstones.Malformed) { tombstones = try stoneBytes.map { bytes throws(Tombstones.Malformed) in try Tombstones(file: bytes) } ?? Tombstones() } catch {
            throw .corrupt(file: "\(directory)/tombstones", offset: 0, reason: error.reason)
        }
        index = try BlockIndex(disk, "\(directory)/index")
        var segments: [ChunkSegment] = []
        for name in names { segments.append(try ChunkSegment(disk, "\(directory)/chunks/\(name)")) }
        self.segments = segments
    }

    /// The time that samples may have, both ends included.
    var time: ClosedRange<Int64> { meta.minTime ... max(meta.minTime, meta.maxTime - 1) }

    /// Whether a series has a chunk that meets `time`.
    func hasSamples(_ series: UInt32, _ time: ClosedRange<Int64>) throws(MetricStoreError) -> Bool {
        if time.lowerBound <= meta.minTime, time.upperBound >= meta.maxTime { return true }
        var isFound = false
        try index.forEachChunk(series) { chunk in
            isFound = chunk.minTime <= time.upperBound && chunk.maxTime >= time.lowerBound
            return !isFound && chunk.minTime <= time.upperBound
        }
        return isFound
    }

    /// Appends the samples of a series within `time`, deleted ones left out. Chunks of histograms are passed over.
    func read(_ series: UInt32, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        var chunks: [ChunkReference] = []
        try index.forEachChunk(series) { chunk in
            if chunk.maxTime >= time.lowerBound, chunk.minTime <= time.upperBound { chunks.append(chunk) }
            return chunk.minTime <= time.upperBound
        }
        let start = buffer.count
        for chunk in chunks {
            let (segment, offset) = (Int(chunk.reference >> 32), Int(chunk.reference & 0xFFFF_FFFF))
            guard segment < segments.count else {
                throw .corrupt(file: index.path, offset: Int(series) * BlockFormat.seriesAlignment, reason: "a chunk is said to be in segment \(segment + 1) of \(segments.count)")
            }
            let (encoding, bytes) = try segments[segment].chunk(at: offset)
            guard encoding == BlockFormat.ChunkEncoding.xor.rawValue else { continue }
            do throws(XORDecoder.Malformed) { try XORDecoder.decode(bytes, time, into: &buffer) } catch {
                throw .corrupt(file: segments[segment].path, offset: offset, reason: error.reason)
            }
        }
        Tombstones.filter(&buffer, from: start, tombstones.ranges(UInt64(series)))
    }
}
