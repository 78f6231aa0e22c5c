import Bytes
import MetricModel

/// Time ranges in which samples of series are deleted, both ends included (`tsdb/tombstones/tombstones.go`).
struct Tombstones: Equatable, Sendable {
    /// By series, in order of time and not overlapping.
    private(set) var intervals: [UInt64: [ClosedRange<Int64>]] = [:]

    struct Malformed: Error { let reason: String }

    init() {}

    var isEmpty: Bool { intervals.isEmpty }
    var count: Int { intervals.values.reduce(0) { $0 + $1.count } }

    func ranges(_ series: UInt64) -> [ClosedRange<Int64>] { isEmpty ? [] : intervals[series] ?? [] }

    /// Adds a range, joined with those that it meets.
    mutating func add(_ series: UInt64, _ range: ClosedRange<Int64>) {
        var (low, high) = (range.lowerBound, range.upperBound)
        var kept: [ClosedRange<Int64>] = []
        for old in intervals[series] ?? [] {
            // Neighbours in time are joined, too.
            if old.upperBound < low, old.upperBound + 1 < low { kept.append(old) } else if old.lowerBound > high, old.lowerBound - 1 > high { kept.append(old) } else {
                low = min(low, old.lowerBound)
                high = max(high, old.upperBound)
            }
        }
        kept.append(low...high)
        intervals[series] = kept.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Forgets ranges that end before `time`, and series that are gone.
    mutating func removeAll(before time: Int64, keeping isLive: (UInt64) -> Bool) {
        for (series, ranges) in intervals {
            let kept = isLive(series) ? ranges.filter { $0.upperBound >= time } : []
            intervals[series] = kept.isEmpty ? nil : kept
        }
    }

    /// A `tombstones` file.
    var encoded: [UInt8] {
        var out = ByteWriter()
        out.appendBigEndian(BlockFormat.tombstonesMagic)
        out.append(BlockFormat.tombstonesVersion)
        let start = out.count
        for series in intervals.keys.sorted() {
            for range in intervals[series] ?? [] {
                out.appendUvarint(series)
                out.appendVarint(range.lowerBound)
                out.appendVarint(range.upperBound)
            }
        }
        let checksum = out.withBytes { CRC32C.checksum(UnsafeBufferPointer(rebasing: $0[start...])) }
        out.appendBigEndian(checksum)
        return out.array()
    }

    init(file: [UInt8]) throws(Malformed) {
        let result: Result<Tombstones, Malformed> = file.withUnsafeBufferPointer { bytes in
            do throws(Malformed) { return .success(try Self.read(bytes)) } catch { return .failure(error) }
        }
        self = try result.get()
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(Malformed) -> Tombstones {
        guard bytes.count >= 9 else { throw Malformed(reason: "the file is shorter than its header") }
        var stones = Tombstones()
        let body = UnsafeBufferPointer(rebasing: bytes[5..<bytes.count - 4])
        var header = ByteCursor(bytes)
        var trailer = ByteCursor(UnsafeBufferPointer(rebasing: bytes[(bytes.count - 4)...]))
        do throws(ByteError) {
            let (magic, version): (UInt32, UInt8) = (try header.readBigEndian(), try header.readUInt8())
            guard magic == BlockFormat.tombstonesMagic, version == BlockFormat.tombstonesVersion else { throw ByteError.corruptCompression("tombstones file") }
            guard try trailer.readBigEndian(UInt32.self) == CRC32C.checksum(body) else { throw ByteError.corruptCompression("tombstones file: its checksum is wrong") }
            var cursor = ByteCursor(body)
            while !cursor.isAtEnd {
                let (series, low, high) = (try cursor.readUvarint(), try cursor.readVarint(), try cursor.readVarint())
                if low <= high { stones.add(series, low...high) }
            }
        } catch { throw Malformed(reason: "\(error)") }
        return stones
    }

    /// Takes samples that lie in `ranges` out of what `buffer` holds behind `mark`.
    static func filter(_ buffer: inout SampleBuffer, from mark: SampleMark, _ ranges: [ClosedRange<Int64>]) {
        if ranges.isEmpty { return }
        if buffer.histograms.count > mark.histograms {
            buffer.replaceHistograms(from: mark.histograms, with: buffer.histograms[mark.histograms...].filter { sample in !ranges.contains { $0.contains(sample.timestamp) } })
        }
        var kept = mark.floats
        for index in mark.floats..<buffer.count where !ranges.contains(where: { $0.contains(buffer.timestamps[index]) }) {
            buffer.timestamps[kept] = buffer.timestamps[index]
            buffer.values[kept] = buffer.values[index]
            kept += 1
        }
        buffer.truncate(to: kept)
    }
}
