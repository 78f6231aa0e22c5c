import Bytes
import Dispatch
import MetricModel

extension Head {
    /// How many series are looked at before a shard's lock is let go.
    private static let captureCount = 256
    /// From how many series on the shards are gone through by several threads.
    private static let parallelCount = 1024

    /// The matching series with a sample in `time`, at most `limit` (0 for all), in the order in which they came to be: an answer in which
    /// order matters, be it for the last bit of a sum, is the same whenever it is asked for.
    func select(_ matchers: [Matcher], _ time: ClosedRange<Int64>, limit: Int) -> [HeadSeries] {
        guard overlaps(time) else { return [] }
        let lease = snapshots.lease()
        let deleted = tombstones.withLock { $0 }
        var byShard = [[Match]](repeating: [], count: Self.shardCount)
        // By place in the answer, and taken from there, so that nobody counts references to labels twice.
        var labels: [Labels?] = index.withLock { index in
            let matches = index.match(matchers)
            for shard in byShard.indices { byShard[shard].reserveCapacity(matches.count / Self.shardCount + 16) }
            for (place, ordinal) in matches.enumerated() { byShard[Self.shard(ordinal)].append(Match(place: place, ordinal: ordinal)) }
            return index.labels(of: matches)
        }
        var found = [HeadSeries?](repeating: nil, count: labels.count)
        labels.withUnsafeMutableBufferPointer { labels in
            found.withUnsafeMutableBufferPointer { found in
                let capture = Capture(matches: byShard, lease: lease, deleted: deleted, time: time, limit: limit, labels: labels, found: found)
                if limit == 0, found.count >= Self.parallelCount {
                    DispatchQueue.concurrentPerform(iterations: Self.shardCount) { _ = self.capture(capture, shard: $0) }
                } else {
                    var count = 0
                    for shard in 0..<Self.shardCount where limit == 0 || count < limit { count += self.capture(capture, shard: shard, alreadyFound: count) }
                }
            }
        }
        let all = found.compactMap { $0 }
        return limit > 0 && all.count > limit ? Array(all.prefix(limit)) : all
    }

    private struct Match {
        /// In the answer.
        let place: Int
        let ordinal: SeriesOrdinal
    }

    /// What captures of all shards have in common.
    private struct Capture: @unchecked Sendable {
        let matches: [[Match]]
        let lease: SnapshotRegistry.Lease
        let deleted: Tombstones
        let time: ClosedRange<Int64>
        let limit: Int
        // SAFETY: both outlive the captures; every place belongs to one match, so that no two threads write to one.
        /// Nil for a series that is gone.
        let labels: UnsafeMutableBufferPointer<Labels?>
        let found: UnsafeMutableBufferPointer<HeadSeries?>
    }

    /// Captures the matches of one shard, and returns how many have samples.
    private func capture(_ work: Capture, shard: Int, alreadyFound: Int = 0) -> Int {
        let matches = work.matches[shard]
        if matches.isEmpty { return 0 }
        let snapshot = HeadSnapshot(lease: work.lease, seriesCount: matches.count)
        var (at, count) = (0, 0)
        while at < matches.count, work.limit == 0 || alreadyFound + count < work.limit {
            let end = min(at + Self.captureCount, matches.count)
            shards[shard].withLock { state in
                for number in at..<end {
                    if number % MemoryFetch.groupCount == 0 {
                        var sum: UInt8 = 0
                        for next in number..<min(number + MemoryFetch.groupCount, end) { sum &+= state.fetch(Self.slot(matches[next].ordinal), work.time) }
                        MemoryFetch.done(sum)
                    }
                    let (place, ordinal) = (matches[number].place, matches[number].ordinal)
                    guard work.labels[place] != nil, let chunks = snapshot.capture(Self.slot(ordinal), in: state, work.time) else { continue }
                    let deleted = work.deleted.ranges(UInt64(ordinal))
                    if !deleted.isEmpty, snapshot.isDeleted(chunks, work.time, deleted) { continue }
                    guard let labels = work.labels[place].take() else { continue }
                    work.found[place] = HeadSeries(labels: labels, snapshot: snapshot, chunks: chunks, deleted: deleted)
                    count += 1
                }
            }
            at = end
        }
        return count
    }
}
