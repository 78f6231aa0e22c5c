import Platform
import SegmentLog

extension Maintenance {
    /// Gives what there is at this moment second names in the folder `target`, which is made: blocks, and both logs with all that was handed
    /// in so far. Samples may come meanwhile; nothing else changes.
    func link(into target: String) throws(MetricStoreError) {
        try alone { () throws(MetricStoreError) in
            let late = outOfOrderLog.current
            let (end, lateEnd): (Int, Int?)
            do throws(SegmentLogError) {
                // Late samples first: the record that names their series stands before them in the other log.
                lateEnd = try late?.cutSegmentBlocking()
                end = try log.cutSegmentBlocking()
            } catch { throw MetricStoreError(error) }
            do throws(PlatformError) {
                try disk.makeDirectory(target)
                for block in blocks.all { try block.link(disk, into: "\(target)/\(block.meta.id)") }
                if let late, let lateEnd { try late.directory.link(into: OutOfOrderLog.path(target), below: lateEnd) }
                try log.directory.link(into: "\(target)/wal", below: end)
            } catch { throw MetricStoreError(error) }
        }
    }
}

extension MetricStore {
    /// Gives everything that was acknowledged until now second names in the folder `target`, which is made and must be of the store's file
    /// system: a data directory of its own, with exemplars, metadata and what was deleted. Appending goes on; compaction waits.
    package func link(into target: String) async throws(MetricStoreError) {
        try await administer { maintenance throws(MetricStoreError) in try maintenance.link(into: target) }
    }
}

extension StoreInspection {
    /// As `MetricStore.link(into:)`, of a directory that no store runs on. The caller holds the directory. What is in `damage` is left out.
    package func link(into target: String) throws(MetricStoreError) {
        do throws(PlatformError) {
            try disk.makeDirectory(target)
            for block in blocks { try block.link(disk, into: "\(target)/\(block.meta.id)") }
            for (path, name) in [("\(directory)/wal", "\(target)/wal"), (OutOfOrderLog.path(directory), OutOfOrderLog.path(target))] where try disk.status(path) != nil {
                try SegmentDirectory(disk: disk, path: path).link(into: name)
            }
        } catch { throw MetricStoreError(error) }
    }
}
