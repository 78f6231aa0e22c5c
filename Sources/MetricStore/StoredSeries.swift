import MetricModel

/// A series as it was selected, from blocks and the head together.
final class StoredSeries: SelectedSeries {
    let labels: Labels
    private let parts: [(block: Block, series: UInt32)]
    private let head: HeadSeries?

    /// `parts` are in the order of their blocks' time.
    init(labels: Labels, parts: [(block: Block, series: UInt32)], head: HeadSeries?) {
        self.labels = labels
        self.parts = parts
        self.head = head
    }

    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        let base = buffer.count
        for (block, series) in parts where block.time.overlaps(time) {
            let start = buffer.count
            try block.read(series, time, into: &buffer)
            Self.merge(&buffer, base, start)
        }
        if let head {
            let start = buffer.count
            try head.read(time, into: &buffer)
            Self.merge(&buffer, base, start)
        }
    }

    /// Brings two runs, each in order, into one; of samples at the same time the one of the first run stays. Blocks that do not overlap
    /// need nothing.
    static func merge(_ buffer: inout SampleBuffer, _ base: Int, _ start: Int) {
        guard start > base, start < buffer.count, buffer.timestamps[start] <= buffer.timestamps[start - 1] else { return }
        var merged: [(Int64, Double)] = []
        merged.reserveCapacity(buffer.count - base)
        var (left, right) = (base, start)
        while left < start || right < buffer.count {
            let takesLeft = right == buffer.count || (left < start && buffer.timestamps[left] <= buffer.timestamps[right])
            let index = takesLeft ? left : right
            if takesLeft { left += 1 } else { right += 1 }
            if merged.last?.0 != buffer.timestamps[index] { merged.append((buffer.timestamps[index], buffer.values[index])) }
        }
        for (offset, sample) in merged.enumerated() {
            buffer.timestamps[base + offset] = sample.0
            buffer.values[base + offset] = sample.1
        }
        buffer.truncate(to: base + merged.count)
    }
}
