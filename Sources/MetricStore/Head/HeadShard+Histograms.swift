import MetricModel

extension HeadShard {
    /// Memory of open chunks of histograms.
    var histogramByteCount: Int { histograms.values.reduce(0) { $0 + $1.byteCount } }

    /// Adds one histogram to a series, as Prometheus's appender would (`appendableHistogram` and `appendHistogram` in `tsdb/head_append.go`).
    ///
    /// One that says the same as the last one at its time is taken and changes nothing. Returns why it was refused, or nil.
    mutating func append(
        _ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ time: Int64, _ histogram: NativeHistogram, _ bounds: AppendBounds
    ) -> SampleRefusal? {
        if time > bounds.maxTime { return .tooFarInFuture }
        if time < bounds.minTime, bounds.outOfOrderMinTime == nil { return .tooOld }
        do throws(NativeHistogramError) { try histogram.validate() } catch { return .invalidHistogram(error) }
        let open = chunk.pointee.holdsHistograms ? histograms[slot] : nil
        if time <= chunk.pointee.lastTime || time < bounds.minTime {
            if time < chunk.pointee.lastTime || time < bounds.minTime { return bounds.refusal(time) }
            return open?.last.holdsSameData(as: histogram) == true ? nil : .duplicateHistogram
        }
        guard let tail = tails.pointer(slot) else { preconditionFailure("a series has no tail") }
        if let open, open.isFloat == histogram.isFloat, !open.isDue(time, range: bounds.blockRangeMillis) {
            if let next = open.append(time, histogram) {
                // What was foretold of the chunk before is not unlearnt, as in Prometheus.
                next.isCutForetold = open.isCutForetold
                begin(next, in: slot, chunk, tail, bounds.blockRangeMillis)
            }
        } else {
            begin(OpenHistogramChunk(time, histogram, after: open), in: slot, chunk, tail, bounds.blockRangeMillis)
        }
        chunk.pointee.lastTime = time
        return nil
    }

    /// Adds a float to a series whose newest chunk may be one of histograms: a stale marker becomes one of histograms, any other begins
    /// a chunk.
    mutating func appendFloat(
        _ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ time: Int64, _ bits: UInt64, _ bounds: AppendBounds
    ) -> SampleRefusal? {
        guard chunk.pointee.holdsHistograms, let tail = tails.pointer(slot) else { return append(slot, chunk, time, bits, bounds) }
        if time == chunk.pointee.lastTime, time >= bounds.minTime { return .duplicateOfHistogram }
        if time > chunk.pointee.lastTime, time >= bounds.minTime, time <= bounds.maxTime { closeHistograms(slot, chunk, tail) }
        return append(slot, chunk, time, bits, bounds)
    }

    /// What a float becomes in a series: a marker of histograms where the newest chunk holds them and it is a stale marker.
    func staleMarker(_ slot: Int, for bits: UInt64) -> NativeHistogram? {
        guard bits == Staleness.markerBits, let open = histograms[slot] else { return nil }
        return .staleMarker(isFloat: open.isFloat)
    }

    private mutating func begin(
        _ next: OpenHistogramChunk, in slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ tail: UnsafeMutablePointer<Tail>, _ range: Int64
    ) {
        if chunk.pointee.holdsHistograms { closeHistograms(slot, chunk, tail) } else { close(chunk, tail) }
        next.cutTime = OpenHistogramChunk.rangeEnd(next.minTime, range)
        histograms[slot] = next
        chunk.pointee.holdsHistograms = true
        tail.pointee.openMinTime = next.minTime
        chunkCount += 1
        chunksCreated += 1
    }

    private mutating func closeHistograms(_ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ tail: UnsafeMutablePointer<Tail>) {
        if let open = histograms[slot], let bytes = open.bytes.baseAddress {
            let closed = arena.add(bytes, count: open.byteCount, open.encoding, minTime: open.minTime, maxTime: open.maxTime, older: tail.pointee.newestClosed)
            tail.pointee.newestClosed = closed
            unmapped.append(UnmappedChunk(logReference: chunk.pointee.logReference, chunk: closed))
        }
        dropHistograms(slot, chunk)
    }

    mutating func dropHistograms(_ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>) {
        histograms[slot] = nil
        chunk.pointee.holdsHistograms = false
    }
}
