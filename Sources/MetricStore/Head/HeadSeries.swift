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
    func capture(_ slot: Int, in shard: borrowing HeadShard, _ time: ClosedRange<Int64>) -> HeadSeries.Chunks? {
        guard let open = shard.series(slot) else { return nil }
        minTime = shard.minTime
        let tail = shard.tail(slot)
        var chunks = HeadSeries.Chunks(newestClosed: tail.newestClosed)
        var isWithin = false
        if let bytes = open.pointee.bytes, tail.openMinTime <= time.upperBound, open.pointee.lastTime >= time.lowerBound {
            chunks.openOffset = copies.count
            chunks.openCount = open.pointee.byteCount
            copies.append(UnsafeBufferPointer(start: bytes, count: chunks.openCount))
            // Zeros behind, so that decoding may look at whole words.
            copies.appendLittleEndian(UInt64(0))
            isWithin = true
        }
        var next = tail.newestClosed
        while !isWithin, let current = next, current.pointee.maxTime >= time.lowerBound {
            isWithin = current.pointee.minTime <= time.upperBound
            next = older(current)
        }
        return isWithin ? chunks : nil
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
    }

    let labels: Labels
    private let snapshot: HeadSnapshot
    private let chunks: Chunks

    init(labels: Labels, snapshot: HeadSnapshot, chunks: Chunks) {
        self.labels = labels
        self.snapshot = snapshot
        self.chunks = chunks
    }

    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
        do throws(XORDecoder.Malformed) {
            if let newest = chunks.newestClosed { try readClosed(newest, time, &buffer) }
            if chunks.openCount > 0 { try XORDecoder.decode(snapshot.bytes(chunks), time, into: &buffer) }
        } catch {
            throw .corrupt(file: "the head", offset: 0, reason: error.reason)
        }
    }

    private func readClosed(_ chunk: UnsafePointer<ClosedChunk>, _ time: ClosedRange<Int64>, _ buffer: inout SampleBuffer) throws(XORDecoder.Malformed) {
        if chunk.pointee.olderMaxTime >= time.lowerBound, let older = snapshot.older(chunk) { try readClosed(older, time, &buffer) }
        guard chunk.pointee.maxTime >= time.lowerBound, chunk.pointee.minTime <= time.upperBound else { return }
        try XORDecoder.decode(ClosedChunk.bytes(chunk), time, into: &buffer)
    }
}
