import Bytes
import MetricModel
import Platform

/// Writes what several blocks hold, less what is deleted in them, into one; series by series, whatever the blocks' size
/// (`tsdb/compact.go`, `PopulateBlock`).
struct BlockMerge {
    let disk: any FileSystem
    /// The store's.
    let directory: String
    /// Of samples at the same time the one of the first block stays.
    let blocks: [Block]
    let meta: BlockMeta
    var chunkSegmentBytesMax = BlockFormat.chunkSegmentBytesMax
    /// Asked now and then; when it answers true the work is thrown away.
    let isCancelled: () -> Bool

    /// How many series are written before `isCancelled` is asked again.
    private static let seriesPerLook = 256

    /// What stands in the place of the blocks afterwards, on the disk and not yet in any list; nil when nothing is left of them.
    func run() throws(MetricStoreError) -> Block? {
        do throws(MetricStoreError) {
            var writer = try BlockWriter(disk, directory: directory, meta: meta, symbols: try symbols(), chunkSegmentBytesMax: chunkSegmentBytesMax)
            var cursors: [Cursor] = []
            for block in blocks { cursors.append(try Cursor(block)) }
            let merge = SeriesMerge()
            var count = 0
            while let labels = cursors.compactMap(\.labels).min() {
                var parts: [SeriesMerge.Part] = []
                for index in cursors.indices where cursors[index].labels == labels {
                    parts.append(SeriesMerge.Part(block: cursors[index].block, series: cursors[index].series))
                    try cursors[index].advance()
                }
                let left = try merge.write(parts, to: &writer)
                try writer.endSeries(labels, deleted: left)
                count += 1
                if count % Self.seriesPerLook == 0, isCancelled() { throw MetricStoreError.closed }
            }
            guard let written = try writer.finish() else { return nil }
            return try Block(disk, "\(directory)/\(written.id)")
        } catch {
            BlockWriter.discard(disk, directory: directory, meta.id)
            throw error
        }
    }

    /// Every string of the labels, in byte order and each once.
    private func symbols() throws(MetricStoreError) -> StringTable {
        var table = StringTable()
        if let only = blocks.first, blocks.count == 1, only.index.contents.version > 1 {
            try only.index.forEachSymbol { _ = table.insert($0) }
            return table
        }
        var texts = StringTable()
        for block in blocks { try block.index.forEachSymbol { _ = texts.insert($0) } }
        let order = (0..<texts.count).sorted { ByteComparison.compare(texts.bytes($0), texts.bytes($1)) < 0 }
        for index in order { _ = table.insert(texts.bytes(index)) }
        return table
    }

    /// Where in a block's series the merge is.
    private struct Cursor {
        let block: Block
        private let order: [UInt32]
        private var at = -1
        /// Nil behind the last series.
        private(set) var labels: Labels?
        var series: UInt32 { order[at] }

        init(_ block: Block) throws(MetricStoreError) {
            self.block = block
            order = try block.index.allSeries()
            try advance()
        }

        mutating func advance() throws(MetricStoreError) {
            at += 1
            let previous = labels
            labels = at < order.count ? try block.index.labels(order[at]) : nil
            if let previous, let labels, !(previous < labels) {
                throw .corrupt(file: block.index.path, offset: block.index.offset(of: series), reason: "a series is not behind the one before it, by its labels")
            }
        }
    }
}
