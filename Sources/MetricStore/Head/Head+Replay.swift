import Bytes
import MetricModel
import Synchronization

/// Puts the log's records back into the head, one thread, before anybody else is there.
struct HeadReplay: ~Copyable {
    let head: Head
    var references = ReferenceTable()
    private var lane: ReplayLane
    var highestReference: UInt64 = 0
    private var histograms = 0
    /// Chunks of `chunks_head`, which spare the samples of their time.
    private var chunks: HeadChunks
    private(set) var chunksTaken = 0
    private var chunkSamples = 0
    /// Chunks of series that the log does not name; known after `finish`.
    private(set) var chunksOfUnknownSeries = 0
    /// Why the chunks of `chunks_head` are not the log's; then the head is to be made of the log alone.
    private(set) var disagreement: String?
    /// The highest of the chunks of `chunks_head` that the out-of-order log remarks on, as a place; nil without remarks.
    var highestMarker: HeadChunkFile.Place?
    /// Samples of the out-of-order log that were taken.
    var lateSamples = 0
    /// What else the log calls series that were dropped and came back.
    private(set) var aliases: [UInt64] = []
    /// What the write-ahead log says of series that it does not name, and what the out-of-order log does.
    var unknown = UnknownReferences()
    var unknownLate = UnknownReferences()
    /// Records of kinds that this store does not keep, by kind.
    var recordsSkipped: [UInt8: Int] = [:]
    /// Whether the out-of-order log tells of deletions itself.
    var logsDeletions = false
    /// The segment with which the out-of-order log begins, where it says so.
    var outOfOrderBeginning: Int?
    private(set) var metadata: [(metric: String, MetricMetadata)] = []
    private let bounds: AppendBounds
    /// The highest number that a series may have, so that those to come can be numbered behind it.
    static let referenceMax: UInt64 = 1 << 63

    /// Samples that were taken, as far as is known before `finish`.
    var samples: Int { lane.taken + histograms + lateSamples + chunkSamples }

    var samplesOfUnknownSeries: Int { unknown[.samples] + unknown[.histograms] + unknownLate[.samples] + unknownLate[.histograms] }
    var exemplarsOfUnknownSeries: Int { unknown[.exemplars] }

    init(_ head: Head, chunks: consuming HeadChunks = HeadChunks()) {
        self.head = head
        self.chunks = chunks
        bounds = AppendBounds(minTime: head.minValidTime.load(ordering: .relaxed), maxTime: .max, blockRangeMillis: head.blockRangeMillis)
        lane = ReplayLane(head, bounds)
    }

    /// Applies a record; returns why it makes no sense, or nil.
    mutating func apply(_ record: UnsafeBufferPointer<UInt8>) -> String? {
        guard let code = record.first else { return "a record is empty" }
        do throws(LogRecord.Malformed) {
            switch LogRecord.Kind(rawValue: code) {
            case .series: try series(record)
            case .samples, .samplesWithStart: try samples(record)
            case .metadata: try metadata(record)
            case .tombstones: try tombstones(record)
            case .histograms, .floatHistograms, .customBucketHistograms, .customBucketFloatHistograms, .histogramsWithStart, .floatHistogramsWithStart:
                try histograms(record)
            case .exemplars: try exemplars(record)
            case .outOfOrderMarkers, nil:
                recordsSkipped[code, default: 0] += 1
            }
        } catch { return error.reason }
        return nil
    }

    private mutating func series(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var invalid: String?
        var found: [(reference: UInt64, ordinal: SeriesOrdinal, isNew: Bool)] = []
        var others: [UInt64] = []
        let head = head
        try LogRecord.readSeries(record) { reference, packed in
            guard reference <= Self.referenceMax else { return invalid = "a series has the number \(reference), behind which none are left" }
            do throws(SeriesKey.Invalid) {
                let labels = try SeriesKey.labels(packed, .packed)
                let ordinal: (SeriesOrdinal, isNew: Bool)? = head.index.withLock { index in
                    if let known = index.find(labels) {
                        head.shards[Head.shard(known)].withLock { shard in
                            guard let chunk = shard.series(Head.slot(known)), chunk.pointee.logReference != reference else { return }
                            // By the later number go the samples to come, and so must the chunks.
                            others.append(chunk.pointee.logReference)
                            chunk.pointee.logReference = reference
                        }
                        return (known, false)
                    }
                    guard let made = index.insert(labels) else { return nil }
                    head.shards[Head.shard(made)].withLock { $0.insert(Head.slot(made), logReference: reference) }
                    return (made, true)
                }
                if let ordinal { found.append((reference, ordinal.0, ordinal.isNew)) }
            } catch {
                invalid = error.reason
            }
        }
        aliases += others
        for (reference, ordinal, isNew) in found {
            if !chunks.isEmpty, isNew || references.find(reference) == nil { attachChunks(reference, ordinal, isNew) }
            references.insert(reference, ordinal)
            highestReference = max(highestReference, reference)
        }
        if let invalid { throw LogRecord.Malformed(reason: invalid) }
    }

