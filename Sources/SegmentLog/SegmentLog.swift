import Bytes
import Platform

/// A write-ahead log in Prometheus's framing: records in segments, appended by many, written by one thread.
///
/// *Group commit*: callers hand records in and wait; the log's thread takes all that have come, writes them with one write,
/// syncs once if any of them asked for it, and lets them go on. Records stand in the log in the order in which they were handed
/// in. When a write fails the segment is cut back to its last whole record and every waiter is told; nothing is taken until a
/// write succeeds again, which is tried whenever somebody comes.
package final class SegmentLog: Sendable {
    package struct Options: Sendable {
        package static let segmentBytesDefault = 128 << 20
        /// The size of a segment; a multiple of 32 KiB.
        package var segmentBytes = segmentBytesDefault
        /// How records are compressed, where that makes them smaller.
        package var compression: Compression? = .zstd
        /// With more than so many bytes handed in and not written, callers wait before they may hand in more.
        package var queueBytesMax = 32 << 20

        package init() {}
    }

    /// How far a record must have come before a caller goes on.
    package enum Durability: Sendable {
        /// Handed to the operating system: it survives the end of this process, however that comes.
        case written
        /// Forced to the disk: it survives the loss of power.
        case synced
    }

    /// Says which record it was, to wait for it.
    package typealias Ticket = UInt64

    package let directory: SegmentDirectory
    let queue: Condition<Queue>
    private let options: Options
    private let thread: WorkerThread

    /// Opens the log in a directory, which is made if need be: reads every record from the last checkpoint on, in order, repairs what
    /// is damaged, and is then ready to append, to a new segment.
    ///
    /// - Parameters:
    ///   - progress: told now and then how much has been read.
    ///   - replay: takes a record, whose bytes are valid during the call only, and answers nil, or why the record makes no sense;
    ///     then it counts as damage and is dropped.
    package static func open(
        on disk: any FileSystem, _ path: String, options: Options = Options(), clock: any TimeSource = SystemClock(),
        progress: (ReplayProgress) -> Void = { _ in }, replay: (UnsafeBufferPointer<UInt8>) -> String?
    ) throws(PlatformError) -> (log: SegmentLog, report: ReplayReport) {
        try disk.makeDirectory(path)
        let directory = SegmentDirectory(disk: disk, path: path)
        var reading = LogReplay(directory)
        let next = try reading.run(progress: progress, replay)
        let log = try SegmentLog(directory, options, clock, firstSegment: next)
        return (log, reading.report)
    }

    private init(_ directory: SegmentDirectory, _ options: Options, _ clock: any TimeSource, firstSegment: Int) throws(PlatformError) {
        self.directory = directory
        self.options = options
        let queue = Condition(Queue(segment: firstSegment))
        self.queue = queue
        let writer = try LogWriter(directory: directory, options: options, clock: clock, segment: firstSegment)
        thread = try WorkerThread(name: "log") { writer.run(queue) }
    }

    deinit {
        queue.withLock { $0.isClosing = true }
        queue.signalAll()
    }

    /// Appends records, one behind the other, and returns when they have come as far as asked. When it throws, none of them counts,
    /// nor shows up later.
    package func append(_ records: [[UInt8]], _ durability: Durability) async throws(SegmentLogError) {
        for record in records where record.count > RecordFraming.recordBytesMax {
            throw .recordTooLarge(bytes: record.count, limit: RecordFraming.recordBytesMax)
        }
        try await admit()
        let ticket = queue.withLock { queue in
            for record in records { record.withUnsafeBufferPointer { queue.add($0, isKept: false) } }
            return queue.ticket
        }
        try await wait(for: ticket, durability)
    }

    /// As `append`, for a thread of one's own: blocks, and does not wait for a failed log to recover.
    package func appendBlocking(_ records: [[UInt8]], _ durability: Durability) throws(SegmentLogError) {
        for record in records where record.count > RecordFraming.recordBytesMax {
            throw .recordTooLarge(bytes: record.count, limit: RecordFraming.recordBytesMax)
        }
        let answer = Condition<Result<Void, SegmentLogError>?>(nil)
        let refusal: SegmentLogError? = queue.withLock { queue in
            if let refusal = queue.refusal { return refusal }
            for record in records { record.withUnsafeBufferPointer { queue.add($0, isKept: false) } }
            queue.waiters.append(Waiter(ticket: queue.ticket, needsSync: durability == .synced) { result in
                answer.withLock { $0 = result }
                answer.signalAll()
            })
            return nil
        }
        if let refusal { throw refusal }
        queue.signalOne()
        try answer.wait(until: { $0 != nil }, then: { $0 ?? .failure(.closed) }).get()
    }

    /// Returns when the log takes records: at once, or when the queue has gone down, or, after a failure, when writing works again.
    package func admit() async throws(SegmentLogError) {
        let verdict: Result<Bool, SegmentLogError> = queue.withLock { queue in
            if let error = queue.refusal { return .failure(error) }
            return .success(queue.stall == nil && queue.pending.count < options.queueBytesMax)
        }
        if try verdict.get() { return }
        try await wait(for: queue.withLock { $0.ticket }, .written, evenIfWritten: true)
    }

    /// Hands a record in without waiting, so that its place in the log can be fixed under a lock. After a failed write it stays first in
    /// line and is written when writing works again. To be called between `admit` and `wait`; what is handed in by one caller
    /// between the two is the most that goes beyond the queue's bound.
    package func enqueue(_ record: UnsafeBufferPointer<UInt8>) -> Ticket {
        queue.withLock { queue in
            queue.add(record, isKept: true)
            return queue.ticket
        }
    }

    /// The ticket of the last record that anybody handed in.
    package var lastTicket: Ticket { queue.withLock { $0.ticket } }

    /// Waits until the record of a ticket, and with it every earlier one, has come as far as asked.
    package func wait(for ticket: Ticket, _ durability: Durability) async throws(SegmentLogError) {
        try await wait(for: ticket, durability, evenIfWritten: false)
    }

    private func wait(for ticket: Ticket, _ durability: Durability, evenIfWritten: Bool) async throws(SegmentLogError) {
        let result: Result<Void, SegmentLogError> = await withCheckedContinuation { continuation in
            let verdict: Result<Void, SegmentLogError>? = queue.withLock { queue in
                if let error = queue.refusal { return .failure(error) }
                let reached = durability == .synced ? queue.synced : queue.written
                if reached >= ticket, !evenIfWritten { return .success(()) }
                queue.waiters.append(Waiter(ticket: ticket, needsSync: durability == .synced) { continuation.resume(returning: $0) })
                return nil
            }
            if let verdict { continuation.resume(returning: verdict) } else { queue.signalOne() }
        }
        try result.get()
    }

    /// Ends the current segment, if anything stands in it, and returns the number of the one that takes what comes next.
    package func cutSegment() async throws(SegmentLogError) -> Int {
        let result: Result<Int, SegmentLogError> = await withCheckedContinuation { continuation in
            let refusal = queue.withLock { queue in
                if queue.refusal == nil { queue.cuts.append { continuation.resume(returning: $0) } }
                return queue.refusal
            }
            if let refusal { continuation.resume(returning: .failure(refusal)) } else { queue.signalOne() }
        }
        return try result.get()
    }

    /// As `cutSegment`, for a thread of one's own: blocks.
    package func cutSegmentBlocking() throws(SegmentLogError) -> Int {
        let answer = Condition<Result<Int, SegmentLogError>?>(nil)
        let refusal = queue.withLock { queue in
            if queue.refusal == nil {
                queue.cuts.append { result in
                    answer.withLock { $0 = result }
                    answer.signalAll()
                }
            }
            return queue.refusal
        }
        if let refusal { throw refusal }
        queue.signalOne()
        return try answer.wait(until: { $0 != nil }, then: { $0 ?? .failure(.closed) }).get()
    }

    /// Where what is written ends.
    package var end: LogPosition { queue.withLock { LogPosition(segment: $0.statistics.segment, offset: $0.statistics.segmentBytes) } }

    /// What the log has done since it was opened.
    package var statistics: LogStatistics { queue.withLock { $0.statistics } }

    /// Writes and syncs what was handed in and ends the thread. Blocks until then. Everybody who comes later is told that it is closed.
    package func close() {
        let isFirst = queue.withLock { queue in
            defer { queue.isClosing = true }
            return !queue.isClosing
        }
        queue.signalAll()
        if isFirst { thread.join() }
    }
}
