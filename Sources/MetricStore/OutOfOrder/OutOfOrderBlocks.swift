import MetricModel
import Platform

/// Writes out-of-order samples as blocks, one for each block range that has any (`DB.compactOOO`).
struct OutOfOrderBlocks {
    let disk: any FileSystem
    /// Where the blocks' folders go.
    let directory: String
    let blockRangeMillis: Int64
    /// By labels.
    let parts: [Head.OutOfOrderPart]
    /// Asked now and then; when it answers true the work is thrown away.
    let isCancelled: () -> Bool

    /// How many series are written before `isCancelled` is asked again.
    private static let seriesPerLook = 256

    /// The blocks, all of them durable, in the order of time; when it throws there is none.
    func write(_ newID: () -> BlockID) throws(MetricStoreError) -> [Block] {
        var blocks: [Block] = []
        do throws(MetricStoreError) {
            for start in try starts() { if let block = try write(start, newID()) { blocks.append(block) } }
        } catch {
            for block in blocks { try? disk.removeTree(block.directory) }
            throw error
        }
        return blocks
    }

    /// Where the ranges begin that samples lie in, rising. Of the samples, not of their chunks: one chunk may reach over years.
    private func starts() throws(MetricStoreError) -> [Int64] {
        var starts: Set<Int64> = []
        do throws(ChunkDecoder.Malformed) {
            for part in parts {
                var last: Int64?
                try part.series.forEachTime { time in
                    let start = start(of: time)
                    if start != last { starts.insert(start) }
                    last = start
                }
            }
        } catch { throw .corrupt(file: "the head", offset: 0, reason: error.reason) }
        return starts.sorted()
    }

    private func start(of time: Int64) -> Int64 {
        let start = time / blockRangeMillis * blockRangeMillis
        return start > time ? start - blockRangeMillis : start
    }

    private func write(_ start: Int64, _ id: BlockID) throws(MetricStoreError) -> Block? {
        var meta = BlockMeta(id: id, minTime: start, maxTime: start + blockRangeMillis)
        meta.hints = [BlockMeta.outOfOrderHint]
        let time = start...(start + blockRangeMillis - 1)
        let members = parts.filter { $0.series.meets(time) }
        if members.isEmpty { return nil }
        do throws(MetricStoreError) {
            var writer = try BlockWriter(disk, directory: directory, meta: meta, symbols: StringTable(ofLabels: members.lazy.map(\.labels)))
            let encoder = ChunkEncoder()
            var buffer = SampleBuffer()
            for (number, member) in members.enumerated() {
                if number % Self.seriesPerLook == 0, isCancelled() { throw MetricStoreError.closed }
                buffer.removeAll()
                do throws(ChunkDecoder.Malformed) { try member.series.read(time, into: &buffer) } catch {
                    throw MetricStoreError.corrupt(file: "the head", offset: 0, reason: error.reason)
                }
                try encoder.encode(buffer) { chunk throws(MetricStoreError) in try writer.add(chunk) }
                try writer.endSeries(member.labels)
            }
            guard let written = try writer.finish() else { return nil }
            return try Block(disk, "\(directory)/\(written.id)")
        } catch {
            BlockWriter.discard(disk, directory: directory, meta.id)
            throw error
        }
    }
}
