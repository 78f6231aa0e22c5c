import Platform
import SegmentLog

/// Reads the logs of a data directory without repairing them.
struct LogInspection {
    let disk: any FileSystem
    let directory: String

    /// What reading brought to light.
    struct Findings {
        /// What could not be read.
        var damage: [LogDamage] = []
        /// How many records were.
        var records = 0
    }

    /// Puts the records of the write-ahead log, from the last checkpoint on, and of the out-of-order log into a head. No log is an empty one.
    func read(into head: Head) throws(PlatformError) -> Findings {
        var findings = Findings()
        var replay = HeadReplay(head)
        try read("\(directory)/wal", hasCheckpoints: true, &findings) { replay.apply($0) }
        replay.finish()
        let outOfOrder = SegmentDirectory(disk: disk, path: OutOfOrderLog.path(directory))
        let first = try disk.status(outOfOrder.path) == nil ? nil : try outOfOrder.segments().first
        try read(outOfOrder.path, hasCheckpoints: false, &findings) { replay.applyOutOfOrder($0) }
        replay.finishOutOfOrder(outOfOrder, first: first, &findings.damage)
        return findings
    }

    private func read(_ path: String, hasCheckpoints: Bool, _ findings: inout Findings, _ apply: (UnsafeBufferPointer<UInt8>) -> String?) throws(PlatformError) {
        guard try disk.status(path)?.isDirectory == true else { return }
        let directory = SegmentDirectory(disk: disk, path: path)
        let checkpoint = try directory.checkpoints().last
        var paths: [String] = []
        if let checkpoint {
            let within = SegmentDirectory(disk: disk, path: directory.checkpointPath(checkpoint))
            paths += try within.segments().map { within.segmentPath($0) }
        }
        let segments = try directory.segments().filter { $0 > checkpoint ?? -1 }
        // Segments of the write-ahead log go only when a checkpoint stands for them.
        var expected = checkpoint.map { $0 + 1 } ?? (hasCheckpoints ? 0 : segments.first)
        for segment in segments {
            if let expected, segment != expected {
                findings.damage.append(LogDamage(file: directory.segmentPath(expected), offset: 0, reason: "the segment is missing"))
            }
            expected = segment + 1
        }
        for path in paths + segments.map({ directory.segmentPath($0) }) {
            var reader = try LogReader(disk: disk, path: path)
            while let record = try reader.next() {
                findings.records += 1
                if let reason = apply(record) { reader.reject(reason) }
            }
            findings.damage += reader.damage
        }
    }
}
