import MetricModel

/// A series' newest chunk while it holds histograms: to which others are added, laying the chunk's buckets out anew where need be
/// (`HistogramAppender` in `tsdb/chunkenc/histogram.go` and its twin for floats).
final class OpenHistogramChunk {
    let isFloat: Bool
    private var bits = HistogramBits()
    private(set) var header = CounterResetHeader.unknown
    /// The last histogram, with the buckets that the chunk has.
    private(set) var last: NativeHistogram
    private(set) var minTime: Int64
    private(set) var maxTime: Int64
    /// The time from which on samples go to another chunk, and whether that was foretold from how fast the chunk grows.
    var cutTime: Int64 = .max
    var isCutForetold = false
    /// How the last histogram stands in the write-ahead log.
    var logKind = LogRecord.Kind.histograms

    var count: Int { bits.count }
    var byteCount: Int { bits.out.byteCount }
    var encoding: BlockFormat.ChunkEncoding { isFloat ? .floatHistogram : .histogram }
    /// The chunk as it is; valid until more is added.
    var bytes: UnsafeBufferPointer<UInt8> { bits.out.bytes }

    /// Begins a chunk with a valid histogram. `previous` is the chunk of the same series before it, if the store knows it, and tells whether
    /// this one begins with a counter reset.
    init(_ time: Int64, _ first: NativeHistogram, after previous: OpenHistogramChunk?) {
        isFloat = first.isFloat
        last = first
        minTime = time
        maxTime = time
        bits.put(time, first)
        if first.counterReset == .gauge {
            set(.gauge)
        } else if first.counterReset == .reset {
            set(.reset)
        } else if let previous, previous.isFloat == isFloat {
            switch previous.fitOfCounter(first) {
            case .fits: set(.notReset)
            case .begins(let reason): set(reason == .counterReset ? .reset : isFloat ? .notReset : reason == .gaugeBefore ? .notReset : .unknown)
            }
        }
    }

    /// A chunk that the one before could not take on.
    private init(_ time: Int64, _ first: NativeHistogram, _ header: CounterResetHeader) {
        isFloat = first.isFloat
        last = first
        minTime = time
        maxTime = time
        bits.put(time, first)
        set(header)
    }

    private func set(_ header: CounterResetHeader) {
        self.header = header
        bits.set(header)
    }

    /// Why a histogram cannot be in the same chunk as the last.
    private enum Reason {
        case counterReset, gaugeBefore, layoutChange
    }

    private enum Fit {
        case fits(positive: BucketFit.Difference, negative: BucketFit.Difference)
        case begins(Reason)

        static var asIs: Fit { .fits(positive: .init(), negative: .init()) }
    }

    private func fitOfCounter(_ new: NativeHistogram) -> Fit {
        if header == .gauge { return .begins(.gaugeBefore) }
        if new.counterReset == .reset { return .begins(.counterReset) }
        if new.isStaleMarker { return .asIs }
        if last.isStaleMarker { return .begins(.layoutChange) }
        let (positive, negative): (BucketFit.Difference?, BucketFit.Difference?)
        switch (last.counts, new.counts) {
        case (.integer(let old), .integer(let tally)):
            if let reason = reset(new, hasFewer: tally.count < old.count, hasFewerZeros: tally.zeroCount < old.zeroCount) { return .begins(reason) }
            positive = BucketFit.counters(last.positiveSpans, old.positive, new.positiveSpans, tally.positive)
            negative = positive == nil ? nil : BucketFit.counters(last.negativeSpans, old.negative, new.negativeSpans, tally.negative)
        case (.float(let old), .float(let tally)):
            if let reason = reset(new, hasFewer: tally.count < old.count, hasFewerZeros: tally.zeroCount < old.zeroCount) { return .begins(reason) }
            positive = BucketFit.counters(last.positiveSpans, old.positive, new.positiveSpans, tally.positive)
            negative = positive == nil ? nil : BucketFit.counters(last.negativeSpans, old.negative, new.negativeSpans, tally.negative)
        default: return .begins(.layoutChange)
        }
        guard let positive, let negative else { return .begins(.counterReset) }
        return .fits(positive: positive, negative: negative)
    }

    private func reset(_ new: NativeHistogram, hasFewer: Bool, hasFewerZeros: Bool) -> Reason? {
        if hasFewer { return .counterReset }
        if new.schema != last.schema || new.zeroThreshold != last.zeroThreshold { return .layoutChange }
        if new.hasCustomBuckets, new.customValues != last.customValues { return .counterReset }
        return hasFewerZeros ? .counterReset : nil
    }

