import MetricModel
import Platform
import SegmentLog
import Synchronization

/// Keeps the store bounded: makes blocks of the head and larger blocks of small ones, shortens the log, deletes what is past the
/// retention or asked to be deleted. One thing at a time.
final class Maintenance: Sendable {
    /// What happened so far, for metrics.
    struct Counts: Sendable {
        /// Times that blocks were made, of the head or of other blocks.
        var compactions = 0
        var compactionsFailed = 0
        /// Runs, each of which may compact anything from nothing to much.
        var runs = 0
        var verticalCompactions = 0
        var compactionSeconds = DurationHistogram(from: 1, factor: 2, count: 14)
        var isWritingBlock = false
        /// Times that blocks were past the retention, by time and by size.
        var timeRetentions = 0
        var sizeRetentions = 0
        var tombstoneCleanups = DurationHistogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
        /// Times that the list of blocks was changed, and that what is gone could not be removed.
        var reloads = 0
        var reloadsFailed = 0
        var checkpoints = 0
        var checkpointsFailed = 0
    }

    struct State {
        var counts = Counts()
        /// Series that are gone, and the time until which the log may still have samples of them.
        var departed: [UInt64: Int64] = [:]
        var logSize = LogSize()
    }

    let head: Head
    let blocks: BlockSet
    let log: SegmentLog
    let outOfOrderLog: OutOfOrderLog
    let headChunks: HeadChunkLog
    let disk: any FileSystem
    let directory: String
    let options: MetricStore.Options
    let clock: any TimeSource
    let plan: CompactionPlan
    let state = Mutex(State())
    /// Held during a run.
    private let running = Mutex(())
    /// Whether a long piece of work is to be thrown away, because the store closes.
    private let isStopping = Atomic(false)

