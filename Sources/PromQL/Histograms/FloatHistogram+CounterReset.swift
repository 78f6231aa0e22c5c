import MetricModel

extension FloatHistogram {
    /// Whether the counter behind both was reset between `previous` and this one (`DetectReset`).
    func isReset(since previous: FloatHistogram) -> Bool {
        if counterReset == .reset { return true }
        if counterReset == .notReset { return false }
        if count < previous.count { return true }
        if hasCustomBuckets {
            if !previous.hasCustomBuckets { return true }
            if customValues != previous.customValues { return losesReconciled(previous) }
        }
        // Finer buckets and a narrower zero bucket come with a restart only.
        if schema > previous.schema || zeroThreshold < previous.zeroThreshold { return true }
        let (before, threshold) = previous.zeroCount(upTo: zeroThreshold)
        if threshold != zeroThreshold || zeroCount < before.sum { return true }
        return loses(previous, isPositive: true) || loses(previous, isPositive: false)
    }

    /// Whether a bucket counts less than before, or is gone though it counted something.
    private func loses(_ previous: FloatHistogram, isPositive: Bool) -> Bool {
        let now = cells(isPositive: isPositive, threshold: zeroThreshold, schema: schema)
        let before = previous.cells(isPositive: isPositive, threshold: zeroThreshold, schema: schema)
        var place = 0
        for cell in before {
            while place < now.count, now[place].index < cell.index { place += 1 }
            if place < now.count, now[place].index == cell.index {
                if now[place].count < cell.count { return true }
            } else if cell.count != 0 {
                return true
            }
        }
        return false
    }

    /// One side's counts by index at a resolution, without buckets that lie within the threshold.
    private func cells(isPositive: Bool, threshold: Double, schema target: Int32) -> [(index: Int, count: Double)] {
        var side = side(isPositive: isPositive, .untracked)
        if target < schema { side = side.reduced(by: Int(schema - target)) }
        var cells = Array(zip(side.indices, side.counts).map { (index: $0, count: $1) })
        if threshold > 0, !hasCustomBuckets {
            let inside = cells.prefix { ExponentialBounds.upper($0.index, schema: target) <= threshold }.count
            cells.removeFirst(inside)
        }
        return cells
    }

    private func losesReconciled(_ previous: FloatHistogram) -> Bool {
        let common = Self.commonBounds(customValues, previous.customValues)
        var now = [KahanSum](repeating: KahanSum(), count: common.count + 1)
        var before = now
        Self.add(side(isPositive: true, .untracked), bounds: customValues, sign: 1, to: &now, commonBounds: common)
        Self.add(previous.side(isPositive: true, .untracked), bounds: previous.customValues, sign: 1, to: &before, commonBounds: common)
        return zip(now, before).contains { $0.sum < $1.sum }
    }
}
