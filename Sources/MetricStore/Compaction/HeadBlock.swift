import MetricModel
import Platform

/// Writes a part of the head's time as a block.
struct HeadBlock {
    let disk: any FileSystem
    /// Where the block's folder goes.
    let directory: String
    let head: Head

    /// Nil, and nothing on the disk, when the head has nothing of `time`.
    func write(_ time: Range<Int64>, id: BlockID) throws(MetricStoreError) -> Block? {
        let meta = BlockMeta(id: id, minTime: time.lowerBound, maxTime: time.upperBound)
        let closed = time.lowerBound...(time.upperBound - 1)
        do throws(MetricStoreError) {
            let contents = head.blockContents()
            let series = contents.series
            var writer = try BlockWriter(disk, directory: directory, meta: meta, symbols: contents.symbols)
            let encoder = ChunkEncoder()
            try head.forEachSeries(series, closed) { series throws(MetricStoreError) in
                try series.forEachChunk(closed, encoder) { chunk throws(MetricStoreError) in try writer.add(chunk) }
                try writer.endSeries(series.labels)
            }
            guard let written = try writer.finish() else { return nil }
            return try Block(disk, "\(directory)/\(written.id)")
        } catch {
            BlockWriter.discard(disk, directory: directory, meta.id)
            throw error
        }
    }
}
