import MetricModel
import Platform
import SegmentLog
import Synchronization

/// The metric store: a Prometheus data directory, appended to and read from.
///
/// Samples go to the log and to the head; two hours of the head at a time become a block. Safe to use from any task.
package final class MetricStore: Sendable {
    /// How the store behaves.
    package struct Options: Sendable {
        /// The time that a block covers, and a multiple of which it starts at; two hours, as in Prometheus.
        package var blockRangeMillis: Int64 = 2 * 3_600_000
        /// How long samples are kept, as far as whole blocks go; 0 keeps them for ever.
        package var retentionMillis: Int64 = 15 * 24 * 3_600_000
        /// How many bytes log and blocks may take, as far as whole blocks go; 0 for any number.
        package var retentionBytes = 0
        /// The longest time that a block may grow to cover; nil for a tenth of the retention, 31 days at most.
        package var blockMillisMax: Int64?
        /// How many series the head may have; 0 for any number.
        package var seriesMax = 0
        /// How many exemplars are kept, the latest of all series together; 0 for none.
        package var exemplarsMax = 100_000
        /// How far ahead of the clock a sample may be; nil for any time.
        package var futureMillisMax: Int64? = 10 * 60_000
        /// How far behind the latest sample one may be that comes out of order; 0 to refuse samples out of order.
        package var outOfOrderWindowMillis: Int64 = 0
        /// The size of the log's segments.
        package var logSegmentBytes = SegmentLog.Options.segmentBytesDefault
        /// How often is looked whether there is something to compact or to delete; 0 to do so only when `maintain` is called.
        package var maintenanceSeconds = 60.0

        /// Told, from the store's own thread, why something failed that nobody waits for; once for every different reason.
        package var reportFailure: @Sendable (MetricStoreError) -> Void = { _ in }

        package init() {}
    }

    /// What opening the store brought to light.
    package struct Opening: Sendable {
        package var log: ReplayReport
        /// Of the log of samples out of order; nil when there was none to read.
        package var outOfOrderLog: ReplayReport?
        package var series = 0
        package var samples = 0
        /// Samples in the log whose series' record was lost.
        package var samplesOfUnknownSeries = 0
        package var exemplarsOfUnknownSeries = 0
        /// Both, and the rest that the logs say of such series, by log and kind.
        package var unknownReferences = (log: UnknownReferences(), outOfOrderLog: UnknownReferences())
        /// Log records of kinds that this store does not keep, by kind as Prometheus numbers them.
        package var recordsSkipped: [UInt8: Int] = [:]
        /// Chunks that were taken from `chunks_head`, so that the log's samples of their time need not be.
        package var headChunks = 0
        /// What is wrong with `chunks_head`; what is missing there is made of the log.
        package var headChunkDamage: [String] = []
        /// What is wrong with blocks that were left out.
        package var blockDamage: [String] = []
        /// Where the logs end that were there.
        package var position = CommitPosition(log: LogPosition(segment: 0, offset: 0), late: nil)
        package var seconds = 0.0
    }

    package let directory: String
    package let options: Options
    /// What opening found, for the log of the process.
    package let opening: Opening
    let disk: any FileSystem
    let clock: any TimeSource
    let head: Head
    let log: SegmentLog
    let outOfOrderLog: OutOfOrderLog
    let headChunks: HeadChunkLog
    let blocks: BlockSet
    let maintenance: Maintenance
    let metadataTable = MetadataTable()
    let administrators = AdministrationThread()
    /// What the maintenance thread waits for.
    private struct Wakeup {
        var isDue = false
        var isClosing = false
    }
    private let wakeup = Condition(Wakeup())
    private let thread: WorkerThread?
    private let lock: DirectoryLock
    let isClosed = Atomic(false)

    /// Opens the store, or makes it, and reads the log back. Blocks; throws `.locked` when another process has the directory.
    ///
    /// - Parameter progress: told now and then how much of the log has been read.
    package static func open(
        directory: String, options: Options = Options(), clock: any TimeSource = SystemClock(), disk: any FileSystem = Disk(),
        progress: (ReplayProgress) -> Void = { _ in }
    ) throws(MetricStoreError) -> MetricStore {
        do throws(PlatformError) {
            return try MetricStore(directory, options, clock, disk, progress)
        } catch {
            throw MetricStoreError(error)
        }
    }

    private init(_ directory: String, _ options: Options, _ clock: any TimeSource, _ disk: any FileSystem, _ progress: (ReplayProgress) -> Void) throws(PlatformError) {
        let start = clock.monotonicNanos
        try disk.makeDirectory(directory)
        let lock = try disk.lock(directory)
        let blocks = BlockSet()
        let damage = try blocks.load(disk, directory)
        var logOptions = SegmentLog.Options()
        logOptions.segmentBytes = options.logSegmentBytes
        let headChunks = HeadChunkLog(disk, directory: directory)
        var headChunkDamage: [String] = []
        var reading = try LogReading(
            disk, directory, options, logOptions, clock, minTime: blocks.headMinTime, headChunks.read(minTime: blocks.headMinTime, &headChunkDamage), progress)
        if let reason = reading.replay.disagreement {
            // The log is right. What it was repaired of stands in its first report.
            headChunkDamage.append("\(headChunks.path): \(reason); it is removed")
            let damage = reading.report.damage
            reading.log.close()
            try headChunks.removeAll()
            reading = try LogReading(disk, directory, options, logOptions, clock, minTime: blocks.headMinTime, HeadChunks(), progress)
            reading.report.damage.insert(contentsOf: damage, at: 0)
        }
        let (head, log, report) = (reading.head, reading.log, reading.report)
        let outOfOrderLog = OutOfOrderLog(disk, directory: directory, options: logOptions, clock: clock)
        var opening = Opening(log: report)
        // Segments go only when a checkpoint stands for them.
        if report.checkpoint == nil, let first = report.firstSegment, first > 0 {
            opening.log.damage.insert(LogDamage(file: log.directory.segmentPath(0), offset: 0, reason: "the segments before \(first) are missing, and no checkpoint stands for them"), at: 0)
        }
        // One that was left is read also when nothing more may come.
        let isFound = try outOfOrderLog.isFound()
        if isFound || options.outOfOrderWindowMillis > 0 { opening.outOfOrderLog = try outOfOrderLog.open(&reading.replay, progress) }
        if let marker = reading.replay.highestMarker, !headChunkDamage.isEmpty || marker > headChunks.lastFound { headChunks.pause() }
        opening.headChunks = reading.replay.chunksTaken
        if reading.replay.chunksOfUnknownSeries > 0 {
            headChunkDamage.append("\(headChunks.path): \(reading.replay.chunksOfUnknownSeries) chunks are of series that the log does not name")
        }
        opening.headChunkDamage = headChunkDamage
        opening.samples = reading.replay.samples
        opening.samplesOfUnknownSeries = reading.replay.samplesOfUnknownSeries
        opening.exemplarsOfUnknownSeries = reading.replay.exemplarsOfUnknownSeries
        opening.unknownReferences = (reading.replay.unknown, reading.replay.unknownLate)
        opening.recordsSkipped = reading.replay.recordsSkipped
        opening.series = head.index.withLock { $0.seriesCount }
        metadataTable.add(reading.replay.metadata)
        opening.blockDamage = damage
        opening.position = CommitPosition(
            log: LogPosition(segment: log.statistics.segment, offset: 0), late: outOfOrderLog.current.map { LogPosition(segment: $0.statistics.segment, offset: 0) })
        opening.seconds = Double(clock.monotonicNanos - start) / 1e9
        self.directory = directory
        self.options = options
        self.opening = opening
        self.disk = disk
        self.clock = clock
        self.head = head
        self.log = log
        self.outOfOrderLog = outOfOrderLog
        self.headChunks = headChunks
        head.outOfOrderWindowMillis.store(max(0, options.outOfOrderWindowMillis), ordering: .relaxed)
        self.lock = lock
        self.blocks = blocks
        let maintenance = Maintenance(
            head: head, blocks: blocks, log: log, outOfOrderLog: outOfOrderLog, headChunks: headChunks, disk: disk, directory: directory, options: options, clock: clock)
        self.maintenance = maintenance
        maintenance.keepSeries(reading.replay.aliases)
        maintenance.measureLog()
        let (wakeup, seconds, reportFailure) = (wakeup, options.maintenanceSeconds, options.reportFailure)
        thread = seconds <= 0 ? nil : try WorkerThread(name: "compactor") {
            var lastReason = ""
            while true {
                let isClosing = wakeup.wait(atMost: seconds, until: { $0.isDue || $0.isClosing }) { state in
                    state.isDue = false
                    return state.isClosing
                }
                if isClosing { return }
                do throws(MetricStoreError) {
                    try maintenance.run()
                    lastReason = ""
                } catch {
                    if maintenance.isStopped || "\(error)" == lastReason { continue }
                    lastReason = "\(error)"
                    reportFailure(error)
                }
            }
        }
    }

    /// Makes blocks of what is old enough in the head and larger ones of small ones, and deletes what is past the retention; done by
    /// itself every `maintenanceSeconds`. Blocks.
    package func maintain() throws(MetricStoreError) { try maintenance.run() }

    /// Writes and syncs what is under way and lets go of the directory. Blocks. Later calls throw `.closed`.
    package func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        maintenance.stop()
        wakeup.withLock { $0.isClosing = true }
        wakeup.signalAll()
        thread?.join()
        maintenance.finishHeadChunks()
        // An empty segment behind what was written, so that it is seen when that is gone.
        _ = try? log.cutSegmentBlocking()
        log.close()
        outOfOrderLog.close()
        lock.release()
    }
}

