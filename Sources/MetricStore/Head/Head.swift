import Bytes
import MetricModel
import SegmentLog
import Synchronization

/// The samples of the last hours, in memory: every series with its chunks, found by name or by label.
///
/// Locks, in the order in which they may be held together: the index, then a shard, then the log's queue. The key table is locked alone;
/// the ring of exemplars before the log's queue and none of the others.
final class Head: Sendable {
    static let shardCount = 8

    let shards: [Guarded<HeadShard>] = (0..<shardCount).map { _ in Guarded(HeadShard()) }
    let keys = Guarded(KeyTable())
    let index = Guarded(HeadIndex())
    let snapshots = SnapshotRegistry()
    /// Deletions, by the number of the series.
    let tombstones = Mutex(Tombstones())
    /// None are kept until it is given a capacity.
    let exemplars = Mutex(ExemplarRing(capacity: 0))
    let blockRangeMillis: Int64
    let seriesMax: Int
    let counters = HeadCounters()
    /// What the log calls the next new series.
    let nextLogReference = Atomic<UInt64>(1)
    /// The times of samples, `.max` and `.min` while there are none.
    let minTime = Atomic<Int64>(.max)
    let maxTime = Atomic<Int64>(.min)
    /// Below it blocks hold the samples.
    let minValidTime = Atomic<Int64>(.min)
    /// How far behind the latest sample one may be that comes out of order; 0 when none may.
    let outOfOrderWindowMillis = Atomic<Int64>(0)
    /// Between which times samples out of order may lie, `.max` and `.min` while there are none; and how many there are.
    let outOfOrderLow = Atomic<Int64>(.max)
    let outOfOrderHigh = Atomic<Int64>(.min)
    let outOfOrderCount = Atomic<Int>(0)
    /// With so many samples out of order a block is made of them without waiting for the head's next one.
    static let outOfOrderCountMax = 4 << 20

    init(blockRangeMillis: Int64, seriesMax: Int) {
        self.blockRangeMillis = blockRangeMillis
        self.seriesMax = seriesMax
    }

    static func shard(_ ordinal: SeriesOrdinal) -> Int { Int(ordinal) % shardCount }
    static func slot(_ ordinal: SeriesOrdinal) -> Int { Int(ordinal) / shardCount }
    static func ordinal(shard: Int, slot: Int) -> SeriesOrdinal { SeriesOrdinal(slot * shardCount + shard) }

    /// The earliest time that a sample may have now (`appendableMinValidTime`): half a block before the latest, so that what is compacted
    /// does not change.
    var appendableMinTime: Int64 {
        let latest = maxTime.load(ordering: .relaxed)
        let floor = minValidTime.load(ordering: .relaxed)
        return latest == .min ? floor : max(floor, latest - blockRangeMillis / 2)
    }

    /// Whether there is enough for a block (`compactable`): one and a half ranges.
    var isCompactable: Bool {
        let (low, high) = (minTime.load(ordering: .relaxed), maxTime.load(ordering: .relaxed))
        return low <= high && high - low > blockRangeMillis / 2 * 3
    }

    /// Whether samples may lie in `time`.
    func overlaps(_ time: ClosedRange<Int64>) -> Bool {
        overlapsInOrder(time) || outOfOrderLow.load(ordering: .relaxed) <= time.upperBound && outOfOrderHigh.load(ordering: .relaxed) >= time.lowerBound
    }

    /// Whether samples that came in order may.
    func overlapsInOrder(_ time: ClosedRange<Int64>) -> Bool {
        minTime.load(ordering: .relaxed) <= time.upperBound && maxTime.load(ordering: .relaxed) >= time.lowerBound
    }

    /// How many chunks there are, were made and were dropped, and the memory for them.
    var chunkCounts: (live: Int, created: Int, removed: Int, bytes: Int) {
        var counts = (live: 0, created: 0, removed: 0, bytes: 0)
        for shard in shards {
            shard.withLock { shard in
                counts.live += shard.chunkCount
                counts.created += shard.chunksCreated
                counts.removed += shard.chunksRemoved
                counts.bytes += shard.byteCount
            }
        }
        return counts
    }

    func widen(_ low: Int64, _ high: Int64) {
        guard low <= high else { return }
        maxTime.max(high, ordering: .relaxed)
        minTime.min(low, ordering: .relaxed)
    }
}

/// What the head has counted, for metrics.
final class HeadCounters: Sendable {
    /// Something counted for either kind of samples.
    final class Pair: Sendable {
        let floats = Atomic<Int>(0)
        let histograms = Atomic<Int>(0)

        func add(_ floats: Int, _ histograms: Int) {
            self.floats.add(floats, ordering: .relaxed)
            self.histograms.add(histograms, ordering: .relaxed)
        }
    }

    /// Floats; histograms are counted apart.
    let samplesAppended = Atomic<Int>(0)
    let histogramsAppended = Atomic<Int>(0)
    let outOfOrder = Pair()
    let outOfOrderAppended = Pair()
    let outOfBounds = Pair()
    let beyondWindow = Pair()
    let duplicates = Atomic<Int>(0)
    let invalidLabels = Atomic<Int>(0)
    let overSeriesLimit = Atomic<Int>(0)
    let seriesCreated = Atomic<Int>(0)
    let seriesRemoved = Atomic<Int>(0)
    let truncations = Atomic<Int>(0)
    /// By how many seconds samples were behind the head's latest that came out of order.
    let lateness = Mutex(DurationHistogram(bounds: latenessBounds))
    static let latenessBounds: [Double] = [600, 1800, 3600, 7200, 10_800, 21_600, 43_200]
}
