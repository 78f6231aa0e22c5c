import Bytes
import MetricModel
import Platform
import SegmentLog

extension Maintenance {
    /// Deletes the samples in `time` of the series that match: of each block at once or not at all, and of the head.
    func delete(_ matchers: [Matcher], _ time: ClosedRange<Int64>) throws(MetricStoreError) {
        try alone { () throws(MetricStoreError) in
            for block in blocks.overlapping(time) {
                var stones = block.tombstones
                for series in try block.index.match(matchers) {
                    let chunks = try block.chunks(series)
                    guard let first = chunks.first, let last = chunks.last, chunks.contains(where: { $0.minTime <= time.upperBound && $0.maxTime >= time.lowerBound }) else { continue }
                    // Not beyond what there is, so that samples that come later are not deleted.
                    stones.add(UInt64(series), max(time.lowerBound, first.minTime)...min(time.upperBound, last.maxTime))
                }
                if stones == block.tombstones { continue }
                do throws(PlatformError) { blocks.swap([block], for: [try block.deleting(disk, stones)]) } catch { throw MetricStoreError(error) }
            }
            try deleteInHead(matchers, time)
            try deleteOutOfOrder(matchers, time)
        }
    }

    private func deleteInHead(_ matchers: [Matcher], _ time: ClosedRange<Int64>) throws(MetricStoreError) {
        let stones = head.stones(matchers, time)
        guard !stones.isEmpty else { return }
        var records: [[UInt8]] = []
        var record = ByteWriter(capacity: 1024)
        for (index, stone) in stones.enumerated() {
            if record.count == 0 { LogRecord.beginTombstones(&record) }
            LogRecord.appendTombstone(stone.logReference, stone.time, to: &record)
            if record.count >= 1 << 20 || index == stones.count - 1 {
                records.append(record.array())
                record.removeAll()
            }
        }
        do throws(SegmentLogError) { try log.appendBlocking(records, .synced) } catch { throw MetricStoreError(error) }
        head.tombstones.withLock { tombstones in for stone in stones { tombstones.add(UInt64(stone.ordinal), stone.time) } }
    }

    /// Writes every block with deletions anew, without them.
    func cleanTombstones() throws(MetricStoreError) {
        try alone { () throws(MetricStoreError) in
            let start = clock.monotonicNanos
            try removeLeftovers()
            for block in blocks.all where !block.tombstones.isEmpty {
                let meta = BlockMeta(id: newBlockID(inPlaceOf: [block]), rewriting: block.meta)
                let written = try timed { () throws(MetricStoreError) in
                    try BlockMerge(disk: disk, directory: directory, blocks: [block], meta: meta, isCancelled: { self.isStopped }).run()
                }
                try replace([block], with: written)
            }
            state.withLock { $0.counts.tombstoneCleanups.observe(Double(clock.monotonicNanos - start) / 1e9) }
        }
    }

    /// Puts the blocks as they are, and the head as one more, if asked, into the folder `name` of `snapshots`.
    func snapshot(_ name: String, includingHead: Bool) throws(MetricStoreError) {
        try alone { () throws(MetricStoreError) in
            try Snapshot(disk: disk, directory: directory, blocks: blocks.all, head: includingHead ? head : nil).write(name, clock: clock)
        }
    }
}
