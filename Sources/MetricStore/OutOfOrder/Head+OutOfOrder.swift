import Bytes
import MetricModel
import SegmentLog
import Synchronization

extension Head {
    /// Times beyond it are no times: there must be room for a block around every one.
    static let timeMax: Int64 = 1 << 60

    /// The earliest time that a sample may have that is not later than the last of its series; nil when none may. `first` is the time of a
    /// batch's first sample, which counts while the head has none.
    func outOfOrderMinTime(first: Int64) -> Int64? {
        let window = outOfOrderWindowMillis.load(ordering: .relaxed)
        if window <= 0 { return nil }
        let latest = maxTime.load(ordering: .relaxed)
        let (time, overflows) = (latest == .min ? first : latest).subtractingReportingOverflow(window)
        return overflows ? -Self.timeMax : max(time, -Self.timeMax)
    }

    var holdsOutOfOrder: Bool { outOfOrderLow.load(ordering: .relaxed) <= outOfOrderHigh.load(ordering: .relaxed) }

    /// Whether there are more out-of-order samples than should wait in memory for the head's next block.
    var isOutOfOrderDue: Bool { outOfOrderCount.load(ordering: .relaxed) >= Self.outOfOrderCountMax }

    func widenOutOfOrder(_ low: Int64, _ high: Int64, count: Int) {
        if count == 0 { return }
        outOfOrderHigh.max(high, ordering: .relaxed)
        outOfOrderLow.min(low, ordering: .relaxed)
        outOfOrderCount.add(count, ordering: .relaxed)
    }

    /// Takes back the bounds of out-of-order times to what there is now.
    func narrowOutOfOrder() {
        var (low, high) = (Int64.max, Int64.min)
        // With every shard held: what was kept before is seen here, and what comes later widens the bounds again.
        func look(_ number: Int) {
            guard number < shards.count else {
                outOfOrderLow.store(low, ordering: .relaxed)
                outOfOrderHigh.store(high, ordering: .relaxed)
                return
            }
            shards[number].withLock { shard in
                for series in shard.outOfOrder.values {
                    guard let extent = series.extent else { continue }
                    low = min(low, extent.lowerBound)
                    high = max(high, extent.upperBound)
                }
                look(number + 1)
            }
        }
        look(0)
    }

    /// The out-of-order samples of a series as they were at some moment.
    struct OutOfOrderPart {
        let ordinal: SeriesOrdinal
        let labels: Labels
        let series: OutOfOrderSeries
    }

    /// How many series are looked at before a shard's lock is let go.
    private static let captureCount = 256

    /// All out-of-order samples, by the labels of their series.
    ///
    /// - Parameter isSealing: whether they are to be complete chunks, so that `removeOutOfOrder` can tell them from what comes later.
    func captureOutOfOrder(isSealing: Bool) -> [OutOfOrderPart] {
        var captured: [(ordinal: SeriesOrdinal, series: OutOfOrderSeries)] = []
        for (number, shard) in shards.enumerated() {
            let slots = shard.withLock { Array($0.outOfOrder.keys) }
            for start in stride(from: 0, to: slots.count, by: Self.captureCount) {
                shard.withLock { shard in
                    for slot in slots[start..<min(start + Self.captureCount, slots.count)] {
                        if isSealing { shard.outOfOrder[slot]?.seal() }
                        if let series = shard.outOfOrder[slot] { captured.append((Self.ordinal(shard: number, slot: slot), series)) }
                    }
                }
            }
        }
        let parts = index.withLock { index in
            captured.compactMap { entry in index.labels(of: entry.ordinal).map { OutOfOrderPart(ordinal: entry.ordinal, labels: $0, series: entry.series) } }
        }
        return parts.sorted { $0.labels < $1.labels }
    }

    /// Forgets what was captured, sealed, and is in blocks now.
    func removeOutOfOrder(_ parts: [OutOfOrderPart]) {
        for part in parts {
            shards[Self.shard(part.ordinal)].withLock { $0.removeOutOfOrder(Self.slot(part.ordinal), part.series.sealed.count) }
        }
        outOfOrderCount.subtract(parts.reduce(0) { $0 + $1.series.sampleCount }, ordering: .relaxed)
        narrowOutOfOrder()
    }

    /// Takes the out-of-order samples in `time` out of the matching series, and hands that in to their log.
    func deleteOutOfOrder(_ matchers: [Matcher], _ time: ClosedRange<Int64>, _ log: SegmentLog) {
        var byShard = [[SeriesOrdinal]](repeating: [], count: Self.shardCount)
        for ordinal in index.withLock({ $0.match(matchers) }) { byShard[Self.shard(ordinal)].append(ordinal) }
        var count = 0
        for (number, ordinals) in byShard.enumerated() where !ordinals.isEmpty {
            shards[number].withLock { shard in
                if shard.outOfOrder.isEmpty { return }
                var record = ByteWriter(capacity: 64)
                for ordinal in ordinals {
                    let deleted = shard.deleteOutOfOrder(Self.slot(ordinal), time)
                    guard deleted > 0, let chunk = shard.series(Self.slot(ordinal)) else { continue }
                    count += deleted
                    if record.count == 0 { LogRecord.beginTombstones(&record) }
                    LogRecord.appendTombstone(chunk.pointee.logReference, time, to: &record)
                }
                // With the lock held: what comes later stands behind it in the log and is not deleted.
                if record.count > 0 { _ = record.withBytes { log.enqueue($0) } }
            }
        }
        outOfOrderCount.subtract(count, ordering: .relaxed)
        if count > 0 { narrowOutOfOrder() }
    }

    /// Takes out-of-order samples out where the head's own tombstones lie.
    func applyTombstonesToOutOfOrder() {
        var count = 0
        for (series, ranges) in tombstones.withLock({ $0.intervals }) {
            guard let ordinal = SeriesOrdinal(exactly: series) else { continue }
            for range in ranges { count += shards[Self.shard(ordinal)].withLock { $0.deleteOutOfOrder(Self.slot(ordinal), range) } }
        }
        outOfOrderCount.subtract(count, ordering: .relaxed)
        if count > 0 { narrowOutOfOrder() }
    }

    /// A record of the head's tombstones, under the names that the log has for the series.
    func tombstoneRecord() -> [UInt8] {
        var record = ByteWriter(capacity: 64)
        LogRecord.beginTombstones(&record)
        for (series, ranges) in tombstones.withLock({ $0.intervals }) {
            guard let ordinal = SeriesOrdinal(exactly: series) else { continue }
            guard let reference = shards[Self.shard(ordinal)].withLock({ $0.series(Self.slot(ordinal))?.pointee.logReference }) else { continue }
            for range in ranges { LogRecord.appendTombstone(reference, range, to: &record) }
        }
        return record.array()
    }
}
