import Bytes
import MetricModel
import SegmentLog

extension HeadShard {
    /// Memory of out-of-order samples.
    var outOfOrderByteCount: Int { outOfOrder.values.reduce(0) { $0 + $1.byteCount } }

    /// Keeps a sample that lies before the last one of its series; false when one of the last few that came so has its time, which stays.
    mutating func insertOutOfOrder(_ slot: Int, _ time: Int64, _ bits: UInt64, _ histogram: NativeHistogram? = nil) -> Bool {
        Self.insert(time, bits, histogram, &outOfOrder[slot, default: OutOfOrderSeries()], &chunkCount, &chunksCreated)
    }

    private static func insert(
        _ time: Int64, _ bits: UInt64, _ histogram: NativeHistogram?, _ series: inout OutOfOrderSeries, _ chunkCount: inout Int, _ chunksCreated: inout Int
    ) -> Bool {
        let before = series.chunkCount
        defer {
            chunkCount += series.chunkCount - before
            chunksCreated += series.chunkCount - before
        }
        return series.insert(time, bits, histogram)
    }

    /// Takes a sample of a batch that `append` found to be late: keeps it, and has it logged.
    mutating func takeLate(
        _ slot: Int, _ reference: UInt64, _ time: Int64, _ bits: UInt64, _ histogram: NativeHistogram? = nil, _ report: inout AppendReport, _ journal: inout Head.Journal
    ) {
        journal.noteLateness(time)
        guard insertOutOfOrder(slot, time, bits, histogram) else { return }
        journal.late.append(reference, time, bits, histogram)
        report.appended += 1
        report.outOfOrderAppended += 1
        if histogram != nil {
            report.histogramsAppended += 1
            report.outOfOrderHistogramsAppended += 1
        }
    }

    /// Takes out the out-of-order samples of a series in `time`, and returns how many they were.
    mutating func deleteOutOfOrder(_ slot: Int, _ time: ClosedRange<Int64>) -> Int {
        guard var series = outOfOrder[slot], series.meets(time) else { return 0 }
        let before = series.chunkCount
        let deleted = series.delete(time)
        countRemoved(before - series.chunkCount)
        outOfOrder[slot] = series.isEmpty ? nil : series
        return deleted
    }

    /// Forgets the `count` oldest chunks of out-of-order samples of a series, which are in a block now.
    mutating func removeOutOfOrder(_ slot: Int, _ count: Int) {
        guard var series = outOfOrder[slot] else { return }
        series.removeSealed(count)
        countRemoved(count)
        outOfOrder[slot] = series.isEmpty ? nil : series
    }

    private mutating func countRemoved(_ count: Int) {
        chunkCount -= count
        chunksRemoved += max(count, 0)
    }
}

/// The out-of-order samples of one batch, on the way to their log.
struct OutOfOrderRecords {
    /// Nil while out-of-order samples are not taken.
    let log: SegmentLog?
    /// The last record handed in, 0 when none was.
    private(set) var ticket: SegmentLog.Ticket = 0
    private(set) var count = 0
    private(set) var low = Int64.max
    private(set) var high = Int64.min
    private var floats: [(reference: UInt64, time: Int64, bits: UInt64)] = []
    private var histograms: [(reference: UInt64, time: Int64, histogram: NativeHistogram)] = []
    /// The record's kind that takes what is not handed in yet.
    private var kind: LogRecord.Kind?

    init(log: SegmentLog?) { self.log = log }

    /// Adds a sample, with the lock held under which it was kept.
    mutating func append(_ reference: UInt64, _ time: Int64, _ bits: UInt64, _ histogram: NativeHistogram?) {
        let kind = histogram.map { LogRecord.kind(of: $0) } ?? .samples
        // A record is of one kind, and of two samples at one time the log must have that first which came first.
        if kind != self.kind { handIn() }
        self.kind = kind
        if let histogram { histograms.append((reference, time, histogram)) } else { floats.append((reference, time, bits)) }
        count += 1
        low = min(low, time)
        high = max(high, time)
    }

    /// Hands in what has come, with the lock held under which it was kept, so that the log has the order of memory.
    mutating func handIn() {
        guard let log, !floats.isEmpty || !histograms.isEmpty else { return }
        var record = SampleRecordWriter()
        for sample in floats { record.append(sample.reference, sample.time, sample.bits) }
        if !record.isEmpty { ticket = record.out.withBytes { log.enqueue($0) } }
        var records = HistogramRecordWriter()
        for sample in histograms { records.append(sample.reference, sample.time, sample.histogram) }
        var last = ticket
        records.drain { last = log.enqueue($0) }
        ticket = last
        floats.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
    }
}
