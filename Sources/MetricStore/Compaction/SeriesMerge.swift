import Bytes
import MetricModel

/// Brings the chunks of one series from several blocks into one row: as they are where nothing speaks against it, encoded anew where
/// they overlap or where a deletion cuts them.
struct SeriesMerge: ~Copyable {
    struct Part {
        let block: Block
        let series: UInt32
    }

    private struct Piece {
        /// Which of the parts it is of.
        let part: Int
        let chunk: ChunkReference
        let encoding: UInt8
        let bytes: UnsafeBufferPointer<UInt8>
        /// The deletions that cut it.
        let cuts: [ClosedRange<Int64>]
        let file: String
        let offset: Int
        var decodable: BlockFormat.ChunkEncoding? { BlockFormat.ChunkEncoding(rawValue: encoding) }
    }

    private let encoder = ChunkEncoder()

    /// Hands the chunks to `writer`. Returns deletions that could not be applied, because their chunks are of a kind that is not decoded
    /// here and was copied whole.
    func write(_ parts: [Part], to writer: inout BlockWriter) throws(MetricStoreError) -> [ClosedRange<Int64>] {
        var left: [ClosedRange<Int64>] = []
        var group: [Piece] = []
        var end = Int64.min
        for piece in try pieces(parts) {
            if !group.isEmpty, piece.chunk.minTime > end {
                left += try write(group, parts, &writer)
                group.removeAll(keepingCapacity: true)
            }
            end = group.isEmpty ? piece.chunk.maxTime : max(end, piece.chunk.maxTime)
            group.append(piece)
        }
        return left + (try write(group, parts, &writer))
    }

    /// What is left of the chunks of all parts, in the order of time.
    private func pieces(_ parts: [Part]) throws(MetricStoreError) -> [Piece] {
        var pieces: [Piece] = []
        for (number, part) in parts.enumerated() {
            let deleted = part.block.tombstones.ranges(UInt64(part.series))
            for chunk in try part.block.chunks(part.series) {
                let cuts = deleted.filter { $0.lowerBound <= chunk.maxTime && $0.upperBound >= chunk.minTime }
                if cuts.contains(where: { $0.lowerBound <= chunk.minTime && $0.upperBound >= chunk.maxTime }) { continue }
                let (encoding, bytes) = try part.block.chunk(chunk.reference)
                let (file, offset) = part.block.place(chunk.reference)
                pieces.append(Piece(part: number, chunk: chunk, encoding: encoding, bytes: bytes, cuts: cuts, file: file, offset: offset))
            }
        }
        if parts.count == 1 { return pieces }
        pieces.sort { ($0.chunk.minTime, $0.chunk.maxTime, $0.part) < ($1.chunk.minTime, $1.chunk.maxTime, $1.part) }
        // Blocks that overlap often have the same chunk.
        var distinct: [Piece] = []
        for piece in pieces {
            if let last = distinct.last, last.cuts.isEmpty, piece.cuts.isEmpty, last.chunk.minTime == piece.chunk.minTime, last.chunk.maxTime == piece.chunk.maxTime,
               last.encoding == piece.encoding, ByteComparison.isEqual(last.bytes, piece.bytes) { continue }
            distinct.append(piece)
        }
        return distinct
    }

    /// Writes chunks that overlap each other and no other.
    private func write(_ group: [Piece], _ parts: [Part], _ writer: inout BlockWriter) throws(MetricStoreError) -> [ClosedRange<Int64>] {
        guard let first = group.first else { return [] }
        if group.count == 1, first.cuts.isEmpty || first.decodable == nil {
            try writer.add(first.bytes, encoding: first.encoding, minTime: first.chunk.minTime, maxTime: first.chunk.maxTime)
            return first.cuts
        }
        if let odd = group.first(where: { $0.decodable == nil }) {
            throw .unsupported(file: odd.file, offset: odd.offset, reason: "a chunk of encoding \(odd.encoding) overlaps another one and cannot be merged with it")
        }
        var buffer = SampleBuffer()
        for number in parts.indices {
            let start = buffer.mark
            for piece in group where piece.part == number {
                guard let encoding = piece.decodable else { continue }
                let behind = buffer.mark
                do throws(ChunkDecoder.Malformed) { try ChunkDecoder.decode(encoding, piece.bytes, .min ... .max, into: &buffer) } catch {
                    throw .corrupt(file: piece.file, offset: piece.offset, reason: error.reason)
                }
                Tombstones.filter(&buffer, from: behind, piece.cuts)
                StoredSeries.merge(&buffer, start, behind)
            }
            StoredSeries.merge(&buffer, SampleMark(floats: 0, histograms: 0), start)
        }
        // SAFETY: the bytes are the encoder's own and are written before it goes on.
        try encoder.encode(buffer) { chunk throws(MetricStoreError) in try writer.add(chunk) }
        return []
    }
}
