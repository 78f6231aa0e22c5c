import MetricModel

/// A series of the head as it stood when it was selected.
final class HeadSeries: SelectedSeries, @unchecked Sendable {
    /// Where a series' chunks are.
    struct Chunks {
        // SAFETY: leads into pages that the snapshot's lease keeps.
        var newestClosed: UnsafePointer<ClosedChunk>?
        var openOffset = 0
        /// Bytes, 0 when the open chunk has nothing to say.
        var openCount = 0
        var openTime: ClosedRange<Int64> = 0...0
        var openEncoding = BlockFormat.ChunkEncoding.xor
        /// Nil when there is nothing to look at.
        var outOfOrder: OutOfOrderSeries?

        mutating func open(at offset: Int, _ chunk: EncodedChunk) {
            openOffset = offset
            openCount = chunk.bytes.count
            openTime = chunk.minTime...chunk.maxTime
            openEncoding = chunk.encoding
        }
    }

    let labels: Labels
    private let snapshot: HeadSnapshot
    private let chunks: Chunks
    /// Whether nothing came out of order.
    private let isInOrder: Bool
    /// Where samples are deleted.
    private let deleted: [ClosedRange<Int64>]

    init(labels: Labels, snapshot: HeadSnapshot, chunks: Chunks, deleted: [ClosedRange<Int64>]) {
        self.labels = labels
        self.snapshot = snapshot
        self.chunks = chunks
        isInOrder = chunks.outOfOrder == nil
        self.deleted = deleted
    }

    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        let base = buffer.mark
        try readInOrder(time, into: &buffer)
        if isInOrder { return }
        let start = buffer.mark
        try readOutOfOrder(time, into: &buffer)
        StoredSeries.merge(&buffer, base, start)
    }

    /// The samples that came out of order, less those that were deleted, which are not there any more.
    func readOutOfOrder(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        do throws(ChunkDecoder.Malformed) { try chunks.outOfOrder?.read(time, into: &buffer) } catch {
            throw .corrupt(file: "the head", offset: 0, reason: error.reason)
        }
    }

    /// The samples that came in order.
    func readInOrder(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        let start = buffer.mark
        defer { Tombstones.filter(&buffer, from: start, deleted) }
        do throws(ChunkDecoder.Malformed) {
            if let newest = chunks.newestClosed { try readClosed(newest, time, &buffer) }
            if chunks.openCount > 0 { try ChunkDecoder.decode(chunks.openEncoding, snapshot.bytes(chunks), time, into: &buffer) }
        } catch {
            throw .corrupt(file: "the head", offset: 0, reason: error.reason)
        }
    }

    private func readClosed(_ chunk: UnsafePointer<ClosedChunk>, _ time: ClosedRange<Int64>, _ buffer: inout SampleBuffer) throws(ChunkDecoder.Malformed) {
        if chunk.pointee.olderMaxTime >= time.lowerBound, let older = snapshot.older(chunk) { try readClosed(older, time, &buffer) }
        guard chunk.pointee.maxTime >= time.lowerBound, chunk.pointee.minTime <= time.upperBound else { return }
        try ChunkDecoder.decode(chunk.pointee.encoding, ClosedChunk.bytes(chunk), time, endsWithin: chunk.pointee.maxTime <= time.upperBound, into: &buffer)
    }

    /// Calls `body` with every chunk of the samples in `time` that came in order: as it is when it lies within, else encoded anew.
    func forEachChunk(_ time: ClosedRange<Int64>, _ encoder: borrowing ChunkEncoder, _ body: (EncodedChunk) throws(MetricStoreError) -> Void) throws(MetricStoreError) {
        var closed: [UnsafePointer<ClosedChunk>] = []
        var next = chunks.newestClosed
        while let chunk = next, chunk.pointee.maxTime >= time.lowerBound {
            if chunk.pointee.minTime <= time.upperBound { closed.append(chunk) }
            next = snapshot.older(chunk)
        }
        let isWhole = closed.allSatisfy { $0.pointee.minTime >= time.lowerBound && $0.pointee.maxTime <= time.upperBound }
            && (chunks.openCount == 0 || chunks.openTime.lowerBound >= time.lowerBound && chunks.openTime.upperBound <= time.upperBound)
        guard isWhole, deleted.isEmpty else {
            var buffer = SampleBuffer()
            try readInOrder(time, into: &buffer)
            return try encoder.encode(buffer, body)
        }
        for chunk in closed.reversed() {
            try body(EncodedChunk(encoding: chunk.pointee.encoding, bytes: ClosedChunk.bytes(chunk), minTime: chunk.pointee.minTime, maxTime: chunk.pointee.maxTime))
        }
        guard chunks.openCount > 0 else { return }
        try body(EncodedChunk(
            encoding: chunks.openEncoding, bytes: snapshot.bytes(chunks), minTime: chunks.openTime.lowerBound, maxTime: chunks.openTime.upperBound))
    }
}