extension MetricStore: MetricWriter {
    package func append(_ batch: SampleBatch, durability: Durability) async throws(MetricStoreError) -> AppendReport {
        if isClosed.load(ordering: .acquiring) { throw .closed }
        metadataTable.add(batch.metadata)
        if batch.series.isEmpty { return AppendReport() }
        do throws(SegmentLogError) {
            try await log.admit()
            let outOfOrderLog = outOfOrderLog.current
            if let outOfOrderLog { try await outOfOrderLog.admit() }
            let maxTime = options.futureMillisMax.map { clock.unixMillis + $0 } ?? .max
            let (report, tickets) = head.append(batch, maxTime: maxTime, to: log, outOfOrderLog: outOfOrderLog)
            if thread != nil, head.isCompactable || head.isOutOfOrderDue {
                wakeup.withLock { $0.isDue = true }
                wakeup.signalOne()
            }
            let depth: SegmentLog.Durability = durability == .synced ? .synced : .written
            if tickets.log > 0 { try await log.wait(for: tickets.log, depth) }
            if tickets.outOfOrderLog > 0, let outOfOrderLog { try await outOfOrderLog.wait(for: tickets.outOfOrderLog, depth) }
            return report
        } catch {
            throw MetricStoreError(error)
        }
    }
}

extension MetricStoreError {
    init(_ error: PlatformError) {
        self = switch error {
        case .io(let path, let operation, _): .io(file: path, operation: operation, reason: error.reason, isDiskFull: error.isDiskFull)
        case .locked(let directory, let holder): .locked(directory: directory, holder: holder)
        }
    }

    init(_ error: SegmentLogError) {
        self = switch error {
        case .platform(let cause), .syncFailed(let cause): MetricStoreError(cause)
        case .recordTooLarge(let bytes, let limit): .io(file: "wal", operation: "append to", reason: "a record of \(bytes) bytes is larger than \(limit)", isDiskFull: false)
        case .closed: .closed
        }
    }
}
