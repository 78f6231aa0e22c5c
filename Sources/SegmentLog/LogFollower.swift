import Platform

/// Reads a log behind its writer: record for record from a position, over the ends of segments, as far as is written.
///
/// Holds no file between two records of different segments, and none of segments that it has not come to, so that the log's owner may remove
/// what it likes. Blocks.
package struct LogFollower: ~Copyable {
    private let directory: SegmentDirectory
    private var reader: LogReader?
    /// Behind the last record that was given.
    package private(set) var position: LogPosition
    private let end: LogPosition
    /// Segments between the position that was asked for and the end that are not there any more.
    package private(set) var segmentsLost = 0
    /// The number of the record of this segment at which to end; nil where the offset tells.
    private var lastRecord: Int?

    /// From `position` to `end`, which is the end of a record.
    package init(_ directory: SegmentDirectory, from position: LogPosition, to end: LogPosition) {
        self.directory = directory
        self.position = position
        self.end = end
    }

    /// The next record, valid until the next call; nil at the end. What is damaged is passed over.
    package mutating func next() throws(PlatformError) -> UnsafeBufferPointer<UInt8>? {
        while true {
            if reader == nil {
                guard position < end, try openSegment() else { return nil }
            }
            if position.record < lastRecord ?? .max, let record = try reader?.next() {
                position.offset = reader?.bytesRead ?? position.offset
                position.record += 1
                return record
            }
            reader = nil
            guard position.segment < end.segment else {
                position = LogPosition(segment: end.segment, offset: end.offset, record: position.record)
                return nil
            }
            position = LogPosition(segment: position.segment + 1, offset: 0)
        }
    }

    /// Opens the segment of the position, or the next one that there is; false when there is none up to the end.
    private mutating func openSegment() throws(PlatformError) -> Bool {
        while position.segment <= end.segment {
            let path = directory.segmentPath(position.segment)
            do throws(PlatformError) {
                // After a repair the offsets are others, but the records are those that could be read before.
                let isRepaired = try directory.isRepaired(position.segment)
                let isLast = position.segment == end.segment
                lastRecord = isRepaired && isLast ? end.record : nil
                var opened = try LogReader(disk: directory.disk, path: path, from: isRepaired ? 0 : position.offset, to: isLast && !isRepaired ? end.offset : nil)
                if isRepaired { for _ in 0..<position.record { _ = try opened.next() } }
                reader = consume opened
                return true
            } catch {
                guard error.isNotFound else { throw error }
                segmentsLost += 1
                position = LogPosition(segment: position.segment + 1, offset: 0)
            }
        }
        position = end
        return false
    }
}
