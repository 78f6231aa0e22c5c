import Bytes
import MetricModel
import SegmentLog

extension HeadReplay {
    /// Applies a record of the out-of-order log, behind all of the write-ahead log; returns why it makes no sense, or nil.
    mutating func applyOutOfOrder(_ record: UnsafeBufferPointer<UInt8>) -> String? {
        guard let code = record.first else { return "a record is empty" }
        do throws(LogRecord.Malformed) {
            switch LogRecord.Kind(rawValue: code) {
            case .samples, .samplesWithStart: try LogRecord.readSamples(record) { takeLate($0, $1, $2, nil) }
            case .histograms, .floatHistograms, .customBucketHistograms, .customBucketFloatHistograms, .histogramsWithStart, .floatHistogramsWithStart:
                try LogRecord.readHistograms(record) { if (try? $2.validate()) != nil { takeLate($0, $1, $2.sum.bitPattern, $2) } }
            case .tombstones:
                logsDeletions = true
                try LogRecord.readTombstones(record) { reference, range in
                    if reference == OutOfOrderLog.beginningReference {
                        outOfOrderBeginning = max(outOfOrderBeginning ?? 0, Int(range.lowerBound))
                        return
                    }
                    guard let ordinal = references.find(reference) else { return }
                    lateSamples -= head.shards[Head.shard(ordinal)].withLock { $0.deleteOutOfOrder(Head.slot(ordinal), range) }
                }
            case .outOfOrderMarkers:
                // They say which samples Prometheus has in `chunks_head`, too.
                try LogRecord.readMarkers(record) { highestMarker = max(highestMarker ?? $0, $0) }
            default: recordsSkipped[code, default: 0] += 1
            }
        } catch { return error.reason }
        return nil
    }

    private mutating func takeLate(_ reference: UInt64, _ time: Int64, _ bits: UInt64, _ histogram: NativeHistogram?) {
        guard let ordinal = references.find(reference), time.magnitude <= Head.timeMax.magnitude else {
            unknownLate.note(reference, histogram == nil ? .samples : .histograms)
            // The log may go on having it for some time, in which no other series may be called so.
            if reference <= Self.referenceMax { highestReference = max(highestReference, reference) }
            return
        }
        if head.shards[Head.shard(ordinal)].withLock({ $0.insertOutOfOrder(Head.slot(ordinal), time, bits, histogram) }) { lateSamples += 1 }
    }

    /// Ends the reading of the out-of-order log, whose first segment is `first`: adds what is missing before it to the damage.
    mutating func finishOutOfOrder(_ directory: SegmentDirectory, first: Int?, _ damage: inout [LogDamage]) {
        finish()
        head.settleOutOfOrder(isOwn: logsDeletions)
        guard let first, let beginning = outOfOrderBeginning, beginning < first else { return }
        damage.insert(LogDamage(file: directory.segmentPath(beginning), offset: 0, reason: "the segments from \(beginning) to \(first - 1) are missing"), at: 0)
    }
}

extension Head {
    /// Counts what the out-of-order log has given back. `isOwn` says whether it tells of deletions itself.
    func settleOutOfOrder(isOwn: Bool) {
        if !isOwn { applyTombstonesToOutOfOrder() }
        var count = 0
        for shard in shards { count += shard.withLock { $0.outOfOrder.values.reduce(0) { $0 + $1.sampleCount } } }
        outOfOrderCount.store(count, ordering: .relaxed)
        narrowOutOfOrder()
    }
}
