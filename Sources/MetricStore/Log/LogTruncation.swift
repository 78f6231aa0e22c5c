import Bytes
import MetricModel
import Platform
import SegmentLog

/// Takes away the log's old segments, after what is still needed of them has gone into a checkpoint (`tsdb/wlog/checkpoint.go`).
struct LogTruncation {
    let directory: SegmentDirectory
    /// Samples before it are in blocks.
    let minTime: Int64
    /// Whether the record of a series is still needed.
    let keepsSeries: (UInt64) -> Bool

    struct Malformed: Error { let reason: String }

    /// The last segment that the next checkpoint takes: two thirds of what there is but the one written to; nil when that is not worth it.
    static func lastSegment(first: Int, current: Int) -> Int? {
        let last = first + (current - 1 - first) * 2 / 3
        return last > first ? last : nil
    }

    /// Writes the checkpoint of everything up to segment `last`, and removes what it replaces.
    func run(upTo last: Int) throws(MetricStoreError) {
        do throws(PlatformError) {
            let previous = try directory.checkpoints().last
            var paths: [String] = []
            if let previous {
                let within = SegmentDirectory(disk: directory.disk, path: directory.checkpointPath(previous))
                paths += try within.segments().map { within.segmentPath($0) }
            }
            paths += try directory.segments().filter { $0 > previous ?? -1 && $0 <= last }.map { directory.segmentPath($0) }
            var writer = try CheckpointWriter(directory, index: last)
            let failure = copy(paths, to: &writer)
            if let failure {
                writer.abandon()
                throw failure
            }
            try writer.finish()
            try directory.removeSegments(below: last + 1)
        } catch { throw MetricStoreError(error) }
    }

    private func copy(_ paths: [String], to writer: inout CheckpointWriter) -> PlatformError? {
        do throws(PlatformError) {
            var out = ByteWriter(capacity: 1 << 16)
            for path in paths {
                var reader = try LogReader(disk: directory.disk, path: path)
                while let record = try reader.next() {
                    out.removeAll()
                    var histograms: [[UInt8]] = []
                    guard select(record, into: &out, &histograms) else {
                        try writer.append(record)
                        continue
                    }
                    if out.count > 0 { try writer.append(UnsafeBufferPointer(start: out.base, count: out.count)) }
                    for record in histograms { try record.withUnsafeBufferPointer { record throws(PlatformError) in try writer.append(record) } }
                }
            }
        } catch { return error }
        return nil
    }

    /// Writes what of a record is needed; of histograms it may be two records, which go to `records`. False for records that are taken as they are, because nothing here knows them.
    private func select(_ record: UnsafeBufferPointer<UInt8>, into out: inout ByteWriter, _ records: inout [[UInt8]]) -> Bool {
        do throws(LogRecord.Malformed) {
            switch record.first.flatMap({ LogRecord.Kind(rawValue: $0) }) {
            case .series:
                var kept = ByteWriter(capacity: record.count)
                try LogRecord.readSeries(record) { reference, packed in
                    guard keepsSeries(reference) else { return }
                    if kept.count == 0 { LogRecord.beginSeries(&kept) }
                    LogRecord.appendSeries(reference, Labels(unchecked: Array(packed)), to: &kept)
                }
                kept.withBytes { out.append($0) }
            case .samples, .samplesWithStart:
                var kept = SampleRecordWriter()
                try LogRecord.readSamples(record) { reference, time, bits in if time >= minTime { kept.append(reference, time, bits) } }
                kept.out.withBytes { out.append($0) }
            case .histograms, .floatHistograms, .customBucketHistograms, .customBucketFloatHistograms, .histogramsWithStart, .floatHistogramsWithStart:
                var kept = HistogramRecordWriter()
                try LogRecord.readHistograms(record) { reference, time, histogram in if time >= minTime { kept.append(reference, time, histogram) } }
                // All of a record are of one kind, but those of either kind of buckets may stand together in records with starts.
                kept.drain { records.append(Array($0)) }
            case .tombstones:
                var kept = ByteWriter(capacity: record.count)
                try LogRecord.readTombstones(record) { reference, range in
                    guard range.upperBound >= minTime, keepsSeries(reference) else { return }
                    if kept.count == 0 { LogRecord.beginTombstones(&kept) }
                    LogRecord.appendTombstone(reference, range, to: &kept)
                }
                kept.withBytes { out.append($0) }
            case .exemplars:
                var kept = ExemplarRecordWriter()
                try LogRecord.readExemplars(record) { reference, exemplar in if exemplar.timestamp >= minTime { kept.append(reference, exemplar) } }
                kept.out.withBytes { out.append($0) }
            case .metadata:
                var kept = ByteWriter(capacity: record.count)
                try LogRecord.readMetadata(record) { reference, metadata in
                    guard keepsSeries(reference) else { return }
                    if kept.count == 0 { LogRecord.beginMetadata(&kept) }
                    LogRecord.metadata(reference, metadata, to: &kept)
                }
                kept.withBytes { out.append($0) }
            default: return false
            }
        } catch { return true }
        return true
    }
}
