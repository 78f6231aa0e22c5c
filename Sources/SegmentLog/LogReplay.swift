import Bytes
import Platform

/// What reading a log brought to light.
package struct ReplayReport: Sendable {
    package var segments = 0
    package var records = 0
    /// Bytes of segments and checkpoint that were read.
    package var bytes = 0
    /// What could not be read; each file was put right, and its original set aside as `….damaged`.
    package var damage: [LogDamage] = []
    /// The checkpoint that was read first.
    package var checkpoint: Int?
    /// The first segment that there was behind it.
    package var firstSegment: Int?
}

/// How far a replay has come.
package struct ReplayProgress: Sendable {
    package var bytesDone: Int
    package var bytesTotal: Int
}

/// Reads a log from its last checkpoint to its end, and repairs what is damaged.
struct LogReplay: ~Copyable {
    let directory: SegmentDirectory
    var report = ReplayReport()
    private var total = 0

    init(_ directory: SegmentDirectory) { self.directory = directory }

    /// Hands every record to `body`, which answers nil, or why the record makes no sense. Returns the number that the next segment takes.
    mutating func run(progress: (ReplayProgress) -> Void, _ body: (UnsafeBufferPointer<UInt8>) -> String?) throws(PlatformError) -> Int {
        try directory.removeDrafts()
        let checkpoint = try directory.checkpoints().last
        let all = try directory.segments()
        let segments = all.filter { $0 > checkpoint ?? -1 }
        var paths: [String] = []
        var checkpointCount = 0
        if let checkpoint {
            report.checkpoint = checkpoint
            let folder = directory.checkpointPath(checkpoint)
            let within = SegmentDirectory(disk: directory.disk, path: folder)
            try within.removeDrafts()
            let parts = try within.segments()
            if parts.isEmpty || parts.last != parts.count - 1 {
                let missing = (0...parts.count).first { !parts.contains($0) } ?? 0
                report.damage.append(LogDamage(file: within.segmentPath(missing), offset: 0, reason: "the segment is missing"))
            }
            paths += parts.map { within.segmentPath($0) }
            checkpointCount = paths.count
        }
        paths += segments.map { directory.segmentPath($0) }
        for path in paths { total += try directory.disk.status(path)?.size ?? 0 }

        var expected = checkpoint.map { $0 + 1 } ?? segments.first
        for index in segments {
            if let expected, index != expected {
                report.damage.append(LogDamage(file: directory.segmentPath(expected), offset: 0, reason: "the segment is missing", isTornTail: false))
            }
            expected = index + 1
        }
        for (number, path) in paths.enumerated() { try read(path, isLast: number == paths.count - 1, isWhole: number < checkpointCount, progress, body) }
        report.segments = segments.count
        report.firstSegment = segments.first
        var next = max((all.last ?? -1) + 1, (checkpoint ?? -1) + 1)
        // The last one is written to when nothing stands in it.
        if let last = segments.last, try directory.disk.status(directory.segmentPath(last))?.size == 0 { next = last }
        return next
    }

    /// `isWhole` tells that the segment was ended, which only one that is written to when the process dies is not.
    private mutating func read(_ path: String, isLast: Bool, isWhole: Bool, _ progress: (ReplayProgress) -> Void, _ body: (UnsafeBufferPointer<UInt8>) -> String?) throws(PlatformError) {
        var reader = try LogReader(disk: directory.disk, path: path)
        var told = 0
        while let record = try reader.next() {
            report.records += 1
            if let reason = body(record) { reader.reject(reason) }
            if reader.bytesRead - told >= 4 << 20 {
                told = reader.bytesRead
                progress(ReplayProgress(bytesDone: report.bytes + told, bytesTotal: total))
            }
        }
        if isWhole, reader.damage.isEmpty { reader.expectWholePages() }
        report.bytes += reader.fileBytes
        progress(ReplayProgress(bytesDone: report.bytes, bytesTotal: total))
        guard !reader.damage.isEmpty else { return }
        for var damage in reader.damage where report.damage.count < LogReader.damageMax {
            damage.isTornTail = isLast && damage.offset >= reader.tailStart ?? .max
            report.damage.append(damage)
        }
        try repair(path, dropping: reader.rejected)
    }

    /// Writes the readable records of a segment anew, sets the original aside and puts the new file in its place.
    private func repair(_ path: String, dropping rejected: Set<Int>) throws(PlatformError) {
        let disk = directory.disk
        let draft = path + SegmentDirectory.repairSuffix
        let file = try disk.open(draft, .create)
        defer { file.close() }
        var reader = try LogReader(disk: disk, path: path)
        // A rewritten record can be larger than it was when it was compressed otherwise, so the bound is the reader's own.
        var framer = RecordFramer(segmentBytes: 2 * RecordFraming.recordBytesMax, compression: .zstd)
        while let record = try reader.next() {
            if rejected.contains(reader.recordStart) { continue }
            _ = framer.frame(record)
            if framer.out.count >= 1 << 20 { try Self.flush(&framer, to: file) }
        }
        framer.finishPage()
        try Self.flush(&framer, to: file)
        try file.sync()
        let aside = path + SegmentDirectory.damagedSuffix
        try disk.removeFile(aside)
        try disk.link(path, as: aside)
        try disk.renameDurably(draft, to: path)
    }

    static func flush(_ framer: inout RecordFramer, to file: any OpenFile) throws(PlatformError) {
        // SAFETY: the bytes are the framer's own and are written before it changes.
        try file.append(UnsafeBufferPointer(start: framer.out.base, count: framer.out.count))
        framer.markWritten()
    }
}
