import Bytes
import OTLP
import Platform
import SegmentLog
import Synchronization
import TraceModel

/// The traces of this machine: a write-ahead log and a head in memory, sealed from time to time into immutable segments.
///
/// Writes are on the disk and visible when `write` returns. Reads see a moment of the store and never wait for writes; they touch
/// the disk and are to be called off the cooperative pool. One process holds the directory.
package final class TraceStore: TraceWriter, TraceReader {
    struct State {
        /// Takes what is written.
        var active: Generation
        var isClosed = false
    }

    let disk: any FileSystem
    let clock: any TimeSource
    let options: TraceStoreOptions
    let log: SegmentLog
    let directoryLock: DirectoryLock
    let state: Mutex<State>

    /// Opens the store in `directory`, which is made if need be, and reads the log back into the head.
    ///
    /// - Parameter progress: told now and then how much of the log has been read.
    package static func open(
        _ directory: String, on disk: any FileSystem = Disk(), options: TraceStoreOptions = TraceStoreOptions(), clock: any TimeSource = SystemClock(),
        progress: (ReplayProgress) -> Void = { _ in }
    ) throws(TraceStoreError) -> (store: TraceStore, report: ReplayReport) {
        do throws(PlatformError) {
            try disk.makeDirectory(directory)
            let lock = try disk.lock(directory)
            let head = Generation(number: 1)
            let (log, report) = try SegmentLog.open(on: disk, "\(directory)/wal", clock: clock, progress: progress) { bytes in
                WriteRecord.replay(bytes, after: 0) { head.insert($0, arrivalNanos: clock.unixNanos) }
            }
            return (TraceStore(disk, clock, options, log, lock, head), report)
        } catch {
            throw TraceStoreError(error)
        }
    }

    private init(_ disk: any FileSystem, _ clock: any TimeSource, _ options: TraceStoreOptions, _ log: SegmentLog, _ lock: DirectoryLock, _ head: Generation) {
        self.disk = disk
        self.clock = clock
        self.options = options
        self.log = log
        directoryLock = lock
        state = Mutex(State(active: head))
    }

    package func write(_ batch: [ResourceSpans]) async throws(TraceStoreError) {
        guard batch.contains(where: { $0.spanCount > 0 }) else { return }
        let generation = try enter()
        defer { generation.leave() }
        do throws(SegmentLogError) {
            try await log.append(WriteRecord.encode(batch, generation: generation.number), .synced)
        } catch {
            throw TraceStoreError(error)
        }
        generation.insert(batch, arrivalNanos: clock.unixNanos)
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

    /// Writes out what was handed in and gives the directory back. Blocks until then.
    package func close() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        log.close()
        directoryLock.release()
    }
}

extension TraceStoreError {
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
