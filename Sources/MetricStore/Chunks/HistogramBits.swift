import MetricModel

/// Writes histograms of one layout as bits of a chunk, which `HistogramDecoder` reads.
struct HistogramBits: ~Copyable {
    private(set) var out = BitBuffer(headerBytes: HistogramDecoder.headerBytes)
    private(set) var count = 0
    private var lastTime: Int64 = 0
    private var timeDelta: Int64 = 0
    private var sum = XORTrack(0)
    private var integers = IntegerTracks()
    private var floats = FloatTracks()

    init() {}

    /// Adds a histogram that has the buckets of those before it, or is a stale marker. The first one tells the layout.
    mutating func put(_ time: Int64, _ histogram: NativeHistogram) {
        // A marker has no buckets, and nothing but markers comes behind it.
        let isStale = histogram.isStaleMarker
        let histogram = isStale ? .staleMarker(isFloat: histogram.isFloat) : histogram
        if count == 0 {
            HistogramLayout(of: histogram).write(to: &out)
            out.putVarbit(time)
            switch histogram.counts {
            case .integer(let tally): integers.begin(tally, histogram.sum, &out)
            case .float(let tally): floats.begin(tally, histogram.sum, &out)
            }
            sum = XORTrack(histogram.sum)
        } else {
            let delta = time &- lastTime
            out.putVarbit(delta &- timeDelta)
            timeDelta = delta
            switch histogram.counts {
            case .integer(let tally):
                integers.putTotals(tally, isStale: isStale, &out)
                sum.put(histogram.sum, into: &out)
                if !isStale { integers.putBuckets(tally, &out) }
            case .float(let tally):
                floats.putTotals(tally, &out)
                sum.put(histogram.sum, into: &out)
                if !isStale { floats.putBuckets(tally, &out) }
            }
        }
        lastTime = time
        count += 1
        out.set(UInt8(truncatingIfNeeded: count >> 8), at: 0)
        out.set(UInt8(truncatingIfNeeded: count), at: 1)
    }

    mutating func set(_ header: CounterResetHeader) { out.set(header.rawValue, at: 2) }
}

/// What was last written of integer histograms: each bucket's difference from the one before, and how that changed.
private struct IntegerTracks {
    private struct Track {
        var last: Int64
        var delta: Int64 = 0

        mutating func put(_ value: Int64, _ out: inout BitBuffer) {
            let change = value &- last
            out.putVarbit(change &- delta)
            delta = change
            last = value
        }
    }

    private var count = Track(last: 0)
    private var zeroCount = Track(last: 0)
    private var positive: [Track] = []
    private var negative: [Track] = []

    mutating func begin(_ tally: NativeHistogram.Tally<UInt64, Int64>, _ sum: Double, _ out: inout BitBuffer) {
        count = Track(last: Int64(bitPattern: tally.count))
        zeroCount = Track(last: Int64(bitPattern: tally.zeroCount))
        out.putUnsignedVarbit(tally.count)
        out.putUnsignedVarbit(tally.zeroCount)
        out.put(sum.bitPattern, 64)
        positive = Self.begin(tally.positive, &out)
        negative = Self.begin(tally.negative, &out)
    }

    private static func begin(_ buckets: [Int64], _ out: inout BitBuffer) -> [Track] {
        var tracks: [Track] = []
        tracks.reserveCapacity(buckets.count)
        var before: Int64 = 0
        for bucket in buckets {
            tracks.append(Track(last: bucket &- before))
            out.putVarbit(bucket &- before)
            before = bucket
        }
        return tracks
    }

    mutating func putTotals(_ tally: NativeHistogram.Tally<UInt64, Int64>, isStale: Bool, _ out: inout BitBuffer) {
        if isStale {
            out.put(0, 2)
        } else {
            count.put(Int64(bitPattern: tally.count), &out)
            zeroCount.put(Int64(bitPattern: tally.zeroCount), &out)
        }
    }

    mutating func putBuckets(_ tally: NativeHistogram.Tally<UInt64, Int64>, _ out: inout BitBuffer) {
        Self.put(tally.positive, &positive, &out)
        Self.put(tally.negative, &negative, &out)
    }

    private static func put(_ buckets: [Int64], _ tracks: inout [Track], _ out: inout BitBuffer) {
        var before: Int64 = 0
        for (place, bucket) in buckets.enumerated() {
            tracks[place].put(bucket &- before, &out)
            before = bucket
        }
    }
}

/// What was last written of float histograms.
private struct FloatTracks {
    private var count = XORTrack(0)
    private var zeroCount = XORTrack(0)
    private var positive: [XORTrack] = []
    private var negative: [XORTrack] = []

    mutating func begin(_ tally: NativeHistogram.Tally<Double, Double>, _ sum: Double, _ out: inout BitBuffer) {
        count = XORTrack(tally.count)
        zeroCount = XORTrack(tally.zeroCount)
        positive = tally.positive.map { XORTrack($0) }
        negative = tally.negative.map { XORTrack($0) }
        for value in [tally.count, tally.zeroCount, sum] + tally.positive + tally.negative { out.put(value.bitPattern, 64) }
    }

    mutating func putTotals(_ tally: NativeHistogram.Tally<Double, Double>, _ out: inout BitBuffer) {
        count.put(tally.count, into: &out)
        zeroCount.put(tally.zeroCount, into: &out)
    }

    mutating func putBuckets(_ tally: NativeHistogram.Tally<Double, Double>, _ out: inout BitBuffer) {
        for (place, value) in tally.positive.enumerated() { positive[place].put(value, into: &out) }
        for (place, value) in tally.negative.enumerated() { negative[place].put(value, into: &out) }
    }
}
