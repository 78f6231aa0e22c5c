import MetricModel

/// A series as it was selected, from blocks and the head together.
final class StoredSeries: SelectedSeries {
    let labels: Labels
    private let parts: [(block: Block, series: UInt32)]
    /// Parts of blocks of samples that came out of order, the oldest first.
    private let lateParts: [(block: Block, series: UInt32)]
    private let head: HeadSeries?

    /// `parts` are in the order of their blocks' time.
    init(labels: Labels, parts: [(block: Block, series: UInt32)], head: HeadSeries?) {
        self.labels = labels
        self.head = head
        if parts.contains(where: { $0.block.meta.isOutOfOrder }) {
            self.parts = parts.filter { !$0.block.meta.isOutOfOrder }
            lateParts = parts.filter { $0.block.meta.isOutOfOrder }.sorted { Block.isOlder($0.block, $1.block) }
        } else {
            self.parts = parts
            lateParts = []
        }
    }

    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        let base = buffer.mark
        // What came first comes first: a sample that came out of order never was before one in order at the same time.
        try read(parts, time, base, &buffer)
        if let head {
            let start = buffer.mark
            try head.readInOrder(time, into: &buffer)
            Self.merge(&buffer, base, start)
        }
        try read(lateParts, time, base, &buffer)
        if let head {
            let start = buffer.mark
            try head.readOutOfOrder(time, into: &buffer)
            Self.merge(&buffer, base, start)
        }
    }

    private func read(_ parts: [(block: Block, series: UInt32)], _ time: ClosedRange<Int64>, _ base: SampleMark, _ buffer: inout SampleBuffer) throws(MetricStoreError) {
        for (block, series) in parts where block.time.overlaps(time) {
            let start = buffer.mark
            try block.read(series, time, into: &buffer)
            Self.merge(&buffer, base, start)
        }
    }

    /// Brings two runs of samples of either kind, each in order, into one; of samples at the same time the one of the first run stays.
    /// Blocks that do not overlap need nothing.
    static func merge(_ buffer: inout SampleBuffer, _ base: SampleMark, _ start: SampleMark) {
        let last = max(start.floats > base.floats ? buffer.timestamps[start.floats - 1] : .min, start.histograms > base.histograms ? buffer.histograms[start.histograms - 1].timestamp : .min)
        let next = min(start.floats < buffer.count ? buffer.timestamps[start.floats] : .max, start.histograms < buffer.histograms.count ? buffer.histograms[start.histograms].timestamp : .max)
        guard last >= next else { return }
        dropOtherKinds(&buffer, base, start)
        mergeFloats(&buffer, base.floats, start.floats)
        mergeHistograms(&buffer, base.histograms, start.histograms)
    }

    /// Takes out of the second run what has the time of a sample of the other kind in the first.
    private static func dropOtherKinds(_ buffer: inout SampleBuffer, _ base: SampleMark, _ start: SampleMark) {
        if start.floats > base.floats, start.histograms < buffer.histograms.count {
            var kept: [HistogramSample] = []
            var (at, isBehindGap) = (base.floats, false)
            for var sample in buffer.histograms[start.histograms...] {
                while at < start.floats, buffer.timestamps[at] < sample.timestamp { at += 1 }
                if at < start.floats, buffer.timestamps[at] == sample.timestamp {
                    isBehindGap = true
                    continue
                }
                if isBehindGap, sample.histogram.counterReset != .gauge { sample.histogram.counterReset = .unknown }
                isBehindGap = false
                kept.append(sample)
            }
            buffer.replaceHistograms(from: start.histograms, with: kept)
        }
        if start.histograms > base.histograms, start.floats < buffer.count {
            var (at, kept) = (base.histograms, start.floats)
            for index in start.floats..<buffer.count {
                let time = buffer.timestamps[index]
                while at < start.histograms, buffer.histograms[at].timestamp < time { at += 1 }
                if at < start.histograms, buffer.histograms[at].timestamp == time { continue }
                buffer.timestamps[kept] = time
                buffer.values[kept] = buffer.values[index]
                kept += 1
            }
            buffer.truncate(to: kept)
        }
    }

    private static func mergeFloats(_ buffer: inout SampleBuffer, _ base: Int, _ start: Int) {
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

    /// Where runs alternate, what was known of counter resets is known no longer.
    private static func mergeHistograms(_ buffer: inout SampleBuffer, _ base: Int, _ start: Int) {
        let rows = buffer.histograms
        guard start > base, start < rows.count, rows[start].timestamp <= rows[start - 1].timestamp else { return }
        var merged: [HistogramSample] = []
        merged.reserveCapacity(rows.count - base)
        var (left, right) = (base, start)
        var tookLeft = true
        while left < start || right < rows.count {
            let takesLeft = right == rows.count || (left < start && rows[left].timestamp <= rows[right].timestamp)
            var sample = rows[takesLeft ? left : right]
            if takesLeft { left += 1 } else { right += 1 }
            if merged.last?.timestamp == sample.timestamp { continue }
            if takesLeft != tookLeft, sample.histogram.counterReset != .gauge { sample.histogram.counterReset = .unknown }
            tookLeft = takesLeft
            merged.append(sample)
        }
        buffer.replaceHistograms(from: base, with: merged)
    }
}
