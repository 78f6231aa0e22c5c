import MetricModel
import Platform
import SegmentLog
import Synchronization

/// Keeps the store bounded: makes blocks of the head, shortens the log, deletes what is past the retention. One run at a time.
final class Maintenance: Sendable {
    /// What happened so far, for metrics.
    struct Counts: Sendable {
        var compactions = 0
        var compactionsFailed = 0
        var compactionSeconds = 0.0
        /// Times that blocks were past the retention, and how many blocks it were.
        var expirations = 0
        var blocksExpired = 0
        var checkpoints = 0
        var checkpointsFailed = 0
        var lastFailure: String?
    }

    private struct State {
        var counts = Counts()
        /// Series that are gone, and the time until which the log may still have samples of them.
        var departed: [UInt64: Int64] = [:]
        /// How large the log was when it was last measured, and what it had written then.
        var logBytes = 0
        var logBytesWritten = 0
    }

    private let head: Head
    private let blocks: BlockSet
    private let log: SegmentLog
    private let disk: any FileSystem
    private let directory: String
    private let options: MetricStore.Options
    private let clock: any TimeSource
    private let state = Mutex(State())
    /// Held during a run.
    private let running = Mutex(())

    init(head: Head, blocks: BlockSet, log: SegmentLog, disk: any FileSystem, directory: String, options: MetricStore.Options, clock: any TimeSource) {
        self.head = head
        self.blocks = blocks
        self.log = log
        self.disk = disk
        self.directory = directory
        self.options = options
        self.clock = clock
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// Bytes of the log's directory: as measured in the last run, and what was written since.
    var logBytes: Int {
        let written = log.statistics.bytes
        return state.withLock { $0.logBytes + written - $0.logBytesWritten }
    }

    /// Measures the log's directory. What cannot be measured keeps its old size.
    func measureLog() {
        let written = log.statistics.bytes
        guard let bytes = try? disk.treeSize(log.directory.path) else { return }
        state.withLock { state in
            state.logBytes = bytes
            state.logBytesWritten = written
        }
    }

    /// Does what there is to do. Blocks. What fails is told, counted, and tried again the next time; nothing is half done.
    func run() throws(MetricStoreError) {
        try running.withLock { _ throws(MetricStoreError) in
            defer { measureLog() }
            do throws(MetricStoreError) {
                while head.isCompactable { try compactHead() }
                try expire()
            } catch {
                state.withLock { state in
                    state.counts.compactionsFailed += 1
                    state.counts.lastFailure = "\(error)"
                }
                throw error
            }
        }
    }

    private func compactHead() throws(MetricStoreError) {
        let start = clock.monotonicNanos
        let time = head.nextBlock
        head.seal(before: time.upperBound)
        if let block = try writeBlock(time) { blocks.add(block) }
        let departed = head.truncate(before: time.upperBound)
        state.withLock { state in
            for reference in departed { state.departed[reference] = time.upperBound }
            state.counts.compactions += 1
            state.counts.compactionSeconds += Double(clock.monotonicNanos - start) / 1e9
        }
        try truncateLog(before: time.upperBound)
    }

    private func writeBlock(_ time: Range<Int64>) throws(MetricStoreError) -> Block? {
        var generator = SystemRandomNumberGenerator()
        let meta = BlockMeta(id: BlockID(unixMillis: clock.unixMillis, using: &generator), minTime: time.lowerBound, maxTime: time.upperBound)
        let closed = time.lowerBound...(time.upperBound - 1)
        do throws(MetricStoreError) {
            let contents = head.blockContents()
            let series = contents.series
            var writer = try BlockWriter(disk, directory: directory, meta: meta, symbols: contents.symbols)
            let encoder = ChunkEncoder()
            try head.forEachSeries(series, closed) { series throws(MetricStoreError) in
                try series.forEachChunk(closed, encoder) { bytes, minTime, maxTime throws(MetricStoreError) in
                    try writer.add(bytes, minTime: minTime, maxTime: maxTime)
                }
                try writer.endSeries(series.labels)
            }
            guard let written = try writer.finish() else { return nil }
            return try Block(disk, "\(directory)/\(written.id)")
        } catch {
            BlockWriter.discard(disk, directory: directory, meta.id)
            throw error
        }
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

    private func expire() throws(MetricStoreError) {
        let dead = BlockSet.expired(blocks.all, retentionMillis: options.retentionMillis)
        do throws(PlatformError) { try blocks.remove(disk, dead) } catch { throw MetricStoreError(error) }
        guard !dead.isEmpty else { return }
        state.withLock { state in
            state.counts.expirations += 1
            state.counts.blocksExpired += dead.count
        }
    }
}
