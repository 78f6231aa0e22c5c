import Bytes
import MetricModel
import SegmentLog
import Synchronization

extension Head {
    /// Where new series and samples are written before they count; nil while the log is read back.
    struct Journal {
        let log: SegmentLog
        /// The last record handed in, 0 when none was.
        var ticket: SegmentLog.Ticket = 0
        /// What goes to the log of samples out of order.
        var late: OutOfOrderRecords
        /// By how much samples were out of order, taken or not; nil while none was.
        private(set) var lateness: DurationHistogram?
        /// The latest time of the head when the batch came.
        private let latest: Int64

        init(log: SegmentLog, outOfOrderLog: SegmentLog?, latest: Int64) {
            self.log = log
            self.latest = latest
            late = OutOfOrderRecords(log: outOfOrderLog)
        }

        mutating func noteLateness(_ time: Int64) {
            let (delta, overflows) = latest.subtractingReportingOverflow(time)
            guard delta > 0, !overflows else { return }
            if lateness == nil { lateness = DurationHistogram(bounds: HeadCounters.latenessBounds) }
            lateness?.observe(Double(delta) / 1000)
        }
    }

    /// How far the logs must have come for a batch to be safe; 0 where it has nothing in one.
    struct Tickets {
        var log: SegmentLog.Ticket
        var outOfOrderLog: SegmentLog.Ticket
    }

    private static let refused = SeriesOrdinal.max

    /// Applies a batch in the order of its series. What is refused is counted in the report, the rest is in memory when this returns, and in
    /// the queues of the logs in the same order for each series. Without `outOfOrderLog` nothing is taken that comes out of order.
    func append(_ batch: SampleBatch, maxTime: Int64, to log: SegmentLog, outOfOrderLog: SegmentLog? = nil) -> (report: AppendReport, tickets: Tickets) {
        var report = AppendReport()
        var journal = Journal(log: log, outOfOrderLog: outOfOrderLog, latest: self.maxTime.load(ordering: .relaxed))
        report.references = [UInt64](repeating: 0, count: batch.series.count)
        batch.arena.withUnsafeBufferPointer { arena in
            var pending = Array(batch.series.indices)
            var trustsReferences = true
            // A series can be dropped between being found and being locked; then it is looked for again, by its key.
            while !pending.isEmpty {
                let ordinals = resolve(batch, arena, pending, trustsReferences: trustsReferences, &report, &journal)
                pending = apply(batch, pending, ordinals, maxTime, &report, &journal)
                trustsReferences = false
            }
        }
        if _slowPath(!batch.exemplars.isEmpty) { appendExemplars(of: batch, &report, &journal) }
        count(report)
        if let lateness = journal.lateness { counters.lateness.withLock { $0.add(lateness) } }
        widenOutOfOrder(journal.late.low, journal.late.high, count: journal.late.count)
        if journal.late.ticket > 0 {
            // A series may be another's, whose record of it is still on its way.
            journal.ticket = max(journal.ticket, log.lastTicket)
        }
        return (report, Tickets(log: journal.ticket, outOfOrderLog: journal.late.ticket))
    }

    private func count(_ report: AppendReport) {
        counters.samplesAppended.add(report.appended - report.histogramsAppended, ordering: .relaxed)
        counters.histogramsAppended.add(report.histogramsAppended, ordering: .relaxed)
        if report.outOfOrderAppended > 0 {
            counters.outOfOrderAppended.add(report.outOfOrderAppended - report.outOfOrderHistogramsAppended, report.outOfOrderHistogramsAppended)
        }
        if report.refused == 0 { return }
        counters.outOfOrder.add(report.outOfOrder - report.histogramsOutOfOrder, report.histogramsOutOfOrder)
        counters.outOfBounds.add(report.tooOld + report.tooFarInFuture - report.histogramsOutOfBounds, report.histogramsOutOfBounds)
        counters.beyondWindow.add(report.beyondWindow - report.histogramsBeyondWindow, report.histogramsBeyondWindow)
        counters.duplicates.add(report.duplicate, ordering: .relaxed)
        counters.invalidLabels.add(report.invalidLabels, ordering: .relaxed)
        counters.overSeriesLimit.add(report.overSeriesLimit, ordering: .relaxed)
    }

