import Platform
import SegmentLog
import Synchronization

/// The log of out-of-order samples, `wbl` in Prometheus's data directory: made when the first may come, or found there.
///
/// A record of tombstones in it deletes what stands before it. One that is empty says no more than that its writer logs deletions here;
/// where there is none, as in what Prometheus writes, the tombstones of the write-ahead log count for out-of-order samples, too.
final class OutOfOrderLog: Sendable {
    let path: String
    private let disk: any FileSystem
    private let clock: any TimeSource
    private let options: SegmentLog.Options
    private struct State {
        var log: SegmentLog?
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
        let (log, report) = try SegmentLog.open(on: disk, path, options: options, clock: clock, progress: progress) { replay.applyOutOfOrder($0) }
        replay.head.settleOutOfOrder(isOwn: replay.logsDeletions)
        if !replay.logsDeletions { replay.head.tombstoneRecord().withUnsafeBufferPointer { _ = log.enqueue($0) } }
        state.withLock { $0.log = log }
        measure()
        return report
    }

    /// Makes it, unless it is there. Blocks.
    func begin(_ head: Head) throws(PlatformError) {
        if current != nil { return }
        let (log, _) = try SegmentLog.open(on: disk, path, options: options, clock: clock) { _ in nil }
        head.tombstoneRecord().withUnsafeBufferPointer { _ = log.enqueue($0) }
        let isFirst = state.withLock { state in
            if state.log != nil { return false }
            state.log = log
            return true
        }
        if isFirst { measure() } else { log.close() }
    }

    func close() { current?.close() }
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
