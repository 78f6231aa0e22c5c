import MetricModel

extension Head {
    /// How many series are looked at before a shard's lock is let go.
    private static let captureCount = 256

    /// The matching series with a sample in `time`, at most `limit` (0 for all), in the order in which they came to be: an answer in which
    /// order matters, be it for the last bit of a sum, is the same whenever it is asked for.
    func select(_ matchers: [Matcher], _ time: ClosedRange<Int64>, limit: Int) -> [HeadSeries] {
        guard overlaps(time) else { return [] }
        let lease = snapshots.lease()
        let deleted = tombstones.withLock { $0 }
        var byShard = [[(place: Int, SeriesOrdinal, Labels)]](repeating: [], count: Self.shardCount)
        let matchCount = index.withLock { index in
            let matches = index.match(matchers)
            for (place, ordinal) in matches.enumerated() {
                if let labels = index.labels(of: ordinal) { byShard[Self.shard(ordinal)].append((place, ordinal, labels)) }
            }
            return matches.count
        }
        var found = [HeadSeries?](repeating: nil, count: matchCount)
        var foundCount = 0
        for (shard, members) in byShard.enumerated() where !members.isEmpty {
            let snapshot = HeadSnapshot(lease: lease)
            var at = 0
            while at < members.count, limit == 0 || foundCount < limit {
                let end = min(at + Self.captureCount, members.count)
                shards[shard].withLock { state in
                    for (place, ordinal, labels) in members[at..<end] {
                        guard let chunks = snapshot.capture(Self.slot(ordinal), in: state, time) else { continue }
                        let deleted = deleted.ranges(UInt64(ordinal))
                        if !deleted.isEmpty, snapshot.isDeleted(chunks, time, deleted) { continue }
                        found[place] = HeadSeries(labels: labels, snapshot: snapshot, chunks: chunks, deleted: deleted)
                        foundCount += 1
                    }
                }
                at = end
            }
        }
        let all = found.compactMap { $0 }
        return limit > 0 && all.count > limit ? Array(all.prefix(limit)) : all
    }
}