    init(
        head: Head, blocks: BlockSet, log: SegmentLog, outOfOrderLog: OutOfOrderLog, headChunks: HeadChunkLog, disk: any FileSystem, directory: String,
        options: MetricStore.Options, clock: any TimeSource
    ) {
        self.head = head
        self.blocks = blocks
        self.log = log
        self.outOfOrderLog = outOfOrderLog
        self.headChunks = headChunks
        self.disk = disk
        self.directory = directory
        self.options = options
        self.clock = clock
        let longest = options.blockMillisMax ?? CompactionPlan.blockMillisMax(retentionMillis: options.retentionMillis, blockRangeMillis: options.blockRangeMillis)
        plan = CompactionPlan(blockRangeMillis: options.blockRangeMillis, maxMillis: longest)
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// Bytes of the log's directory: as measured in the last run, and what was written since.
    var logBytes: Int { state.withLock { $0.logSize.bytes(log) } }

    /// Keeps records of series in the log until there can be no sample that names them so.
    func keepSeries(_ references: [UInt64]) {
        let time = head.maxTime.load(ordering: .relaxed)
        state.withLock { state in for reference in references { state.departed[reference] = time } }
    }

    /// Measures the logs' directories.
    func measureLog() {
        state.withLock { $0.logSize.measure(disk, log) }
        outOfOrderLog.measure()
    }

    /// Has what runs end soon, and refuses what comes later.
    func stop() { isStopping.store(true, ordering: .relaxed) }

    var isStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// Does what there is to do. Blocks. What fails is told, counted, and tried again the next time; nothing is half done.
    func run() throws(MetricStoreError) {
        try alone { () throws(MetricStoreError) in
            defer { measureLog() }
            state.withLock { $0.counts.runs += 1 }
            do throws(MetricStoreError) {
                try removeLeftovers()
                try compactHeadWhole()
                if head.isOutOfOrderDue { try compactOutOfOrder() }
                try expire()
                while let choice = plan.choose(blocks.all.map(\.meta)) {
                    guard try compact(choice) else { break }
                    try expire()
                    // Blocks of the head come first: memory waits for them.
                    try compactHeadWhole()
                }
                // What has just become a block need not be written here, too.
                try writeHeadChunks()
            } catch {
                if case .closed = error, isStopped { throw error }
                state.withLock { $0.counts.compactionsFailed += 1 }
                throw error
            }
        }
    }

    /// Runs `body` while nothing else changes blocks.
    func alone<T>(_ body: () throws(MetricStoreError) -> T) throws(MetricStoreError) -> T {
        running._unsafeLock()
        defer { running._unsafeUnlock() }
        if isStopped { throw .closed }
        return try body()
    }

    /// Counts what `body`, which writes a block, does.
    func timed<T>(_ body: () throws(MetricStoreError) -> T) throws(MetricStoreError) -> T {
        let start = clock.monotonicNanos
        state.withLock { $0.counts.isWritingBlock = true }
        defer { state.withLock { $0.counts.isWritingBlock = false } }
        let result = try body()
        state.withLock { state in
            state.counts.compactions += 1
            state.counts.compactionSeconds.observe(Double(clock.monotonicNanos - start) / 1e9)
        }
        return result
    }

    // MARK: The head

    private func compactHeadWhole() throws(MetricStoreError) {
        var end: Int64?
        while head.isCompactable { end = try compactHead() }
        guard let end else { return }
        // As upstream, whenever the head has become blocks; and before the log forgets what the other log calls its series.
        try compactOutOfOrder()
        // The remarks on chunks are gone with the log of samples out of order.
        do throws(PlatformError) { try truncateHeadChunks(before: end) } catch { throw MetricStoreError(error) }
        headChunks.resume()
        try truncateLog(before: end)
    }

    private func truncateHeadChunks(before time: Int64) throws(PlatformError) {
        if blocks.headMinTime >= time { return try headChunks.truncate(before: time) }
        // Everything up to then was deleted, so that no block says that it is over; and the log is about to forget the deletions.
        try headChunks.removeAll()
        for shard in head.shards { shard.withLock { $0.forgetMapped() } }
    }

    private func writeHeadChunks() throws(MetricStoreError) {
        do throws(PlatformError) { try headChunks.write(head) } catch { throw MetricStoreError(error) }
    }

    /// Writes the head's chunks that are complete, when nothing else runs any more. What cannot be written, the log has.
    func finishHeadChunks() {
        try? headChunks.write(head)
        headChunks.close()
    }

    /// Returns the end of what is in a block now.
    private func compactHead() throws(MetricStoreError) -> Int64 {
        let time = head.nextBlock
        head.seal(before: time.upperBound)
        let block = try timed { () throws(MetricStoreError) in try HeadBlock(disk: disk, directory: directory, head: head).write(time, id: newBlockID()) }
        if let block { blocks.add(block) }
        let departed = head.truncate(before: time.upperBound)
        state.withLock { state in
            for reference in departed { state.departed[reference] = time.upperBound }
            state.counts.reloads += 1
        }
        return time.upperBound
    }

    /// Writes a checkpoint when the log has grown by enough segments for one to pay, as Prometheus does (`Head.truncateWAL`).
    private func truncateLog(before time: Int64) throws(MetricStoreError) {
        let current: Int
        let first: Int?
        do throws(SegmentLogError) { current = try log.cutSegmentBlocking() } catch { throw MetricStoreError(error) }
        do throws(PlatformError) { first = try log.directory.segments().first } catch { throw MetricStoreError(error) }
        guard let first, let last = LogTruncation.lastSegment(first: first, current: current) else { return }
        let live = head.logReferences
        let departed = state.withLock { $0.departed }
        let truncation = LogTruncation(directory: log.directory, minTime: time) { reference in
            live.contains(reference) || departed[reference].map { $0 >= time } ?? false
        }
        do throws(MetricStoreError) {
            try truncation.run(upTo: last)
        } catch {
            state.withLock { $0.counts.checkpointsFailed += 1 }
            throw error
        }
        state.withLock { state in
            state.counts.checkpoints += 1
            state.departed = state.departed.filter { $0.value >= time }
        }
    }
}
