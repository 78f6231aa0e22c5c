import MetricFormats
import Platform
import SegmentLog

/// The groups of this machine's push gateway, kept in a log.
///
/// A push is decided, written to the log and forced to the disk, and only then shown and answered: what is acknowledged survives
/// `kill -9`, and what was refused is never seen. Pushes that come meanwhile are decided together and share one force. When the log
/// has grown past what it tells of, a checkpoint takes its place. One process holds the directory.
package final class PushGroups: Sendable {
    /// The groups at one moment.
    package struct Snapshot: Sendable {
        package var groups: [GroupingKey: PushGroup]
        /// Rises with every change.
        package var version: UInt64
    }

    private enum Request: Sendable {
        case push([ClientMetricFamily], GroupingKey, replaces: Bool)
        case delete(GroupingKey)
        case deleteAll
    }

    private struct Waiter: Sendable {
        let request: Request
        let continuation: CheckedContinuation<Result<Void, PushGroupsError>, Never>
    }

    private struct State {
        var snapshot: Snapshot
        var queue: [Waiter] = []
        var isWorking = false
        var isClosed = false
    }

    /// What only the one task that works on the queue touches.
    private final class Desk: @unchecked Sendable {
        // SAFETY: reached from `work` and `compact` alone, of which one runs at a time (`isWorking`), and from `open` before anybody else.
        var table: GroupTable
        /// Bytes of records written since the last checkpoint.
        var logBytes: Int

        init(table: GroupTable, logBytes: Int) {
            self.table = table
            self.logBytes = logBytes
        }
    }

    private let log: SegmentLog
    private let lock: DirectoryLock
    private let clock: any TimeSource
    private let pool: BlockingPool
    private let onProblem: @Sendable (String) -> Void
    private let desk: Desk
    private let logBytesMin: Int
    private let state: Condition<State>
    /// Requests decided together at most.
    private static let batchMax = 256

    /// Opens the groups in `directory`, which is made if need be. Blocks.
    ///
    /// - Parameters:
    ///   - own: names, with their kinds, that the gateway exposes for itself, so that no push contradicts them.
    ///   - pool: where checkpoints are written.
    ///   - onProblem: told of what went wrong and harms nobody now, a checkpoint that could not be written.
    package static func open(
        _ directory: String, on disk: any FileSystem = Disk(), limits: PushLimits = PushLimits(), own: [String: ClientMetricFamily.Kind] = [:],
        pool: BlockingPool, clock: any TimeSource = SystemClock(), onProblem: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(PushGroupsError) -> (groups: PushGroups, report: ReplayReport) {
        do throws(PlatformError) {
            try disk.makeDirectory(directory)
            let lock = try disk.lock(directory)
            var table = GroupTable(limits: limits, own: own)
            let (log, report) = try SegmentLog.open(on: disk, "\(directory)/wal", clock: clock) { GroupRecord.replay($0, into: &table) }
            let groups = PushGroups(log, lock, clock, pool, onProblem, Desk(table: table, logBytes: report.bytes), logBytesMin: limits.logBytesMin)
            if report.segments > 8 || groups.desk.logBytes > max(limits.logBytesMin, 2 * table.bytes) { groups.compact() }
            return (groups, report)
        } catch {
            throw PushGroupsError(error)
        }
    }

    private init(
        _ log: SegmentLog, _ lock: DirectoryLock, _ clock: any TimeSource, _ pool: BlockingPool, _ onProblem: @escaping @Sendable (String) -> Void, _ desk: Desk,
        logBytesMin: Int
    ) {
        self.log = log
        self.lock = lock
        self.clock = clock
        self.pool = pool
        self.onProblem = onProblem
        self.desk = desk
        self.logBytesMin = logBytesMin
        state = Condition(State(snapshot: Snapshot(groups: desk.table.groups, version: 1)))
    }

    /// The groups as they are on the disk.
    package var snapshot: Snapshot { state.withLock { $0.snapshot } }

    /// Puts families into a group, which is made if need be: in place of those of the same name, or of everything in it. When it
    /// throws `inconsistent` or `overLimit`, the group's time of the last failure is set instead, where the group can be shown.
    package func push(_ families: [ClientMetricFamily], to key: GroupingKey, replaces: Bool) async throws(PushGroupsError) {
        try await submit(.push(families, key, replaces: replaces))
    }

    /// Removes a group, if there is one.
    package func delete(_ key: GroupingKey) async throws(PushGroupsError) { try await submit(.delete(key)) }

    /// Removes every group.
    package func deleteAll() async throws(PushGroupsError) { try await submit(.deleteAll) }

    private func submit(_ request: Request) async throws(PushGroupsError) {
        let result: Result<Void, PushGroupsError> = await withCheckedContinuation { continuation in
            let (isClosed, isFirst) = state.withLock { state in
                guard !state.isClosed else { return (true, false) }
                state.queue.append(Waiter(request: request, continuation: continuation))
                defer { state.isWorking = true }
                return (false, !state.isWorking)
            }
            if isClosed { continuation.resume(returning: .failure(.closed)) }
            if isFirst { Task { await work() } }
        }
        try result.get()
    }

    /// Works the queue off, batch by batch.
    private func work() async {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.queue.prefix(Self.batchMax))
                state.queue.removeFirst(batch.count)
                if batch.isEmpty { state.isWorking = false }
                return batch
            }
            guard !batch.isEmpty else { return state.signalAll() }
            await settle(batch)
            if desk.logBytes > max(logBytesMin, 2 * desk.table.bytes) { await pool.run { [self] in compact() } }
        }
    }

    /// Decides a batch, writes it to the log, shows it and answers; or takes all of it back.
    private func settle(_ batch: [Waiter]) async {
        var records: [[UInt8]] = []
        var changes: [GroupTable.Change] = []
        var results: [Result<Void, PushGroupsError>] = []
        for waiter in batch {
            do throws(PushGroupsError) {
                try decide(waiter.request, &changes, &records)
                results.append(.success(()))
            } catch {
                results.append(.failure(error))
            }
        }
        if !records.isEmpty {
            do throws(SegmentLogError) {
                try await log.append(records, .synced)
                desk.logBytes += records.reduce(0) { $0 + $1.count }
                state.withLock { $0.snapshot = Snapshot(groups: desk.table.groups, version: $0.snapshot.version + 1) }
            } catch {
                for change in changes.reversed() { desk.table.undo(change) }
                let failure = PushGroupsError(error)
                results = results.map { result in if case .success = result { .failure(failure) } else { result } }
            }
        }
        for (waiter, result) in zip(batch, results) { waiter.continuation.resume(returning: result) }
    }

    private func decide(_ request: Request, _ changes: inout [GroupTable.Change], _ records: inout [[UInt8]]) throws(PushGroupsError) {
        let nanos = clock.unixNanos
        switch request {
        case .push(let families, let key, let replaces):
            do throws(PushGroupsError) {
                changes.append(try desk.table.push(families, to: key, replaces: replaces, nanos: nanos))
                records.append(GroupRecord.push(families, to: key, replaces: replaces, nanos: nanos))
            } catch {
                if let change = desk.table.fail(key, nanos: nanos) {
                    changes.append(change)
                    records.append(GroupRecord.failure(key, nanos: nanos))
                }
                throw error
            }
        case .delete(let key):
            guard let change = desk.table.delete(key) else { return }
            changes.append(change)
            records.append(GroupRecord.deletion(key, nanos: nanos))
        case .deleteAll:
            for key in Array(desk.table.groups.keys) { try decide(.delete(key), &changes, &records) }
        }
    }

    /// Writes the groups as a checkpoint and drops the log before it. Blocks.
    private func compact() {
        let directory = log.directory
        do {
            let index = try log.cutSegmentBlocking() - 1
            guard index >= 0 else { return }
            var checkpoint = try CheckpointWriter(directory, index: index)
            do {
                for group in desk.table.groups.values { try GroupRecord.group(group).withUnsafeBufferPointer { try checkpoint.append($0) } }
            } catch {
                checkpoint.abandon()
                throw error
            }
            try checkpoint.finish()
            try directory.removeSegments(below: index + 1)
            desk.logBytes = 0
        } catch {
            onProblem("the push gateway's log was not compacted: \(error)")
            // Tried again when the log has grown by as much once more.
            desk.logBytes = 0
        }
    }

    /// Finishes what was handed in, and gives the directory back. Blocks until then; everybody who comes later is told that it is closed.
    package func close() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        state.wait(until: { !$0.isWorking }, then: { _ in })
        log.close()
        lock.release()
    }
}
