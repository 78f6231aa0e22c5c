import Platform
import SegmentLog

/// Reads a log without repairing it.
struct LogInspection {
    let disk: any FileSystem
    let path: String

    /// Puts the records of the last checkpoint and the segments behind it into a head, and returns what could not be read and how
    /// many records were. No log is an empty one.
    func read(into head: Head) throws(PlatformError) -> (damage: [LogDamage], records: Int) {
        guard try disk.status(path)?.isDirectory == true else { return ([], 0) }
        let directory = SegmentDirectory(disk: disk, path: path)
        let checkpoint = try directory.checkpoints().last
        var paths: [String] = []
        if let checkpoint {
            let within = SegmentDirectory(disk: disk, path: directory.checkpointPath(checkpoint))
            paths += try within.segments().map { within.segmentPath($0) }
        }
        let segments = try directory.segments().filter { $0 > checkpoint ?? -1 }
        var damage: [LogDamage] = []
        var expected = checkpoint.map { $0 + 1 } ?? segments.first
        for segment in segments {
            if let expected, segment != expected { damage.append(LogDamage(file: directory.segmentPath(expected), offset: 0, reason: "the segment is missing")) }
            expected = segment + 1
        }
        var replay = HeadReplay(head)
        var records = 0
        for path in paths + segments.map({ directory.segmentPath($0) }) {
            var reader = try LogReader(disk: disk, path: path)
            while let record = try reader.next() {
                records += 1
                if let reason = replay.apply(record) { reader.reject(reason) }
            }
            damage += reader.damage
        }
        replay.finish()
        return (damage, records)
    }
}
