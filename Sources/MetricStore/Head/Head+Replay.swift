import Bytes
import MetricModel
import Synchronization

/// Puts the log's records back into the head, one thread, before anybody else is there.
struct HeadReplay: ~Copyable {
    let head: Head
    var references = ReferenceTable()
    private var lane: ReplayLane
    private var highestReference: UInt64 = 0
    private var histograms = 0
    /// Samples of the out-of-order log that were taken.
    var lateSamples = 0
    /// What else the log calls series that were dropped and came back.
    private(set) var aliases: [UInt64] = []
    var samplesOfUnknownSeries = 0
    private(set) var exemplarsOfUnknownSeries = 0
    /// Records of kinds that this store does not keep, by kind.
    var recordsSkipped: [UInt8: Int] = [:]
    /// Whether the out-of-order log tells of deletions itself.
    var logsDeletions = false
    private(set) var metadata: [(metric: String, MetricMetadata)] = []
    private let bounds: AppendBounds
    /// The highest number that a series may have, so that those to come can be numbered behind it.
    private static let referenceMax: UInt64 = 1 << 63

    /// Samples that were taken, as far as is known before `finish`.
    var samples: Int { lane.taken + histograms + lateSamples }

    init(_ head: Head) {
        self.head = head
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
        var found: [(UInt64, SeriesOrdinal)] = []
        var others: [UInt64] = []
        let head = head
        try LogRecord.readSeries(record) { reference, packed in
            guard reference <= Self.referenceMax else { return invalid = "a series has the number \(reference), behind which none are left" }
            do throws(SeriesKey.Invalid) {
                let labels = try SeriesKey.labels(packed, .packed)
                let ordinal: SeriesOrdinal? = head.index.withLock { index in
                    if let known = index.find(labels) {
                        if head.shards[Head.shard(known)].withLock({ $0.series(Head.slot(known))?.pointee.logReference }) != reference { others.append(reference) }
                        return known
                    }
                    guard let made = index.insert(labels) else { return nil }
                    head.shards[Head.shard(made)].withLock { $0.insert(Head.slot(made), logReference: reference) }
                    return made
                }
                if let ordinal { found.append((reference, ordinal)) }
            } catch {
                invalid = error.reason
            }
        }
        aliases += others
        for (reference, ordinal) in found {
            references.insert(reference, ordinal)
            highestReference = max(highestReference, reference)
        }
        if let invalid { throw LogRecord.Malformed(reason: invalid) }
    }

    private mutating func samples(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var unknown = 0
        var load = lane.filling
        try LogRecord.readSamples(record) { reference, time, bits in
            guard let ordinal = references.find(reference) else {
                unknown += 1
                return
            }
            if load.add(ordinal, time, bits) {
                lane.handOver()
                load = lane.filling
            }
        }
        samplesOfUnknownSeries += unknown
    }

    private mutating func histograms(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var (taken, unknown) = (0, 0)
        var (low, high) = (Int64.max, Int64.min)
        let (head, bounds) = (head, bounds)
        // A series may hold floats before, which must be there first.
        lane.drain()
        try LogRecord.readHistograms(record) { reference, time, histogram in
            guard let ordinal = references.find(reference) else {
                unknown += 1
                return
            }
            let isTaken = head.shards[Head.shard(ordinal)].withLock { state in
                guard let chunk = state.series(Head.slot(ordinal)) else { return false }
                return state.append(Head.slot(ordinal), chunk, time, histogram, bounds) == nil
            }
            guard isTaken else { return }
            taken += 1
            low = min(low, time)
            high = max(high, time)
        }
        histograms += taken
        samplesOfUnknownSeries += unknown
        head.widen(low, high)
    }

    /// Those of a time that blocks hold are left behind, as Prometheus does.
    private mutating func exemplars(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var unknown = 0
        let (head, minTime) = (head, bounds.minTime)
        try LogRecord.readExemplars(record) { reference, exemplar in
            guard exemplar.timestamp >= minTime else { return }
            guard let ordinal = references.find(reference), let labels = head.index.withLock({ $0.labels(of: ordinal) }) else {
                unknown += 1
                return
            }
            head.exemplars.withLock { try? $0.add(exemplar, of: labels) }
        }
        exemplarsOfUnknownSeries += unknown
    }

    private mutating func tombstones(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        let head = head
        try LogRecord.readTombstones(record) { reference, range in
            if let ordinal = references.find(reference) { head.tombstones.withLock { $0.add(UInt64(ordinal), range) } }
        }
    }

    private mutating func metadata(_ record: UnsafeBufferPointer<UInt8>) throws(LogRecord.Malformed) {
        var read: [(UInt64, MetricMetadata)] = []
        try LogRecord.readMetadata(record) { read.append(($0, $1)) }
        for (reference, entry) in read {
            guard let ordinal = references.find(reference), let name = head.index.withLock({ $0.labels(of: ordinal)?.metricName }) else { continue }
            metadata.append((name, entry))
        }
    }

    /// Everything that was read is in the head afterwards; new series are numbered behind those that were read.
    mutating func finish() {
        lane.drain()
        head.nextLogReference.store(highestReference + 1, ordering: .relaxed)
    }
}