    private func fitOfGauge(_ new: NativeHistogram) -> Fit {
        if header != .gauge { return .begins(.layoutChange) }
        if new.isStaleMarker { return .asIs }
        if last.isStaleMarker || new.schema != last.schema || new.zeroThreshold != last.zeroThreshold { return .begins(.layoutChange) }
        if new.hasCustomBuckets, new.customValues != last.customValues { return .begins(.layoutChange) }
        return .fits(
            positive: BucketFit.gauges(last.positiveSpans, new.positiveSpans), negative: BucketFit.gauges(last.negativeSpans, new.negativeSpans))
    }

    /// Adds a valid histogram of the same flavour, later than the last. Returns the chunk that it began when this one cannot hold it.
    func append(_ time: Int64, _ histogram: NativeHistogram) -> OpenHistogramChunk? {
        let isGauge = histogram.counterReset == .gauge
        guard case .fits(let positive, let negative) = isGauge ? fitOfGauge(histogram) : fitOfCounter(histogram) else {
            return OpenHistogramChunk(time, histogram, isGauge ? .gauge : headerAfterCut(histogram))
        }
        var new = histogram
        let (adds, lacks) = (positive.adds || negative.adds, !positive.lacks.isEmpty || !negative.lacks.isEmpty)
        if lacks {
            if !isGauge, !adds {
                new.layOut(positive: last.positiveSpans, negative: last.negativeSpans)
            } else {
                new.layOut(
                    positive: !isGauge && positive.lacks.isEmpty ? new.positiveSpans : BucketFit.union(new.positiveSpans, positive.lacks),
                    negative: !isGauge && negative.lacks.isEmpty ? new.negativeSpans : BucketFit.union(new.negativeSpans, negative.lacks))
            }
        }
        if adds { recode(positive: new.positiveSpans, negative: new.negativeSpans) }
        bits.put(time, new)
        last = new
        maxTime = time
        return nil
    }

    private func headerAfterCut(_ histogram: NativeHistogram) -> CounterResetHeader {
        guard case .begins(let reason) = fitOfCounter(histogram) else { return .unknown }
        return reason == .counterReset ? .reset : reason == .gaugeBefore && !isFloat ? .notReset : .unknown
    }

    /// Writes the chunk anew with more buckets.
    private func recode(positive: [NativeHistogram.Span], negative: [NativeHistogram.Span]) {
        var samples = SampleBuffer(capacity: 16)
        do throws(ChunkDecoder.Malformed) { try HistogramDecoder.decode(bytes, isFloat: isFloat, .min ... .max, into: &samples) } catch {
            preconditionFailure("a chunk cannot be read that was just written: \(error.reason)")
        }
        bits = HistogramBits()
        for sample in samples.histograms {
            var histogram = sample.histogram
            histogram.layOut(positive: positive, negative: negative)
            bits.put(sample.timestamp, histogram)
        }
        bits.set(header)
    }
}

extension OpenHistogramChunk {
    /// Bytes that a chunk should have, and histograms that it should have whatever their size (`tsdb/chunkenc/chunk.go`).
    private static let bytesTypical = 1024
    private static let countMin = 10
    /// A chunk is cut at this size in any case.
    private static let bytesMax = 64 << 20

    /// The end of the range of time that a chunk lies in. Truncating division, as in Go: before the epoch the first range is twice as long.
    static func rangeEnd(_ time: Int64, _ range: Int64) -> Int64 {
        let (end, overflows) = (time / range * range).addingReportingOverflow(range)
        return overflows ? .max : end
    }

    /// Whether it has the size that chunks should have.
    var isFull: Bool { byteCount >= Self.bytesTypical && count >= Self.countMin || byteCount >= Self.bytesMax }

    /// The chunk as it stands, its bytes valid until more is added and as long as it lives.
    var encoded: EncodedChunk { EncodedChunk(encoding: encoding, bytes: bytes, minTime: minTime, maxTime: maxTime) }

    /// Whether a sample at `time` goes to another chunk; foretells when, once the chunk is a quarter full (`histogramsAppendPreprocessor`).
    func isDue(_ time: Int64, range: Int64) -> Bool {
        let size = byteCount
        let nextRange = isCutForetold ? Self.rangeEnd(minTime, range) : cutTime
        if !isCutForetold, size >= Self.bytesTypical / 4 {
            let full = Double(Self.bytesTypical) / Double(size)
            let chunks = Double(cutTime - minTime) / (Double(maxTime - minTime + 1) * full)
            if chunks > 1 { cutTime = Int64(Double(minTime) + Double(cutTime - minTime) / chunks.rounded(.down)) }
            isCutForetold = true
        }
        if size >= Self.bytesMax { return true }
        return (time >= cutTime || size >= 2 * Self.bytesTypical) && (count >= Self.countMin || time >= nextRange)
    }
}
