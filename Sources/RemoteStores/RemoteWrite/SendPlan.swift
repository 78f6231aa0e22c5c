import Bytes
import MetricModel

/// How the rows of one round go out: which shard sends which, and what it sends together.
///
/// A series is always the same shard's, and a shard sends one request after the other, so that what a receiver gets of a series is in order.
/// A pure function of the rows and two numbers: after a crash the same round is cut into the same requests, which a receiver that has seen
/// one of them can tell.
package struct SendPlan {
    /// Consecutive rows of one series.
    package struct Piece: Equatable {
        package var series: Int
        /// Of the columns; empty for none.
        package var samples: Range<Int>
        /// Of `histograms`.
        package var histograms: Range<Int>
        /// Places in `exemplars`.
        package var exemplars: [Int] = []

        package var count: Int { samples.count + histograms.count + exemplars.count }
    }

    /// What one request holds, all of it of one batch of the round.
    package struct Request: Equatable {
        package var batch: Int
        package var pieces: [Piece] = []
        package var count = 0

        /// Its rows by kind.
        var counts: RequestBody.Counts {
            pieces.reduce(into: .init()) { counts, piece in
                counts = counts + .init(samples: piece.samples.count, histograms: piece.histograms.count, exemplars: piece.exemplars.count)
            }
        }
    }

    /// By shard, in the order in which they are sent.
    package private(set) var shards: [[Request]]

    package init(_ batches: [SampleBatch], shards count: Int, rowsPerRequestMax: Int, sendsHistograms: Bool = true, sendsExemplars: Bool = true) {
        shards = [[Request]](repeating: [], count: max(1, count))
        for (index, batch) in batches.enumerated() {
            // Late samples may be refused where others are not, so they go by themselves.
            var open = [Request](repeating: Request(batch: index), count: shards.count)
            let histogramRows = sendsHistograms ? batch.histogramRows : []
            var exemplars: [Int: [Int]] = [:]
            if sendsExemplars { for (row, exemplar) in batch.exemplars.enumerated() { exemplars[exemplar.series, default: []].append(row) } }
            for series in batch.series.indices {
                let shard = Self.shard(of: batch, series, shards.count)
                for piece in Self.runs(batch, series, histogramRows.isEmpty ? 0..<0 : histogramRows[series], exemplars[series] ?? []) {
                    add(piece, to: &open[shard], shard, max(1, rowsPerRequestMax))
                }
            }
            for shard in shards.indices where open[shard].count > 0 { shards[shard].append(open[shard]) }
        }
    }

    /// How many shards share a round: one for each capacity's worth of rows, within the bounds.
    package static func shardCount(rows: Int, _ options: RemoteWriteOptions.Queue) -> Int {
        min(max((rows + options.capacity - 1) / max(1, options.capacity), options.shardsMin, 1), max(options.shardsMax, 1))
    }

    private static func shard(of batch: SampleBatch, _ series: Int, _ count: Int) -> Int {
        let series = batch.series[series]
        return batch.arena.withUnsafeBufferPointer { arena in
            Int(CRC32C.checksum(UnsafeBufferPointer(rebasing: arena[series.keyOffset..<series.keyOffset + series.keyLength]))) % count
        }
    }

    /// Puts a piece into requests, in as many parts as their bound asks for.
    private mutating func add(_ piece: Piece, to open: inout Request, _ shard: Int, _ max: Int) {
        var rest = piece
        while rest.count > 0 {
            if open.count >= max {
                shards[shard].append(open)
                open = Request(batch: open.batch)
            }
            let room = max - open.count
            var part = Piece(series: rest.series, samples: rest.samples.prefix(room), histograms: rest.histograms.prefix(room - min(room, rest.samples.count)))
            part.exemplars = Array(rest.exemplars.prefix(room - part.count))
            rest.samples = part.samples.upperBound..<rest.samples.upperBound
            rest.histograms = part.histograms.upperBound..<rest.histograms.upperBound
            rest.exemplars.removeFirst(part.exemplars.count)
            open.count += part.count
            open.pieces.append(part)
        }
    }

    /// A series' rows as runs of one kind in the order of their time; exemplars behind the last.
    private static func runs(_ batch: SampleBatch, _ series: Int, _ histograms: Range<Int>, _ exemplars: [Int]) -> [Piece] {
        var (samples, rows) = (batch.series[series].samples, histograms)
        var runs: [Piece] = []
        while !samples.isEmpty, !rows.isEmpty {
            let limit = batch.histograms[rows.lowerBound].timestamp
            let split = samples.first { batch.timestamps[$0] > limit } ?? samples.upperBound
            if split > samples.lowerBound { runs.append(Piece(series: series, samples: samples.lowerBound..<split, histograms: rows.lowerBound..<rows.lowerBound)) }
            samples = split..<samples.upperBound
            guard let next = samples.first.map({ batch.timestamps[$0] }) else { break }
            let end = rows.first { batch.histograms[$0].timestamp >= next } ?? rows.upperBound
            if end > rows.lowerBound { runs.append(Piece(series: series, samples: samples.lowerBound..<samples.lowerBound, histograms: rows.lowerBound..<end)) }
            rows = end..<rows.upperBound
        }
        if !samples.isEmpty || !rows.isEmpty || !exemplars.isEmpty { runs.append(Piece(series: series, samples: samples, histograms: rows, exemplars: exemplars)) }
        return runs
    }
}
