import Bytes
import Platform
import SegmentLog
import Synchronization

/// The log of out-of-order samples, `wbl` in Prometheus's data directory: made when the first may come, or found there.
///
/// A record of tombstones in it deletes what stands before it. Where there is none, as in what Prometheus writes, the tombstones of the
/// write-ahead log count for out-of-order samples, too. A tombstone of `beginningReference`, which no series has, says which segment is the
/// first: there is no checkpoint that would tell that segments are gone that should be there.
final class OutOfOrderLog: Sendable {
    let path: String
    private let disk: any FileSystem
    private let clock: any TimeSource
    private let options: SegmentLog.Options
    private struct State {
        var log: SegmentLog?
        /// The first segment that counts.
        var beginning = 0
        var size = LogSize()
    }
    private let state = Mutex(State())

    init(_ disk: any FileSystem, directory: String, options: SegmentLog.Options, clock: any TimeSource) {
        self.disk = disk
        self.clock = clock
        self.options = options
        path = Self.path(directory)
    }

    static func path(_ directory: String) -> String { "\(directory)/wbl" }

    /// Nil while no out-of-order sample may come and none has.
    var current: SegmentLog? { state.withLock { $0.log } }

    var byteCount: Int { state.withLock { state in state.log.map { state.size.bytes($0) } ?? 0 } }

    func measure() { state.withLock { state in if let log = state.log { state.size.measure(disk, log) } } }

    /// Whether the directory has one with something in it.
    func isFound() throws(PlatformError) -> Bool {
        guard try disk.status(path)?.isDirectory == true else { return false }
        return try disk.treeSize(path) > 0
    }

    /// Reads it back into the head and makes it ready for more. Blocks.
    func open(_ replay: inout HeadReplay, _ progress: (ReplayProgress) -> Void) throws(PlatformError) -> ReplayReport {
        var (log, report) = try SegmentLog.open(on: disk, path, options: options, clock: clock, progress: progress) { replay.applyOutOfOrder($0) }
        replay.finishOutOfOrder(log.directory, first: report.firstSegment, &report.damage)
        if !replay.logsDeletions { replay.head.tombstoneRecord().withUnsafeBufferPointer { _ = log.enqueue($0) } }
        let beginning = report.firstSegment ?? log.statistics.segment
        Self.beginningRecord(beginning).withUnsafeBufferPointer { _ = log.enqueue($0) }
        state.withLock { state in
            state.log = log
            state.beginning = beginning
        }
        measure()
        return report
    }

    /// Makes it, unless it is there. Blocks.
    func begin(_ head: Head) throws(PlatformError) {
        if current != nil { return }
        let (log, report) = try SegmentLog.open(on: disk, path, options: options, clock: clock) { _ in nil }
        let beginning = report.firstSegment ?? log.statistics.segment
        head.tombstoneRecord().withUnsafeBufferPointer { _ = log.enqueue($0) }
        Self.beginningRecord(beginning).withUnsafeBufferPointer { _ = log.enqueue($0) }
        let isFirst = state.withLock { state in
            if state.log != nil { return false }
            state.log = log
            state.beginning = beginning
            return true
        }
        if isFirst { measure() } else { log.close() }
    }

    /// Forgets the segments below `segment`, durably. Blocks.
    func begin(at segment: Int) throws(MetricStoreError) {
        guard let log = current else { return }
        // What says that they are to go, and that deletions are logged here, comes first.
        do throws(SegmentLogError) { try log.appendBlocking([Self.beginningRecord(segment)], .synced) } catch { throw MetricStoreError(error) }
        state.withLock { $0.beginning = segment }
        do throws(PlatformError) { try log.directory.removeSegments(below: segment) } catch { throw MetricStoreError(error) }
    }

    /// Has what was handed in forced to the disk. Blocks.
    func sync() throws(MetricStoreError) {
        let (log, beginning) = state.withLock { ($0.log, $0.beginning) }
        do throws(SegmentLogError) { try log?.appendBlocking([Self.beginningRecord(beginning)], .synced) } catch { throw MetricStoreError(error) }
    }

    func close() {
        let (log, beginning) = state.withLock { ($0.log, $0.beginning) }
        guard let log else { return }
        // Behind what was written there stands in a segment of its own where the log begins, so that it is seen when all of that is gone.
        if (try? log.cutSegmentBlocking()) != nil { try? log.appendBlocking([Self.beginningRecord(beginning)], .written) }
        log.close()
    }

    /// What a tombstone refers to that says with which segment the log begins.
    static let beginningReference: UInt64 = 0

    private static func beginningRecord(_ segment: Int) -> [UInt8] {
        var record = ByteWriter(capacity: 16)
        LogRecord.beginTombstones(&record)
        LogRecord.appendTombstone(beginningReference, Int64(segment)...Int64(segment), to: &record)
        return record.array()
    }
}

/// How large a log's directory was when it was last measured, and what was written since.
struct LogSize {
    private var measured = 0
    private var writtenBefore = 0

    func bytes(_ log: SegmentLog) -> Int { measured + log.statistics.bytes - writtenBefore }

    /// What cannot be measured keeps its old size.
    mutating func measure(_ disk: any FileSystem, _ log: SegmentLog) {
        let written = log.statistics.bytes
        guard let bytes = try? disk.treeSize(log.directory.path) else { return }
        measured = bytes
        writtenBefore = written
    }
}
