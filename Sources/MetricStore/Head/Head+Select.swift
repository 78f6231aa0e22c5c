import MetricModel

extension Head {
    /// How many series are looked at before a shard's lock is let go.
    private static let captureCount = 256

    /// The matching series with a sample in `time`, in no order, at most `limit` (0 for all).
    func select(_ matchers: [Matcher], _ time: ClosedRange<Int64>, limit: Int) -> [HeadSeries] {
        guard overlaps(time) else { return [] }
        let lease = snapshots.lease()
        let deleted = tombstones.withLock { $0 }
        var byShard = [[(SeriesOrdinal, Labels)]](repeating: [], count: Self.shardCount)
        index.withLock { index in
            for ordinal in index.match(matchers) {
                if let labels = index.labels(of: ordinal) { byShard[Self.shard(ordinal)].append((ordinal, labels)) }
            }
        }
        var found: [HeadSeries] = []
        found.reserveCapacity(byShard.reduce(0) { $0 + $1.count })
        for (shard, members) in byShard.enumerated() where !members.isEmpty {
            let snapshot = HeadSnapshot(lease: lease)
            var at = 0
            while at < members.count, limit == 0 || found.count < limit {
                let end = min(at + Self.captureCount, members.count)
                shards[shard].withLock { state in
                    for (ordinal, labels) in members[at..<end] {
                        guard let chunks = snapshot.capture(Self.slot(ordinal), in: state, time) else { continue }
                        let deleted = deleted.ranges(UInt64(ordinal))
                        if !deleted.isEmpty, snapshot.isDeleted(chunks, time, deleted) { continue }
                        found.append(HeadSeries(labels: labels, snapshot: snapshot, chunks: chunks, deleted: deleted))
                    }
                }
                at = end
            }
        }
        return limit > 0 && found.count > limit ? Array(found.prefix(limit)) : found
    }
}
