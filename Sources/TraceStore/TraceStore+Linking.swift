import Platform
import SegmentLog

extension TraceStore {
    /// Gives everything that was acknowledged until now second names in the folder `target`, which is made and must be of the store's file
    /// system: a store of its own. Writing goes on; sealing waits.
    package func link(into target: String) async throws(TraceStoreError) {
        // The pool has one thread, on which segments are written and files are removed, too.
        try await pool.run { [self] () throws(TraceStoreError) in
            if state.withLock({ $0.isClosed }) { throw .closed }
            let end: Int
            do throws(SegmentLogError) { end = try log.cutSegmentBlocking() } catch { throw TraceStoreError(error) }
            try Self.link(log.directory, below: end, SegmentFolder(segmentDirectory, disk), into: target)
        }
    }

    /// As `link(into:)`, of the directory of a store that is closed. The caller holds it.
    package static func link(_ directory: String, into target: String, on disk: any FileSystem = Disk()) throws(TraceStoreError) {
        try link(SegmentDirectory(disk: disk, path: "\(directory)/wal"), below: .max, SegmentFolder("\(directory)/segments", disk), into: target)
    }

    private static func link(_ log: SegmentDirectory, below end: Int, _ segments: SegmentFolder, into target: String) throws(TraceStoreError) {
        try TraceStoreError.wrapping { () throws(PlatformError) in
            try log.link(into: "\(target)/wal", below: end)
            try segments.link(into: "\(target)/segments")
        }
    }
}
