import MetricModel
import Platform

/// What series of one shard looked like when they were selected: copies of their open chunks, and a claim on the closed ones.
final class HeadSnapshot: @unchecked Sendable {
    // SAFETY: `copies` is filled before the object is shared and does not change afterwards.
    private var copies: ScratchBytes
    private let lease: SnapshotRegistry.Lease
    /// Below it closed chunks may be gone.
    private(set) var minTime: Int64 = .min

    /// Bytes of an open chunk, roughly, and the zeros behind it.
    private static let chunkBytes = 256

    /// `seriesCount`: how many will be captured, at most.
    init(lease: SnapshotRegistry.Lease, seriesCount: Int) {
        self.lease = lease
        copies = ScratchBytes(capacity: seriesCount * Self.chunkBytes)
    }


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
                copies.reserve(histograms.bytes.count)
                if let start = histograms.bytes.baseAddress { (copies.base + copies.count).update(from: start, count: histograms.bytes.count) }
                copies.advance(by: histograms.bytes.count)
                isWithin = true
            }
        } else if open.pointee.bytes != nil, tail.openMinTime <= time.upperBound, open.pointee.lastTime >= time.lowerBound {
            let count = open.pointee.byteCount
            copies.reserve(count + MemoryLayout<UInt64>.size)
            let copy = copies.base + copies.count
            open.pointee.copy(to: copy)
            let bytes = UnsafeBufferPointer(start: UnsafePointer(copy), count: count)
            chunks.open(at: copies.count, EncodedChunk(encoding: .xor, bytes: bytes, minTime: tail.openMinTime, maxTime: open.pointee.lastTime))
            // Zeros behind, so that decoding may look at whole words.
            UnsafeMutableRawPointer(copy + count).storeBytes(of: 0, as: UInt64.self)
            copies.advance(by: count + MemoryLayout<UInt64>.size)
            isWithin = true
        }
        // Closed chunks end before the open one begins: where that is early enough nobody need look at them.
        if isWithin, chunks.openTime.lowerBound <= time.lowerBound { chunks.newestClosed = nil }
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
