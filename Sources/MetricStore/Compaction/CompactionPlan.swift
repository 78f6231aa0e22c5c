/// Chooses which blocks to rewrite into one, from what their `meta.json` say and nothing else (`tsdb/compact.go`, `LeveledCompactor.plan`).
package struct CompactionPlan: Sendable {
    /// Lengths of time that blocks grow to, rising, in milliseconds; each starts at a multiple of its length.
    package let ranges: [Int64]

    package enum Reason: Equatable, Sendable {
        /// Their times overlap.
        case overlap
        /// Together they fill a longer range, or lie before everything else in it.
        case level
        /// So much of one is deleted that rewriting it pays.
        case tombstones
    }

    package struct Choice: Equatable, Sendable {
        package let reason: Reason
        /// In the order of time.
        package let blocks: [BlockID]

        package init(reason: Reason, blocks: [BlockID]) {
            self.reason = reason
            self.blocks = blocks
        }
    }

    /// Two hours, six, eighteen, …, none longer than `maxMillis` but the first.
    package init(blockRangeMillis: Int64, maxMillis: Int64) {
        ranges = Array(Self.exponentialRanges(blockRangeMillis, steps: 10, step: 3).prefix { $0 == blockRangeMillis || $0 <= maxMillis })
    }

    package init(ranges: [Int64]) { self.ranges = ranges }

    /// `ExponentialBlockRanges`, as far as 64 bits go.
    package static func exponentialRanges(_ shortest: Int64, steps: Int, step: Int64) -> [Int64] {
        var ranges: [Int64] = []
        var range = shortest
        for _ in 0..<steps {
            ranges.append(range)
            let (longer, overflows) = range.multipliedReportingOverflow(by: step)
            if overflows { break }
            range = longer
        }
        return ranges
    }

    /// The longest that a block may become: a tenth of the retention, at most 31 days (`cmd/prometheus/main.go`).
    package static func blockMillisMax(retentionMillis: Int64, blockRangeMillis: Int64) -> Int64 {
        let longest: Int64 = 31 * 24 * 3_600_000
        let tenth = retentionMillis / 10
        return max(tenth > 0 && tenth < longest ? tenth : longest, blockRangeMillis)
    }

    /// What to do next, or nil when there is nothing to do.
    package func choose(_ blocks: [BlockMeta]) -> Choice? {
        guard !blocks.isEmpty else { return nil }
        // Blocks of a part of the head's series say nothing of where the head begins, which mixing them with others would hide.
        var classes: [[BlockMeta]] = [[], [], []]
        let ahead = Self.ahead(blocks)
        for block in blocks where !ahead.contains(block.id) {
            classes[block.hints.contains("from-stale-series") ? 1 : block.hints.contains("from-selected-series") ? 2 : 0].append(block)
        }
        for members in classes where !members.isEmpty {
            if let choice = chooseAlike(members) { return choice }
        }
        return Self.overlap(Self.sorted(blocks.filter { ahead.contains($0.id) }))
    }

    /// Blocks of samples out of order that reach past where the head begins, and those that overlap them. What one of them and a block of
    /// another kind became would say that the log before its end can be skipped; so they become one among themselves only, while they overlap.
    private static func ahead(_ blocks: [BlockMeta]) -> Set<BlockID> {
        guard let headMinTime = blocks.filter({ !$0.isPartial }).map(\.maxTime).max() else { return [] }
        let late = blocks.filter(\.isOutOfOrder).sorted { $0.maxTime > $1.maxTime }
        var ahead: Set<BlockID> = []
        // By the end, the last first: what overlaps any of those before overlaps what begins earliest of them.
        var minTime = headMinTime
        for block in late where block.maxTime > minTime {
            ahead.insert(block.id)
            minTime = min(minTime, block.minTime)
        }
        return ahead
    }

    private static func sorted(_ blocks: [BlockMeta]) -> [BlockMeta] { blocks.sorted { ($0.minTime, $0.maxTime) < ($1.minTime, $1.maxTime) } }

    private static func overlap(_ sorted: [BlockMeta]) -> Choice? {
        let overlapping = overlapping(sorted)
        return overlapping.isEmpty ? nil : Choice(reason: .overlap, blocks: overlapping.map(\.id))
    }

    private func chooseAlike(_ blocks: [BlockMeta]) -> Choice? {
        let sorted = Self.sorted(blocks)
        if let choice = Self.overlap(sorted) { return choice }
        // The newest is left alone, so that there is the time of one block to copy it away.
        let settled = sorted.dropLast()
        if let group = level(settled) { return Choice(reason: .level, blocks: group.map(\.id)) }
        for block in settled.reversed() where !block.hasFailed {
            if block.maxTime - block.minTime < ranges[ranges.count / 2] {
                // Too short to be worth it, unless nothing is left of it.
                if block.tombstoneCount > 0, block.tombstoneCount >= block.seriesCount { return Choice(reason: .tombstones, blocks: [block.id]) }
                break
            }
            if Double(block.tombstoneCount) / Double(block.seriesCount + 1) > 0.05 { return Choice(reason: .tombstones, blocks: [block.id]) }
        }
        return nil
    }

    /// The first run of blocks that overlap and have not failed to become one (`selectOverlappingDirs`).
    private static func overlapping(_ blocks: [BlockMeta]) -> ArraySlice<BlockMeta> {
        guard var end = blocks.first?.maxTime else { return [] }
        var first: Int?
        for index in blocks.indices.dropFirst() {
            if blocks[index].minTime < end {
                if first == nil { first = index - 1 }
            } else if let start = first {
                if !blocks[start..<index].contains(where: \.hasFailed) { return blocks[start..<index] }
                first = nil
            }
            end = max(end, blocks[index].maxTime)
        }
        guard let first, !blocks[first...].contains(where: \.hasFailed) else { return [] }
        return blocks[first...]
    }

    /// The first blocks of the shortest range that can become one (`selectDirs`).
    private func level(_ blocks: ArraySlice<BlockMeta>) -> ArraySlice<BlockMeta>? {
        guard let newest = blocks.last else { return nil }
        for range in ranges.dropFirst() {
            for group in Self.split(blocks, range) where group.count > 1 && !group.contains(where: \.hasFailed) {
                guard let first = group.first, let last = group.last else { continue }
                // Whole, with gaps or without; or so old that nothing can come to fill it.
                if last.maxTime - first.minTime == range || last.maxTime <= newest.minTime { return group }
            }
        }
        return nil
    }

    /// Blocks by the range that they lie in whole; those that lie in none are left out (`splitByRange`).
    private static func split(_ blocks: ArraySlice<BlockMeta>, _ range: Int64) -> [ArraySlice<BlockMeta>] {
        var groups: [ArraySlice<BlockMeta>] = []
        var at = blocks.startIndex
        while at < blocks.endIndex {
            let time = blocks[at].minTime
            let start = range * (time >= 0 ? time / range : (time - range + 1) / range)
            let from = at
            while at < blocks.endIndex, blocks[at].maxTime <= start + range { at += 1 }
            if at > from { groups.append(blocks[from..<at]) } else { at += 1 }
        }
        return groups
    }
}