    /// Gives a series its chunks of `chunks_head`.
    private mutating func attachChunks(_ reference: UInt64, _ ordinal: SeriesOrdinal, _ isNew: Bool) {
        let (head, minTime) = (head, bounds.minTime)
        var (taken, samples, problem) = (0, 0, String?.none)
        var time: (low: Int64, high: Int64) = (.max, .min)
        // Samples under another number must be there first.
        if !isNew { lane.drain() }
        chunks.forEach(of: reference) { chunk in
            guard let count = head.shards[Head.shard(ordinal)].withLock({ $0.attach(Head.slot(ordinal), chunk, minTime: minTime) }) else {
                problem = "a chunk of series \(reference) from \(chunk.minTime) to \(chunk.maxTime) does not follow what the log has, or is not what it says"
                return false
            }
            time = (min(time.low, max(chunk.minTime, minTime)), max(time.high, chunk.maxTime))
            taken += 1
            samples += count
            return true
        }
        head.widen(time.low, time.high)
        chunksTaken += taken
        chunkSamples += samples
        if disagreement == nil { disagreement = problem }
    }

    private mutating func samples(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var load = lane.filling
        try LogRecord.readSamples(record) { reference, time, bits in
            guard let ordinal = references.find(reference) else { return unknown.note(reference, .samples) }
            if load.add(ordinal, time, bits) {
                lane.handOver()
                load = lane.filling
            }
        }
    }

    private mutating func histograms(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var taken = 0
        var (low, high) = (Int64.max, Int64.min)
        var early: (reference: UInt64, time: Int64)?
        let (head, bounds) = (head, bounds)
        // A series may hold floats before, which must be there first.
        lane.drain()
        try LogRecord.readHistograms(record) { reference, time, histogram in
            guard let ordinal = references.find(reference) else { return unknown.note(reference, .histograms) }
            let isTaken = head.shards[Head.shard(ordinal)].withLock { state in
                guard let chunk = state.series(Head.slot(ordinal)) else { return false }
                if time >= bounds.minTime {
                    switch state.mappedTime(Head.slot(ordinal), chunk, time) {
                    case .behind: break
                    case .within: return false
                    case .before:
                        early = (reference, time)
                        return false
                    }
                }
                return state.append(Head.slot(ordinal), chunk, time, histogram, bounds) == nil
            }
            guard isTaken else { return }
            taken += 1
            low = min(low, time)
            high = max(high, time)
        }
        if let early, disagreement == nil { disagreement = Self.missing("\(early.reference)", early.time) }
        histograms += taken
        head.widen(low, high)
    }

    /// Those of a time that blocks hold are left behind, as Prometheus does.
    private mutating func exemplars(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        let (head, minTime) = (head, bounds.minTime)
        try LogRecord.readExemplars(record) { reference, exemplar in
            guard exemplar.timestamp >= minTime else { return }
            guard let ordinal = references.find(reference), let labels = head.index.withLock({ $0.labels(of: ordinal) }) else {
                return unknown.note(reference, .exemplars)
            }
            head.exemplars.withLock { try? $0.add(exemplar, of: labels) }
        }
    }

    private mutating func tombstones(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        let (head, minTime) = (head, bounds.minTime)
        try LogRecord.readTombstones(record) { reference, range in
            if let ordinal = references.find(reference) { return head.tombstones.withLock { $0.add(UInt64(ordinal), range) } }
            if range.upperBound >= minTime { unknown.note(reference, .tombstones) }
        }
    }

    private mutating func metadata(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var read: [(UInt64, MetricMetadata)] = []
        try LogRecord.readMetadata(record) { read.append(($0, $1)) }
        for (reference, entry) in read {
            guard let ordinal = references.find(reference), let name = head.index.withLock({ $0.labels(of: ordinal)?.metricName }) else {
                unknown.note(reference, .metadata)
                continue
            }
            metadata.append((name, entry))
        }
    }

    private static func missing(_ series: String, _ time: Int64) -> String { "the log has a sample of series \(series) at \(time), before its first chunk" }

    /// Everything that was read is in the head afterwards; new series are numbered behind those that were read, so that no chunk is ever
    /// taken for one of theirs.
    mutating func finish() {
        lane.drain()
        highestReference = max(highestReference, min(chunks.highestReference, Self.referenceMax))
        head.nextLogReference.store(highestReference + 1, ordering: .relaxed)
        if let early = lane.earlySample, disagreement == nil {
            disagreement = Self.missing(head.index.withLock { $0.labels(of: early.ordinal) }.map { "\($0)" } ?? "", early.time)
        }
        for shard in head.shards { shard.withLock { $0.endReplay() } }
        chunksOfUnknownSeries += chunks.leftCount
        chunks = HeadChunks()
    }
}
