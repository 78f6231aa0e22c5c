import Bytes
import OTLP
import Platform
import SegmentLog
import Synchronization
import TraceModel

/// The traces of this machine: a write-ahead log and a head in memory, sealed from time to time into immutable segments.
///
/// Writes are on the disk and visible when `write` returns. Reads see a moment of the store and never wait for writes; they touch
/// the disk and are to be called off the cooperative pool. One process holds the directory: `wal/` is the log, `segments/` the rest.
package final class TraceStore: TraceWriter, TraceReader {
    struct State {
        /// Takes what is written.
        var active: Generation
        /// No longer written to and not yet a segment, oldest first.
        var retired: [Generation] = []
        /// Oldest first.
        var segments: [TraceSegment]
        var sealing: Task<Result<Void, TraceStoreError>, Never>?
        var isClosed = false
        var counts = TraceStoreCounts()
        /// Damage that was told already, so that it is told once.
        var toldDamage: Set<String> = []
    }

    let disk: any FileSystem
    let clock: any TimeSource
    let options: TraceStoreOptions
    let log: SegmentLog
    let segmentDirectory: String
    let cache = PageCache()
    let state: Mutex<State>
    private let directoryLock: DirectoryLock
    /// Where segments are written.
    let pool: BlockingPool
    private let tellDamage: @Sendable (TraceStoreError) -> Void

    /// What opening brought to light.
    package struct OpenReport: Sendable {
        package var replay: ReplayReport
        package var segments = 0
        /// Segments that cannot be read and are left out. Corrupt ones are renamed to `….damaged`.
        package var damage: [TraceStoreError] = []
        package var seconds = 0.0
    }

    let opening: OpenReport
    private static let toldDamageMax = 1000

    /// Opens the store in `directory`, which is made if need be, and reads the log back into the head.
    ///
    /// - Parameters:
    ///   - progress: told now and then how much of the log has been read.
    ///   - damage: told, once for each, of pages that a read found not to be as they were written; what is whole is answered all the same.
    package static func open(
        _ directory: String, on disk: any FileSystem = Disk(), options: TraceStoreOptions = TraceStoreOptions(), clock: any TimeSource = SystemClock(),
        progress: (ReplayProgress) -> Void = { _ in }, damage: @escaping @Sendable (TraceStoreError) -> Void = { _ in }
    ) throws(TraceStoreError) -> (store: TraceStore, report: OpenReport) {
        let begin = clock.monotonicNanos
        let segmentDirectory = "\(directory)/segments"
        let lock = try TraceStoreError.wrapping { () throws(PlatformError) in
            try disk.makeDirectory(segmentDirectory)
            return try disk.lock(directory)
        }
        let found = try SegmentFolder(segmentDirectory, disk).open()
        let head = Generation()
        var newest = found.newest
        let (log, replay) = try TraceStoreError.wrapping { () throws(PlatformError) in
            try SegmentLog.open(on: disk, "\(directory)/wal", clock: clock, progress: progress) { bytes in
                WriteRecord.replay(bytes, after: found.sealed) { generation, batch in
                    newest = max(newest, generation)
                    head.insert(batch, arrivalNanos: clock.unixNanos)
                }
            }
        }
        // Everything that was read back stands before the log's new segment.
        head.begin(number: newest + 1, logSegment: log.statistics.segment)
        if head.spanCount == 0, replay.damage.isEmpty {
            try TraceStoreError.wrapping { () throws(PlatformError) in try log.directory.removeSegments(below: log.statistics.segment) }
        }
        let report = OpenReport(
            replay: replay, segments: found.segments.count, damage: found.damage, seconds: Double(clock.monotonicNanos - begin) / 1e9)
        let pool = try TraceStoreError.wrapping { () throws(PlatformError) in try BlockingPool(name: "trace-seal", threads: 1) }
        let store = TraceStore(
            disk, clock, options, log, segmentDirectory, lock, pool, report, State(active: head, segments: found.segments), damage)
        return (store, report)
    }

    private init(
        _ disk: any FileSystem, _ clock: any TimeSource, _ options: TraceStoreOptions, _ log: SegmentLog, _ segmentDirectory: String, _ lock: DirectoryLock,
        _ pool: BlockingPool, _ opening: OpenReport, _ state: State, _ damage: @escaping @Sendable (TraceStoreError) -> Void
    ) {
        self.disk = disk
        self.clock = clock
        self.options = options
        self.log = log
        self.segmentDirectory = segmentDirectory
        directoryLock = lock
        self.pool = pool
        self.opening = opening
        self.state = Mutex(state)
        tellDamage = damage
    }

    package func write(_ batch: [ResourceSpans]) async throws(TraceStoreError) {
        let spanCount = batch.reduce(0) { $0 + $1.spanCount }
        guard spanCount > 0 else { return }
        try await makeRoom()
        let generation = try enter()
        defer { generation.leave() }
        do throws(SegmentLogError) {
            try await log.append(WriteRecord.encode(batch, generation: generation.number), .synced)
        } catch {
            state.withLock { $0.counts.writesFailed += 1 }
            throw TraceStoreError(error)
        }
        generation.insert(batch, arrivalNanos: clock.unixNanos)
        state.withLock { state in
            state.counts.writes += 1
            state.counts.spans += spanCount
        }
        if generation.byteCount >= options.headBytesMax { _ = startSealing() }
    }

    /// The generation that a write belongs to; it is not sealed before the writer has left it.
    private func enter() throws(TraceStoreError) -> Generation {
        let generation: Generation? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.active.enter()
            return state.active
        }
        guard let generation else { throw .closed }
        return generation
    }

    func noteDamage(_ error: TraceStoreError) {
        let isNew = state.withLock { state in
            state.counts.damagedReads += 1
            return state.toldDamage.count < Self.toldDamageMax && state.toldDamage.insert("\(error)").inserted
        }
        if isNew { tellDamage(error) }
    }

    /// Finishes a seal that is under way, writes out what was handed to the log and gives the directory back. Later calls throw `closed`.
    package func close() async {
        let (isFirst, sealing) = state.withLock { state in
            defer { state.isClosed = true }
            return (!state.isClosed, state.sealing)
        }
        guard isFirst else { return }
        _ = await sealing?.value
        let log = log
        await pool.run { log.close() }
        directoryLock.release()
    }
}

extension TraceStoreError {
    /// Runs `body` and tells of what the file system refuses as the store does.
    static func wrapping<T: ~Copyable>(_ body: () throws(PlatformError) -> T) throws(TraceStoreError) -> T {
        do throws(PlatformError) { return try body() } catch { throw TraceStoreError(error) }
    }

    init(_ error: PlatformError) {
        switch error {
        case .io(let path, let operation, _): self = .io(file: path, operation: operation, reason: error.reason, isDiskFull: error.isDiskFull)
        case .locked(let directory, let holder): self = .locked(directory: directory, holder: holder)
        }
    }

    init(_ error: SegmentLogError) {
        switch error {
        case .platform(let error), .syncFailed(let error): self = TraceStoreError(error)
        case .closed: self = .closed
        case .recordTooLarge: self = .tooLarge(reason: "\(error)")
        }
    }
}
