import Bytes
import MetricModel

extension Head {
    /// An exemplar that is to be kept, with what names its series here and in the log.
    private struct Candidate {
        let labels: Labels
        let logReference: UInt64
        let exemplar: Exemplar
    }

    /// Takes a batch's exemplars, after its samples: what the ring refuses is counted, the rest is in the log's queue and then in the ring.
    /// What happens to them never spoils the samples (`headAppender.AppendExemplar`, `commitExemplars`).
    func appendExemplars(of batch: SampleBatch, _ report: inout AppendReport, _ journal: inout Journal) {
        if exemplars.withLock({ $0.capacity }) == 0 { return }
        var candidates: [Candidate] = []
        candidates.reserveCapacity(batch.exemplars.count)
        for row in batch.exemplars {
            let reference = report.references[row.series]
            guard reference > 0, let candidate = candidate(row.exemplar, SeriesOrdinal(reference - 1)) else {
                report.refuse(.unknownSeries, row.exemplar)
                continue
            }
            candidates.append(candidate)
        }
        if candidates.isEmpty { return }
        // The log is handed its record with the ring locked, so that they come back in the order in which they stand here.
        exemplars.withLock { ring in
            // All are judged before any is kept, as upstream does: only what then turns out to be late is counted as out of order.
            candidates.removeAll { candidate in
                guard let refusal = ring.refusal(candidate.exemplar, of: candidate.labels) else { return false }
                report.refuse(refusal, candidate.exemplar)
                return true
            }
            if candidates.isEmpty { return }
            var record = ExemplarRecordWriter()
            for candidate in candidates { record.append(candidate.logReference, candidate.exemplar) }
            journal.ticket = max(journal.ticket, record.out.withBytes { journal.log.enqueue($0) })
            for candidate in candidates {
                do throws(ExemplarRefusal) {
                    try ring.add(candidate.exemplar, of: candidate.labels)
                    report.exemplarsAppended += 1
                } catch { report.refuse(error, candidate.exemplar) }
            }
        }
    }

    private func candidate(_ exemplar: Exemplar, _ ordinal: SeriesOrdinal) -> Candidate? {
        guard let labels = index.withLock({ $0.labels(of: ordinal) }),
            let reference = shards[Self.shard(ordinal)].withLock({ $0.series(Self.slot(ordinal))?.pointee.logReference })
        else { return nil }
        return Candidate(labels: labels, logReference: reference, exemplar: exemplar)
    }
}

extension AppendReport {
    fileprivate mutating func refuse(_ refusal: ExemplarRefusal, _ exemplar: Exemplar) {
        switch refusal {
        case .duplicate, .disabled: return
        case .outOfOrder: exemplarsOutOfOrder += 1
        case .labelsTooLong, .unknownSeries: exemplarsInvalid += 1
        }
        if firstExemplarRefusal == nil { firstExemplarRefusal = "\(refusal) (exemplar \(exemplar.labels), timestamp \(exemplar.timestamp))" }
    }
}
