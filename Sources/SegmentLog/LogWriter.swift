import Bytes
import Platform

/// The log's thread: takes what was handed in, frames it, writes it, syncs it, and lets the waiters go on.
final class LogWriter: @unchecked Sendable {
    // SAFETY: made by `SegmentLog.open` and then used by the one thread that runs `run`.
    private let directory: SegmentDirectory
    private let clock: any TimeSource
    private var framer: RecordFramer
    private var file: any OpenFile
    private var segment: Int
    private var taken = PendingRecords()
    private static let writeBytes = 1 << 20

    init(directory: SegmentDirectory, options: SegmentLog.Options, clock: any TimeSource, segment: Int) throws(PlatformError) {
        self.directory = directory
        self.clock = clock
        self.segment = segment
        framer = RecordFramer(segmentBytes: options.segmentBytes, compression: options.compression)
        file = try directory.disk.open(directory.segmentPath(segment), .create)
        try directory.disk.syncDirectory(directory.path)
    }

    func run(_ queue: Condition<Queue>) {
        while work(queue) {}
    }

    /// One round; false when it was the last.
    private func work(_ queue: Condition<Queue>) -> Bool {
        struct Round {
            var waiters: [Waiter]
            var cuts: [@Sendable (Result<Int, SegmentLogError>) -> Void]
            var last: SegmentLog.Ticket
            var isClosing: Bool
        }
        taken.removeAll()
        let round = queue.wait(until: { $0.hasWork }) { queue in
            swap(&queue.pending, &taken)
            defer {
                queue.waiters = []
                queue.cuts = []
            }
            return Round(waiters: queue.waiters, cuts: queue.cuts, last: queue.ticket, isClosing: queue.isClosing)
        }
        var counts = LogStatistics()
        var (offset, reached) = (0, SegmentLog.Ticket(0))
        var failure: SegmentLogError?
        var isFinal = false
        do throws(PlatformError) {
            try write(&offset, &reached, &counts)
            reached = round.last
            if !round.cuts.isEmpty, framer.position > 0 { try beginSegment(&counts) }
        } catch {
            counts.writesFailed = 1
            isFinal = error.isSync || !cutBack()
            failure = isFinal ? .syncFailed(error) : .platform(error)
        }
        var isSynced = false
        if !isFinal, round.isClosing || round.waiters.contains(where: { $0.needsSync && $0.ticket <= reached }) {
            do throws(PlatformError) {
                if round.isClosing { try endSegment(&counts) } else { try sync(&counts) }
                isSynced = true
            } catch {
                failure = .syncFailed(error)
                isFinal = true
            }
        }
        let stall = failure
        let last: SegmentLog.Ticket = queue.withLock { queue in
            if stall != nil { queue.pending.putBack(taken, from: offset) }
            queue.written = max(queue.written, reached)
            if isSynced { queue.synced = max(queue.synced, reached) }
            queue.stall = stall
            if isFinal { queue.failure = stall }
            if round.isClosing { queue.isClosed = true }
            queue.statistics.add(counts, segment: segment, segmentBytes: framer.written)
            return queue.written
        }
        for waiter in round.waiters {
            let isDone = waiter.ticket <= last && (!waiter.needsSync || isSynced) && (stall == nil || waiter.ticket <= reached && reached > 0)
            waiter.resume(isDone ? .success(()) : .failure(stall ?? .closed))
        }
        for cut in round.cuts { cut(stall.map { .failure($0) } ?? .success(segment)) }
        if round.isClosing { file.close() }
        return !round.isClosing
    }

    /// Takes back what a failed write left behind the last whole record; false when that fails too.
    private func cutBack() -> Bool {
        framer.restart(at: framer.written)
        do throws(PlatformError) { try file.truncate(to: framer.written) } catch { return false }
        return true
    }

    /// Frames and writes what was taken. `offset` and `reached` say how much of it stands in the file, also when it throws.
    private func write(_ offset: inout Int, _ reached: inout SegmentLog.Ticket, _ counts: inout LogStatistics) throws(PlatformError) {
        var at = 0
        var ticket = SegmentLog.Ticket(0)
        while at < taken.count {
            let entry = taken.entry(at: at)
            if !framer.frame(entry.record) {
                try flush(&counts)
                (offset, reached) = (at, ticket)
                try beginSegment(&counts)
                _ = framer.frame(entry.record)
            }
            counts.records += 1
            (at, ticket) = (entry.end, entry.ticket)
            if framer.out.count >= Self.writeBytes {
                try flush(&counts)
                (offset, reached) = (at, ticket)
            }
        }
        try flush(&counts)
        (offset, reached) = (at, ticket)
    }

    private func flush(_ counts: inout LogStatistics) throws(PlatformError) {
        let bytes = framer.out.count
        guard bytes > 0 else { return }
        let pages = framer.written / RecordFraming.pageBytes
        try LogReplay.flush(&framer, to: file)
        counts.writes += 1
        counts.bytes += bytes
        counts.pagesCompleted += framer.written / RecordFraming.pageBytes - pages
    }

    private func sync(_ counts: inout LogStatistics) throws(PlatformError) {
        let from = clock.monotonicNanos
        try file.sync()
        counts.syncs += 1
        counts.syncSeconds += Double(clock.monotonicNanos - from) / 1e9
    }

    /// Pads, writes and syncs the current segment.
    private func endSegment(_ counts: inout LogStatistics) throws(PlatformError) {
        framer.finishPage()
        try flush(&counts)
        try sync(&counts)
    }

    /// Ends the current segment and begins the next.
    private func beginSegment(_ counts: inout LogStatistics) throws(PlatformError) {
        try endSegment(&counts)
        let next = try directory.disk.open(directory.segmentPath(segment + 1), .create)
        try directory.disk.syncDirectory(directory.path)
        file.close()
        file = next
        segment += 1
        framer.restart(at: 0)
    }
}

extension PlatformError {
    /// Whether a sync failed, behind which the state of the disk is unknown.
    fileprivate var isSync: Bool { if case .io(_, "sync", _) = self { true } else { false } }
}

extension LogStatistics {
    /// Adds one round's counts.
    mutating func add(_ round: LogStatistics, segment: Int, segmentBytes: Int) {
        syncs += round.syncs
        syncSeconds += round.syncSeconds
        writes += round.writes
        writesFailed += round.writesFailed
        records += round.records
        bytes += round.bytes
        pagesCompleted += round.pagesCompleted
        self.segment = segment
        self.segmentBytes = segmentBytes
    }
}
