import SegmentLog

/// How far a reader of commits has come: a place in the write-ahead log and one in the log of samples out of order.
package struct CommitPosition: Hashable, Sendable {
    package var log: LogPosition
    /// Nil stands before the first sample that comes out of order.
    package var late: LogPosition?

    package init(log: LogPosition, late: LogPosition?) {
        self.log = log
        self.late = late
    }
}

/// As text, to be kept in a file: `17:32768:45/0:0:0`, or `17:32768:45/-`.
extension CommitPosition: LosslessStringConvertible {
    package var description: String { "\(log)/\(late.map { "\($0)" } ?? "-")" }

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let log = LogPosition(parts[0]) else { return nil }
        let late = LogPosition(parts[1])
        guard late != nil || parts[1] == "-" else { return nil }
        self.init(log: log, late: late)
    }
}
