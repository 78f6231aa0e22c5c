import MetricModel
import SegmentLog

/// Adds what a batch has of one series that has, or had last, histograms: floats and histograms in the order of time.
///
/// The log keeps each kind of sample in a record of its own, so the records begun are handed in before a series changes its kind: read
/// back in the log's order, its samples are then in the order of time.
struct MixedAppend {
    let slot: Int
    let chunk: UnsafeMutablePointer<OpenChunk>
    let ordinal: SeriesOrdinal
    let bounds: AppendBounds
    private(set) var first: Refused?
    private(set) var low = Int64.max
    private(set) var high = Int64.min

    init(slot: Int, chunk: UnsafeMutablePointer<OpenChunk>, ordinal: SeriesOrdinal, bounds: AppendBounds) {
        self.slot = slot
        self.chunk = chunk
        self.ordinal = ordinal
        self.bounds = bounds
    }

    /// `index` is the series' place in the batch, `rows` are its histograms.
    mutating func run(_ batch: SampleBatch, _ index: Int, _ rows: Range<Int>, _ shard: inout HeadShard, _ report: inout AppendReport, _ journal: inout Head.Journal) {
        var samples = batch.series[index].samples
        var rows = rows
        while true {
            if let row = rows.first, samples.isEmpty || batch.histograms[row].timestamp < batch.timestamps[samples.lowerBound] {
                rows.removeFirst()
                add(batch.histograms[row].timestamp, batch.histograms[row].histogram, &shard, &report, &journal)
            } else if let sample = samples.first {
                samples.removeFirst()
                add(batch.timestamps[sample], batch.values[sample].bitPattern, &shard, &report, &journal)
            } else {
                return
            }
        }
    }

    private mutating func add(_ time: Int64, _ bits: UInt64, _ shard: inout HeadShard, _ report: inout AppendReport, _ journal: inout Head.Journal) {
        if chunk.pointee.holdsHistograms, let marker = shard.staleMarker(slot, for: bits) { return add(time, marker, &shard, &report, &journal) }
        let heldHistograms = chunk.pointee.holdsHistograms
        if let refusal = shard.appendFloat(slot, chunk, time, bits, bounds) {
            if case .late = refusal { return shard.takeLate(slot, chunk.pointee.logReference, time, bits, nil, &report, &journal) }
            return refuse(refusal, Refused(ordinal: ordinal, time: time, bits: bits), &report, &journal)
        }
        if heldHistograms { shard.handIn(&journal) }
        shard.record.append(chunk.pointee.logReference, time, bits)
        accept(time, &report)
    }

    private mutating func add(_ time: Int64, _ histogram: NativeHistogram, _ shard: inout HeadShard, _ report: inout AppendReport, _ journal: inout Head.Journal) {
        let kind = LogRecord.kind(of: histogram)
        let kindBefore = chunk.pointee.holdsHistograms ? shard.histograms[slot]?.logKind : nil
        if let refusal = shard.append(slot, chunk, time, histogram, bounds) {
            if case .late = refusal { return shard.takeLate(slot, chunk.pointee.logReference, time, histogram.sum.bitPattern, histogram, &report, &journal) }
            return refuse(refusal, Refused(ordinal: ordinal, time: time, bits: histogram.sum.bitPattern, isHistogram: true), &report, &journal)
        }
        if let kindBefore, kindBefore != kind { shard.handIn(&journal) }
        shard.histograms[slot]?.logKind = kind
        shard.histogramRecords.append(chunk.pointee.logReference, time, histogram)
        report.histogramsAppended += 1
        accept(time, &report)
    }

    private mutating func accept(_ time: Int64, _ report: inout AppendReport) {
        report.appended += 1
        low = min(low, time)
        high = max(high, time)
    }

    private mutating func refuse(_ refusal: SampleRefusal, _ sample: Refused, _ report: inout AppendReport, _ journal: inout Head.Journal) {
        if refusal.isOutOfOrder { journal.noteLateness(sample.time) }
        var refused = sample
        refused.reason = report.add(refusal, refused)
        if first == nil { first = refused }
    }
}

extension HeadShard {
    /// Hands the records begun to the log, floats first.
    mutating func handIn(_ journal: inout Head.Journal) {
        if !record.isEmpty { journal.ticket = max(journal.ticket, record.out.withBytes { journal.log.enqueue($0) }) }
        record.out.removeAll()
        journal.late.handIn()
        guard !histogramRecords.isEmpty else { return }
        histogramRecords.drain { journal.ticket = max(journal.ticket, journal.log.enqueue($0)) }
    }
}
