import Bytes
import MetricModel

/// What series of one shard looked like when they were selected: copies of their open chunks, and a claim on the closed ones.
final class HeadSnapshot: @unchecked Sendable {
    // SAFETY: `copies` is filled before the object is shared and does not change afterwards.
    private var copies = ByteWriter(capacity: 4096)
    private let lease: SnapshotRegistry.Lease
    /// Below it closed chunks may be gone.
    private(set) var minTime: Int64 = .min

    init(lease: SnapshotRegistry.Lease) { self.lease = lease }

    /// Takes copies of what of the series lies in `time`. Called with the shard's lock held. Series without a sample there yield nil.
    func capture(_ slot: Int, in shard: borrowing HeadShard, _ time: ClosedRange<Int64>, includingOutOfOrder: Bool = true) -> HeadSeries.Chunks? {
        guard let open = shard.series(slot) else { return nil }
        minTime = shard.minTime
        let tail = shard.tail(slot)
        var chunks = HeadSeries.Chunks(newestClosed: tail.newestClosed)
        var isWithin = false
        if open.pointee.holdsHistograms, let histograms = shard.histograms[slot] {
            if histograms.minTime <= time.upperBound, histograms.maxTime >= time.lowerBound {
                chunks.open(at: copies.count, histograms.encoded)
                copies.append(histograms.bytes)
                isWithin = true
            }
        } else if open.pointee.bytes != nil, tail.openMinTime <= time.upperBound, open.pointee.lastTime >= time.lowerBound {
            let count = open.pointee.byteCount
            copies.reserve(count)
            let copy = copies.base + copies.count
            open.pointee.copy(to: copy)
            let bytes = UnsafeBufferPointer(start: UnsafePointer(copy), count: count)
            chunks.open(at: copies.count, EncodedChunk(encoding: .xor, bytes: bytes, minTime: tail.openMinTime, maxTime: open.pointee.lastTime))
            copies.advance(by: count)
            // Zeros behind, so that decoding may look at whole words.
            copies.appendLittleEndian(UInt64(0))
            isWithin = true
        }
        var next = tail.newestClosed
        while !isWithin, let current = next, current.pointee.maxTime >= time.lowerBound {
            isWithin = current.pointee.minTime <= time.upperBound
            next = older(current)
        }
        if includingOutOfOrder, !shard.outOfOrder.isEmpty, let late = shard.outOfOrder[slot], late.meets(time) {
            chunks.outOfOrder = late
            isWithin = true
        }
        return isWithin ? chunks : nil
    }

    /// Whether every captured chunk that meets `time` is deleted whole.
    func isDeleted(_ chunks: HeadSeries.Chunks, _ time: ClosedRange<Int64>, _ deleted: [ClosedRange<Int64>]) -> Bool {
        if chunks.outOfOrder != nil { return false }
        func isDeleted(_ low: Int64, _ high: Int64) -> Bool { deleted.contains { $0.lowerBound <= low && $0.upperBound >= high } }
        if chunks.openCount > 0, !isDeleted(chunks.openTime.lowerBound, chunks.openTime.upperBound) { return false }
        var next = chunks.newestClosed
        while let chunk = next, chunk.pointee.maxTime >= time.lowerBound {
            if chunk.pointee.minTime <= time.upperBound, !isDeleted(chunk.pointee.minTime, chunk.pointee.maxTime) { return false }
            next = older(chunk)
        }
        return true
    }

    /// The chunk before one, if it may still be looked at.
    func older(_ chunk: UnsafePointer<ClosedChunk>) -> UnsafePointer<ClosedChunk>? {
        chunk.pointee.olderMaxTime >= minTime ? chunk.pointee.older : nil
    }

    /// The bytes of a captured open chunk.
    func bytes(_ chunks: HeadSeries.Chunks) -> UnsafeBufferPointer<UInt8> {
        // SAFETY: the copy lies within `copies`, which lives as long as this object.
        UnsafeBufferPointer(start: copies.base + chunks.openOffset, count: chunks.openCount)
    }
}

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
    /// Where samples are deleted.
    private let deleted: [ClosedRange<Int64>]

    init(labels: Labels, snapshot: HeadSnapshot, chunks: Chunks, deleted: [ClosedRange<Int64>]) {
        self.labels = labels
        self.snapshot = snapshot
        self.chunks = chunks
        self.deleted = deleted
    }

    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        let base = buffer.mark
        try readInOrder(time, into: &buffer)
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
