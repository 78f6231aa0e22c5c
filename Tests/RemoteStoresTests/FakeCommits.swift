import MetricModel
import RemoteStores
import Synchronization

/// Rows in memory as what remote write reads from; a position is the number of a row.
final class FakeCommits: CommitSource {
    struct Row: Sendable {
        let series: Int
        let time: Int64
    }

    private let rows = Mutex<[Row]>([])

    func add(_ new: [Row]) { rows.withLock { $0 += new } }
    var all: [Row] { rows.withLock { $0 } }

    var position: String { String(rows.withLock { $0.count }) }
    var openingPosition: String { "0" }
    var oldestPosition: String { "0" }
    var taken: (samples: Int, histograms: Int, exemplars: Int) { (all.count, 0, 0) }
    var highestMillis: Int64? { rows.withLock { $0.map(\.time).max() } }
    func bytesCommitted(behind position: String) -> Int { rows.withLock { max(0, $0.count - (Int(position) ?? 0)) * 4 } }
    func makeReader() -> any CommitReading { Reader(source: self) }

    static func labels(_ series: Int) -> Labels { Labels([("__name__", "m"), ("series", String(series))]) }

    private struct Reader: CommitReading {
        let source: FakeCommits

        func read(from start: String, to end: String?, rowsMax: Int) throws -> CommittedRows {
            let all = source.all
            let (from, to) = (Int(start) ?? 0, end.flatMap { Int($0) } ?? all.count)
            let part = all[from..<min(to, end == nil ? from + min(rowsMax, all.count - from) : to)]
            return CommittedRows(batches: [FakeCommits.batch(Array(part))], end: String(part.endIndex))
        }
    }

    /// Series by series, each in the order of the rows.
    static func batch(_ rows: [Row]) -> SampleBatch {
        var batch = SampleBatch()
        for series in Set(rows.map(\.series)).sorted() {
            let labels = labels(series)
            let mine = rows.filter { $0.series == series }
            batch.series.append(.init(
                keyOffset: batch.arena.count, keyLength: labels.packed.count, keyEncoding: .packed, reference: UInt64(series + 1),
                samples: batch.values.count..<batch.values.count + mine.count))
            batch.arena += labels.packed
            batch.timestamps += mine.map(\.time)
            batch.values += mine.map { Double($0.time) }
        }
        return batch
    }
}
