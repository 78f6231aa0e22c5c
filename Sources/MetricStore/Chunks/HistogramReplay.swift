import MetricModel

/// What a head makes of a series of histograms, without a head: for stores in memory that are to answer as the real one does.
package enum HistogramReplay {
    /// The histograms as they would be read back: laid out as their chunks are, and with what a chunk knows of counter resets. `interruptions`
    /// are the times of the series' floats, which end a chunk. Both in time order.
    package static func readBack(_ samples: [HistogramSample], interruptions: [Int64], chunkRangeMillis: Int64 = 7_200_000) throws(NativeHistogramError) -> [HistogramSample] {
        var buffer = SampleBuffer(capacity: 16)
        var open: OpenHistogramChunk?
        var next = 0
        for sample in samples {
            try sample.histogram.validate()
            var isInterrupted = false
            while next < interruptions.count, interruptions[next] < sample.timestamp {
                isInterrupted = true
                next += 1
            }
            if let chunk = open, !isInterrupted, chunk.isFloat == sample.histogram.isFloat, !chunk.isDue(sample.timestamp, range: chunkRangeMillis) {
                guard let begun = chunk.append(sample.timestamp, sample.histogram) else { continue }
                begun.isCutForetold = chunk.isCutForetold
                begin(begun, after: &open, chunkRangeMillis, into: &buffer)
            } else {
                begin(OpenHistogramChunk(sample.timestamp, sample.histogram, after: open), after: &open, chunkRangeMillis, into: &buffer)
            }
        }
        if let open { read(open, into: &buffer) }
        return buffer.histograms
    }

    private static func begin(_ chunk: OpenHistogramChunk, after open: inout OpenHistogramChunk?, _ range: Int64, into buffer: inout SampleBuffer) {
        if let open { read(open, into: &buffer) }
        chunk.cutTime = OpenHistogramChunk.rangeEnd(chunk.minTime, range)
        open = chunk
    }

    private static func read(_ chunk: OpenHistogramChunk, into buffer: inout SampleBuffer) {
        do throws(ChunkDecoder.Malformed) { try HistogramDecoder.decode(chunk.bytes, isFloat: chunk.isFloat, .min ... .max, into: &buffer) } catch {
            preconditionFailure("a chunk cannot be read that was just written: \(error.reason)")
        }
    }
}
