import Bytes
import Platform

/// Somebody who waits for a record to come far enough.
struct Waiter {
    let ticket: SegmentLog.Ticket
    let needsSync: Bool
    /// Called once, from the log's thread.
    let resume: @Sendable (Result<Void, SegmentLogError>) -> Void
}

/// What lies between the callers of a log and its thread.
struct Queue: ~Copyable {
    /// Handed in and not taken by the thread.
    var pending = PendingRecords()
    /// The last ticket given.
    private(set) var ticket: SegmentLog.Ticket = 0
    /// The last ticket whose record, and all before it, is written, or synced.
    var written: SegmentLog.Ticket = 0
    var synced: SegmentLog.Ticket = 0
    var waiters: [Waiter] = []
    /// Who wants another segment begun, and is told its number.
    var cuts: [@Sendable (Result<Int, SegmentLogError>) -> Void] = []
    /// Why the last write failed; nil when it did not.
    var stall: SegmentLogError?
    /// Why nothing can be written any more.
    var failure: SegmentLogError?
    var isClosing = false
    var isClosed = false
    var statistics = LogStatistics()

    init(segment: Int) { statistics.segment = segment }

    var refusal: SegmentLogError? { failure ?? (isClosing ? .closed : nil) }

    /// Whether the thread has something to do. Records alone can wait for company until there are many.
    var hasWork: Bool { !waiters.isEmpty || !cuts.isEmpty || isClosing || (pending.count >= 1 << 20 && stall == nil) }

    mutating func add(_ record: UnsafeBufferPointer<UInt8>, isKept: Bool) {
        ticket += 1
        pending.add(record, ticket: ticket, isKept: isKept)
    }
}

/// Records one behind the other, each with its ticket.
struct PendingRecords: ~Copyable {
    private var bytes = ByteWriter(capacity: 64 << 10)
    private static let headerBytes = 16

    /// Bytes held.
    var count: Int { bytes.count }
    var isEmpty: Bool { bytes.count == 0 }

    mutating func add(_ record: UnsafeBufferPointer<UInt8>, ticket: UInt64, isKept: Bool) {
        bytes.appendLittleEndian(ticket << 1 | (isKept ? 1 : 0))
        bytes.appendLittleEndian(UInt64(record.count))
        bytes.append(record)
    }

    mutating func removeAll() {
        // A burst must not hold its memory for ever.
        if bytes.capacity > 8 << 20 { bytes = ByteWriter(capacity: 64 << 10) } else { bytes.removeAll() }
    }

    struct Entry {
        let ticket: UInt64
        let isKept: Bool
        let record: UnsafeBufferPointer<UInt8>
        let end: Int
    }

    /// The record at `offset`; its bytes are valid until the next change.
    func entry(at offset: Int) -> Entry {
        let base = UnsafeRawPointer(bytes.base) + offset
        // SAFETY: `offset` is 0 or the `end` of an entry before, and below `count`; `add` wrote a header and the bytes there.
        let head = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
        let length = Int(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        let record = UnsafeBufferPointer(start: UnsafePointer(bytes.base + offset + Self.headerBytes), count: length)
        return Entry(ticket: head >> 1, isKept: head & 1 == 1, record: record, end: offset + Self.headerBytes + length)
    }

    /// What of `other` lies behind `offset` and is to be kept, and behind that what is here, for a failed write to be tried again.
    mutating func putBack(_ other: borrowing PendingRecords, from offset: Int) {
        var kept = PendingRecords()
        var at = offset
        while at < other.count {
            let entry = other.entry(at: at)
            if entry.isKept { kept.add(entry.record, ticket: entry.ticket, isKept: true) }
            at = entry.end
        }
        // Those who handed in the rest meanwhile wait on; theirs goes behind.
        kept.bytes.append(UnsafeBufferPointer(start: bytes.base, count: bytes.count))
        swap(&self, &kept)
    }
}
