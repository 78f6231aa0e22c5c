import Bytes
import MetricModel
import Platform
import SegmentLog

extension Maintenance {
    /// Makes blocks of all out-of-order samples, and forgets their log (`DB.compactOOOHead`).
    ///
    /// The blocks are durable and in the list before memory lets go of the samples, and the log goes last: after a crash in between
    /// samples are there twice, and read once.
    func compactOutOfOrder() throws(MetricStoreError) {
        guard let log = outOfOrderLog.current else { return }
        let segment: Int
        // What stands in the segments before it is in memory: it was kept under the lock under which it was handed in.
        do throws(SegmentLogError) { segment = try log.cutSegmentBlocking() } catch { throw MetricStoreError(error) }
        let parts = head.captureOutOfOrder(isSealing: true)
        if !parts.isEmpty {
            let written = try timed { () throws(MetricStoreError) in
                try OutOfOrderBlocks(disk: disk, directory: directory, blockRangeMillis: options.blockRangeMillis, parts: parts, isCancelled: { self.isStopped })
                    .write { newBlockID() }
            }
            for block in written { blocks.add(block) }
            head.removeOutOfOrder(parts)
            state.withLock { $0.counts.reloads += 1 }
        }
        try outOfOrderLog.begin(at: segment)
    }

    /// Deletes the out-of-order samples of the head.
    func deleteOutOfOrder(_ matchers: [Matcher], _ time: ClosedRange<Int64>) throws(MetricStoreError) {
        guard let log = outOfOrderLog.current, head.holdsOutOfOrder else { return }
        head.deleteOutOfOrder(matchers, time, log)
        // Behind what was handed in, so that that is on the disk when this is.
        try outOfOrderLog.sync()
    }

    /// A name behind those of all blocks.
    func newBlockID() -> BlockID { BlockID.new(clock, after: blocks.all) }

    /// The name of what stands in the place of others: where all their samples came out of order, no newer than they are.
    func newBlockID(inPlaceOf old: [Block]) -> BlockID {
        guard let newest = old.max(by: Block.isOlder), old.allSatisfy(\.meta.isOutOfOrder) else { return newBlockID() }
        return BlockID.new(inPlaceOf: newest.meta.id)
    }
}
