import MetricModel
import MetricStore
import RemoteStores

/// The metric store as what remote write reads from.
struct StoreCommits: CommitSource {
    let store: MetricStore

    var position: String { store.commitPosition.description }
    var openingPosition: String { store.openingPosition.description }
    var oldestPosition: String { store.oldestPosition.description }
    var taken: (samples: Int, histograms: Int, exemplars: Int) { store.taken }
    var highestMillis: Int64? { store.highestMillis }

    func bytesCommitted(behind position: String) -> Int { CommitPosition(position).map { store.bytesCommitted(behind: $0) } ?? 0 }

    func makeReader() -> any CommitReading { Reader(reader: CommitReader(store)) }

    /// What a family's series last said of it.
    func metadata() -> [(family: String, MetricMetadata)] {
        store.metadata(metric: nil, limit: 0).compactMap { name, all in all.last.map { (name, $0) } }.sorted { $0.0 < $1.0 }
    }

    private struct Reader: CommitReading {
        let reader: CommitReader

        struct NoPosition: Error, CustomStringConvertible {
            let text: String
            var description: String { "\"\(text)\" is no position in the log" }
        }

        func read(from start: String, to end: String?, rowsMax: Int) throws -> CommittedRows {
            let commits = try reader.read(from: position(start), to: end.map(position), rowsMax: rowsMax)
            return CommittedRows(
                batches: [commits.inOrder, commits.late], end: commits.end.description, segmentsLost: commits.segmentsLost, rowsOfUnknownSeries: commits.rowsOfUnknownSeries)
        }

        private func position(_ text: String) throws -> CommitPosition {
            guard let position = CommitPosition(text) else { throw NoPosition(text: text) }
            return position
        }
    }
}
