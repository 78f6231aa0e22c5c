/// A place in a log between two records.
package struct LogPosition: Hashable, Sendable {
    package var segment: Int
    /// Bytes of the segment before it.
    package var offset: Int
    /// Records of the segment before it, which a repair does not change; 0 where nobody counted.
    package var record = 0

    package init(segment: Int, offset: Int, record: Int = 0) {
        self.segment = segment
        self.offset = offset
        self.record = record
    }
}

extension LogPosition: Comparable {
    package static func < (a: LogPosition, b: LogPosition) -> Bool { (a.segment, a.offset) < (b.segment, b.offset) }

    /// The same place, whether or not its records were counted.
    package static func == (a: LogPosition, b: LogPosition) -> Bool { (a.segment, a.offset) == (b.segment, b.offset) }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(segment)
        hasher.combine(offset)
    }
}

/// As text: `17:32768:45`.
extension LogPosition: LosslessStringConvertible {
    package var description: String { "\(segment):\(offset):\(record)" }

    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let segment = parts[0], let offset = parts[1], let record = parts[2], segment >= 0, offset >= 0, record >= 0 else { return nil }
        self.init(segment: segment, offset: offset, record: record)
    }
}