    /// The number of each pending series; `refused` for those that cannot be.
    private func resolve(
        _ batch: SampleBatch, _ arena: UnsafeBufferPointer<UInt8>, _ pending: [Int], trustsReferences: Bool, _ report: inout AppendReport, _ journal: inout Journal
    ) -> [SeriesOrdinal] {
        var ordinals = [SeriesOrdinal](repeating: Self.refused, count: pending.count)
        var unknown: [Int] = []
        keys.withLock { table in
            var trail = KeyTable.Trail()
            for (position, index) in pending.enumerated() {
                let series = batch.series[index]
                if trustsReferences, series.reference > 0, series.reference <= UInt64(SeriesOrdinal.max) {
                    ordinals[position] = SeriesOrdinal(series.reference - 1)
                } else if series.keyEncoding == .protobuf, let found = table.find(Self.key(series, arena), &trail) {
                    ordinals[position] = found
                } else {
                    unknown.append(position)
                }
            }
        }
        if !unknown.isEmpty { identify(batch, arena, pending, unknown, &ordinals, &report, &journal) }
        return ordinals
    }

    static func key(_ series: SampleBatch.Series, _ arena: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: arena[series.keyOffset..<series.keyOffset + series.keyLength])
    }

    /// Finds series by their labels, makes those that are new, and remembers their keys.
    private func identify(
        _ batch: SampleBatch, _ arena: UnsafeBufferPointer<UInt8>, _ pending: [Int], _ unknown: [Int], _ ordinals: inout [SeriesOrdinal], _ report: inout AppendReport,
        _ journal: inout Journal
    ) {
        var named: [(position: Int, labels: Labels)] = []
        named.reserveCapacity(unknown.count)
        // In the order of the batch, so that series made together are numbered, and later logged, together.
        for position in unknown {
            let series = batch.series[pending[position]]
            do throws(SeriesKey.Invalid) {
                named.append((position, try SeriesKey.labels(Self.key(series, arena), series.keyEncoding)))
            } catch {
                report.invalidLabels += batch.sampleCount(pending[position])
                report.note("invalid sample: \(error.reason)")
            }
        }
        let histogramRows = batch.exemplars.isEmpty ? [] : batch.histogramRows
        /// Exemplars alone make no series.
        func isThereForExemplars(_ series: Int) -> Bool {
            !batch.exemplars.isEmpty && batch.series[series].samples.isEmpty && (histogramRows.isEmpty || histogramRows[series].isEmpty)
        }
        let isFull = index.withLock { index in
            var record = ByteWriter(capacity: 1024)
            var isFull = false
            var created = 0
            for at in named.indices {
                let (position, labels) = named[at]
                if let found = index.find(labels) {
                    ordinals[position] = found
                    // The same labels, but in memory that is there anyhow.
                    if let known = index.labels(of: found) { named[at].labels = known }
                } else if isThereForExemplars(pending[position]) {
                    continue
                } else if seriesMax == 0 || index.seriesCount < seriesMax, let made = index.insert(labels) {
                    ordinals[position] = made
                    created += 1
                    let reference = nextLogReference.add(1, ordering: .relaxed).oldValue
                    shards[Self.shard(made)].withLock { $0.insert(Self.slot(made), logReference: reference) }
                    if record.count == 0 { LogRecord.beginSeries(&record) }
                    LogRecord.appendSeries(reference, labels, to: &record)
                } else {
                    isFull = true
                }
            }
            // Handed in before anybody else can find the series, so that no sample of it stands in the log before it.
            counters.seriesCreated.add(created, ordering: .relaxed)
            if record.count > 0 { journal.ticket = record.withBytes { journal.log.enqueue($0) } }
            return isFull
        }
        for (position, labels) in named {
            guard ordinals[position] != Self.refused else {
                if isThereForExemplars(pending[position]) { continue }
                report.overSeriesLimit += batch.sampleCount(pending[position])
                if isFull { report.note("the limit of \(seriesMax) series is reached; series \(labels) was not added") }
                continue
            }
        }
        keys.withLock { table in
            for (position, labels) in named where ordinals[position] != Self.refused && batch.series[pending[position]].keyEncoding == .protobuf {
                table.insert(Self.key(batch.series[pending[position]], arena), ordinals[position], labels)
            }
        }
    }

    /// Adds the samples, shard by shard. Returns the series that are gone.
    private func apply(
        _ batch: SampleBatch, _ pending: [Int], _ ordinals: [SeriesOrdinal], _ maxTime: Int64, _ report: inout AppendReport, _ journal: inout Journal
    ) -> [Int] {
        var starts = [Int](repeating: 0, count: Self.shardCount + 1)
        for ordinal in ordinals where ordinal != Self.refused { starts[Self.shard(ordinal) + 1] += 1 }
        for shard in 0..<Self.shardCount { starts[shard + 1] += starts[shard] }
        var order = [Int32](repeating: 0, count: starts[Self.shardCount])
        var next = starts
        for (position, ordinal) in ordinals.enumerated() where ordinal != Self.refused {
            order[next[Self.shard(ordinal)]] = Int32(position)
            next[Self.shard(ordinal)] += 1
        }
        let histogramRows = batch.histogramRows
        let firstTime = batch.timestamps.first ?? batch.histograms.first?.timestamp ?? .min
        var gone: [Int] = []
        var first: Refused?
        var (low, high) = (Int64.max, Int64.min)
        batch.timestamps.withUnsafeBufferPointer { times in
            batch.values.withUnsafeBufferPointer { values in
                for shard in 0..<Self.shardCount where starts[shard] < starts[shard + 1] {
                    shards[shard].withLock { state in
                        // Read with the lock held: once a compaction has raised the minimum and seen every lock free, nothing below it changes.
                        let bounds = AppendBounds(
                            minTime: appendableMinTime, maxTime: maxTime, blockRangeMillis: blockRangeMillis,
                            outOfOrderMinTime: journal.late.log == nil ? nil : outOfOrderMinTime(first: firstTime))
                        state.record.out.removeAll()
                        for at in starts[shard]..<starts[shard + 1] {
                            let position = Int(order[at])
                            let index = pending[position]
                            let slot = Self.slot(ordinals[position])
                            guard let chunk = state.series(slot) else {
                                gone.append(index)
                                continue
                            }
                            report.references[index] = UInt64(ordinals[position]) + 1
                            if _slowPath(chunk.pointee.holdsHistograms || !histogramRows.isEmpty) {
                                let rows = histogramRows.isEmpty ? 0..<0 : histogramRows[index]
                                var mixed = MixedAppend(slot: slot, chunk: chunk, ordinal: ordinals[position], bounds: bounds)
                                mixed.run(batch, index, rows, &state, &report, &journal)
                                if first == nil { first = mixed.first }
                                low = min(low, mixed.low)
                                high = max(high, mixed.high)
                                continue
                            }
                            for sample in batch.series[index].samples {
                                let time = times[sample]
                                let bits = values[sample].bitPattern
                                if let refusal = state.append(slot, chunk, time, bits, bounds) {
                                    if case .late = refusal {
                                        state.takeLate(slot, chunk.pointee.logReference, time, bits, nil, &report, &journal)
                                        continue
                                    }
                                    if refusal.isOutOfOrder { journal.noteLateness(time) }
                                    var refused = Refused(ordinal: ordinals[position], time: time, bits: bits)
                                    refused.reason = report.add(refusal, refused)
                                    if first == nil { first = refused }
                                    continue
                                }
                                report.appended += 1
                                if time < low { low = time }
                                if time > high { high = time }
                                state.record.append(chunk.pointee.logReference, time, bits)
                            }
                        }
                        state.handIn(&journal)
                    }
                }
            }
        }
        widen(low, high)
        if let first { report.note(describe(first)) }
        return gone.sorted()
    }

    private func describe(_ refused: Refused) -> String {
        let labels = index.withLock { $0.labels(of: refused.ordinal) }
        return "\(refused.reason) (series \(labels.map { "\($0)" } ?? "unknown"), timestamp \(refused.time))"
    }
}
