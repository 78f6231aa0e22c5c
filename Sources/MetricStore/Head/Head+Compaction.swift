import MetricModel
import Synchronization

/// What a block needs to know before its first series.
struct BlockContents: ~Copyable {
    /// Every string of the labels, in byte order.
    var symbols: StringTable
    /// In the order of the labels.
    var series: [(ordinal: SeriesOrdinal, labels: Labels)]
}

extension Head {
    /// The time that the next block takes, its end not included (`DB.Compact`).
    var nextBlock: Range<Int64> {
        let start = minTime.load(ordering: .relaxed)
        return start..<(start / blockRangeMillis * blockRangeMillis + blockRangeMillis)
    }

    /// Refuses samples before `time` from now on, and returns when none is on the way into memory.
    func seal(before time: Int64) {
        minValidTime.max(time, ordering: .sequentiallyConsistent)
        for shard in shards { shard.withLock { _ in } }
    }

    /// All series that there are now.
    func blockContents() -> BlockContents {
        var texts: [String] = []
        var series: [(ordinal: SeriesOrdinal, labels: Labels)] = []
        index.withLock { index in
            index.forEachLabel { name, label in
                texts.append(name)
                for value in label.postings.indices where label.postings[value].count > 0 { texts.append(label.values.string(value)) }
            }
            series.reserveCapacity(index.seriesCount)
            for ordinal in index.all { if let labels = index.labels(of: ordinal) { series.append((ordinal, labels)) } }
        }
        texts.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var symbols = StringTable()
        for var text in texts { text.withUTF8 { _ = symbols.insert($0) } }
        series.sort { $0.labels < $1.labels }
        return BlockContents(symbols: symbols, series: series)
    }

    /// Calls `body` with every given series that has samples in order in `time`, in turn, as it stands.
    func forEachSeries(_ list: [(ordinal: SeriesOrdinal, labels: Labels)], _ time: ClosedRange<Int64>, _ body: (HeadSeries) throws(MetricStoreError) -> Void) throws(MetricStoreError) {
        let lease = snapshots.lease()
        let deleted = tombstones.withLock { $0 }
        for (ordinal, labels) in list {
            let snapshot = HeadSnapshot(lease: lease, seriesCount: 1)
            guard let chunks = shards[Self.shard(ordinal)].withLock({ snapshot.capture(Self.slot(ordinal), in: $0, time, includingOutOfOrder: false) }) else { continue }
            try body(HeadSeries(labels: labels, snapshot: snapshot, chunks: chunks, deleted: deleted.ranges(UInt64(ordinal))))
        }
    }

    /// Drops what lies before `time`, which a block has. Returns what the log calls the series that are gone.
    func truncate(before time: Int64) -> [UInt64] {
        var references: [UInt64] = []
        var earliest = Int64.max
        let pages: [ChunkPage] = index.withLock { index in
            var dead: Set<SeriesOrdinal> = []
            var pages: [ChunkPage] = []
            for (number, shard) in shards.enumerated() {
                let truncation = shard.withLock { $0.truncate(before: time) }
                for (slot, reference) in truncation.removed {
                    dead.insert(Self.ordinal(shard: number, slot: slot))
                    references.append(reference)
                }
                pages += truncation.pages
                earliest = min(earliest, truncation.minTime)
            }
            index.remove(dead)
            tombstones.withLock { $0.removeAll(before: time) { !dead.contains(SeriesOrdinal($0)) } }
            if !dead.isEmpty { keys.withLock { $0.rebuild { !dead.contains($0) } } }
            return pages
        }
        snapshots.retire(pages)
        minValidTime.max(time, ordering: .relaxed)
        // Nothing was appended before `time` meanwhile, so only newer samples can have moved the minimum, and not below it.
        minTime.store(max(time, earliest), ordering: .relaxed)
        counters.seriesRemoved.add(references.count, ordering: .relaxed)
        counters.truncations.add(1, ordering: .relaxed)
        return references
    }

    /// What the log calls the series that live.
    var logReferences: Set<UInt64> {
        var references: Set<UInt64> = []
        for shard in shards { shard.withLock { $0.forEachReference { references.insert($0) } } }
        return references
    }
}
