import Bytes
import MetricModel
import Platform

/// Writes a block in a folder of its own, `ULID.tmp-for-creation`, and puts it in place whole (`tsdb/compact.go`).
struct BlockWriter: ~Copyable {
    private let disk: any FileSystem
    private let directory: String
    private let draft: String
    private var meta: BlockMeta
    private var chunks: ChunkWriter
    private var index: IndexWriter
    private var references: [ChunkReference] = []
    private var tombstones = Tombstones()

    /// - Parameters:
    ///   - directory: the store's.
    ///   - symbols: every string of the labels to come, in byte order and each once.
    init(_ disk: any FileSystem, directory: String, meta: BlockMeta, symbols: consuming StringTable, chunkSegmentBytesMax: Int = BlockFormat.chunkSegmentBytesMax) throws(MetricStoreError) {
        let draft = "\(directory)/\(meta.id)\(BlockFormat.creationSuffix)"
        let chunks = try Self.chunkWriter(disk, draft, segmentBytesMax: chunkSegmentBytesMax)
        let index = try Self.indexWriter(disk, draft, symbols)
        self.disk = disk
        self.directory = directory
        self.draft = draft
        self.meta = meta
        self.chunks = chunks
        self.index = index
    }

    private static func chunkWriter(_ disk: any FileSystem, _ draft: String, segmentBytesMax: Int) throws(MetricStoreError) -> ChunkWriter {
        do throws(PlatformError) {
            try disk.removeTree(draft)
            try disk.makeDirectory(draft)
            return try ChunkWriter(disk, "\(draft)/chunks", segmentBytesMax: segmentBytesMax)
        } catch { throw MetricStoreError(error) }
    }

    private static func indexWriter(_ disk: any FileSystem, _ draft: String, _ symbols: consuming StringTable) throws(MetricStoreError) -> IndexWriter {
        do throws(PlatformError) { return try IndexWriter(disk, "\(draft)/index", symbols: symbols) } catch { throw MetricStoreError(error) }
    }

    /// Adds a chunk of the series that `endSeries` will name. Chunks come in the order of time.
    mutating func add(_ chunk: UnsafeBufferPointer<UInt8>, encoding: UInt8, minTime: Int64, maxTime: Int64) throws(MetricStoreError) {
        do throws(PlatformError) {
            references.append(ChunkReference(minTime: minTime, maxTime: maxTime, reference: try chunks.add(chunk, encoding: encoding)))
        } catch { throw MetricStoreError(error) }
        let samples = BlockFormat.sampleCount(chunk, encoding)
        meta.chunkCount += 1
        meta.sampleCount += samples
        if BlockFormat.isHistogram(encoding) { meta.histogramSampleCount += samples } else { meta.floatSampleCount += samples }
    }

    /// The same for a chunk that was encoded here.
    mutating func add(_ chunk: EncodedChunk) throws(MetricStoreError) {
        try add(chunk.bytes, encoding: chunk.encoding.rawValue, minTime: chunk.minTime, maxTime: chunk.maxTime)
    }

    /// Names the series whose chunks were added; series come in `Labels` order. A series without chunks is left out.
    ///
    /// - Parameter deleted: where samples of its chunks do not count, because they could not be taken out of them.
    mutating func endSeries(_ labels: Labels, deleted: [ClosedRange<Int64>] = []) throws(MetricStoreError) {
        if references.isEmpty { return }
        let series: UInt32
        do throws(PlatformError) { series = try index.add(labels, references) } catch { throw MetricStoreError(error) }
        for range in deleted { tombstones.add(UInt64(series), range) }
        references.removeAll(keepingCapacity: true)
        meta.seriesCount += 1
    }

    /// Makes the block durable and visible; nil, and nothing left behind, when it has no sample.
    consuming func finish() throws(MetricStoreError) -> BlockMeta? {
        meta.tombstoneCount = tombstones.count
        let (disk, directory, draft, meta, tombstones) = (disk, directory, draft, meta, tombstones)
        do throws(PlatformError) {
            guard meta.sampleCount > 0 else {
                try disk.removeTree(draft)
                return nil
            }
            _ = try chunks.finish()
            _ = try index.finish()
            try disk.publish("\(draft)/tombstones", tombstones.encoded)
            try disk.publish("\(draft)/meta.json", meta.json)
            try disk.renameDurably(draft, to: "\(directory)/\(meta.id)")
        } catch { throw MetricStoreError(error) }
        return meta
    }

    /// Removes what was written.
    static func discard(_ disk: any FileSystem, directory: String, _ id: BlockID) {
        try? disk.removeTree("\(directory)/\(id)\(BlockFormat.creationSuffix)")
    }
}
