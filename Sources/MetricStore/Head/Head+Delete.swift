import MetricModel

extension Head {
    /// A series, and where its samples are to be deleted.
    struct Stone {
        let ordinal: SeriesOrdinal
        let logReference: UInt64
        let time: ClosedRange<Int64>
    }

    /// What deleting `time` from the matching series means: not beyond the samples that they have now (`Head.Delete`).
    func stones(_ matchers: [Matcher], _ time: ClosedRange<Int64>) -> [Stone] {
        guard overlapsInOrder(time) else { return [] }
        let low = max(time.lowerBound, minTime.load(ordering: .relaxed))
        var stones: [Stone] = []
        for ordinal in index.withLock({ $0.match(matchers) }) {
            let found: (reference: UInt64, last: Int64)? = shards[Self.shard(ordinal)].withLock { shard in
                shard.series(Self.slot(ordinal)).map { ($0.pointee.logReference, $0.pointee.lastTime) }
            }
            guard let found, found.last >= low else { continue }
            stones.append(Stone(ordinal: ordinal, logReference: found.reference, time: low...min(time.upperBound, found.last)))
        }
        return stones
    }
}
