import MetricModel

/// Out-of-order samples of a series that are complete: encoded, in the order of time. Never changes.
final class SealedChunk: Sendable {
    let encoding: BlockFormat.ChunkEncoding
    let minTime: Int64
    let maxTime: Int64
    private let bytes: [UInt8]

    init(_ chunk: EncodedChunk) {
        encoding = chunk.encoding
        minTime = chunk.minTime
        maxTime = chunk.maxTime
        bytes = Array(chunk.bytes)
    }

    var byteCount: Int { bytes.count }
    var sampleCount: Int { bytes.withUnsafeBufferPointer { BlockFormat.sampleCount($0, encoding.rawValue) } }

    func meets(_ time: ClosedRange<Int64>) -> Bool { minTime <= time.upperBound && maxTime >= time.lowerBound }

    func decode(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(ChunkDecoder.Malformed) {
        try bytes.withUnsafeBufferPointer { bytes throws(ChunkDecoder.Malformed) in try ChunkDecoder.decode(encoding, bytes, time, into: &buffer) }
    }
}

/// What came of a series out of order and is in no block yet (`tsdb/ooo_head.go`): sealed chunks, the oldest first, whose times may
/// overlap, and the samples that will be the next. A value: a reader keeps a copy.
struct OutOfOrderSeries: Sendable {
    /// Samples after which a chunk is sealed (`DefaultOutOfOrderCapMax`).
    static let samplesPerChunk = 32

    private struct Sample {
        let time: Int64
        let bits: UInt64
    }

    private(set) var sealed: [SealedChunk] = []
    /// In the order of time, which no two share; at most `samplesPerChunk`.
    private var open: [Sample] = []
    /// Those of the open samples that are histograms, by time.
    private var histograms: [Int64: NativeHistogram] = [:]

    init() {}

    var isEmpty: Bool { sealed.isEmpty && open.isEmpty }
    var chunkCount: Int { sealed.count + (open.isEmpty ? 0 : 1) }
    var sampleCount: Int { sealed.reduce(open.count) { $0 + $1.sampleCount } }
    /// Roughly what it takes in memory.
    var byteCount: Int { sealed.reduce(open.capacity * MemoryLayout<Sample>.stride) { $0 + $1.byteCount + 64 } + histograms.count * 256 }

    /// The times between which its samples lie; nil when there is none.
    var extent: ClosedRange<Int64>? {
        var (low, high) = (open.first?.time ?? .max, open.last?.time ?? .min)
        for chunk in sealed {
            low = min(low, chunk.minTime)
            high = max(high, chunk.maxTime)
        }
        return low <= high ? low...high : nil
    }

    /// Calls `body` with the time of every sample, those at the same time as another included.
    func forEachTime(_ body: (Int64) -> Void) throws(ChunkDecoder.Malformed) {
        var buffer = SampleBuffer(capacity: Self.samplesPerChunk)
        for chunk in sealed {
            buffer.removeAll()
            try chunk.decode(.min ... .max, into: &buffer)
            for index in 0..<buffer.count { body(buffer.timestamps[index]) }
            for sample in buffer.histograms { body(sample.timestamp) }
        }
        for sample in open { body(sample.time) }
    }

    /// Whether a chunk meets `time`.
    func meets(_ time: ClosedRange<Int64>) -> Bool {
        if let first = open.first, let last = open.last, first.time <= time.upperBound, last.time >= time.lowerBound { return true }
        return sealed.contains { $0.meets(time) }
    }

    /// Adds a sample to the open ones, sealing them first when they are enough; false when one of them has its time.
    mutating func insert(_ time: Int64, _ bits: UInt64, _ histogram: NativeHistogram?) -> Bool {
        if open.count >= Self.samplesPerChunk { seal() }
        var at = open.count
        if let last = open.last, time <= last.time {
            var low = 0
            while low < at {
                let middle = (low + at) / 2
                if open[middle].time < time { low = middle + 1 } else { at = middle }
            }
            if open[at].time == time { return false }
        }
        open.insert(Sample(time: time, bits: bits), at: at)
        if let histogram { histograms[time] = histogram }
        return true
    }

    /// Makes chunks of the open samples: one, or more where floats and histograms alternate.
    mutating func seal() {
        if open.isEmpty { return }
        var buffer = SampleBuffer(capacity: Self.samplesPerChunk)
        appendOpen(.min ... .max, to: &buffer)
        seal(buffer)
        open = []
        histograms = [:]
    }

    private mutating func seal(_ buffer: borrowing SampleBuffer) {
        ChunkEncoder().encode(buffer) { sealed.append(SealedChunk($0)) }
    }

    private func appendOpen(_ time: ClosedRange<Int64>, to buffer: inout SampleBuffer) {
        for sample in open where time.contains(sample.time) {
            if !histograms.isEmpty, let histogram = histograms[sample.time] {
                buffer.append(sample.time, histogram)
            } else {
                buffer.append(sample.time, Double(bitPattern: sample.bits))
            }
        }
    }

    /// Forgets the `count` oldest sealed chunks.
    mutating func removeSealed(_ count: Int) { sealed.removeFirst(count) }

    /// Takes out the samples in `time`, and returns how many they were.
    mutating func delete(_ time: ClosedRange<Int64>) -> Int {
        let before = sampleCount
        if sealed.contains(where: { $0.meets(time) }) {
            let chunks = sealed
            sealed = []
            for chunk in chunks {
                guard chunk.meets(time) else {
                    sealed.append(chunk)
                    continue
                }
                var buffer = SampleBuffer(capacity: Self.samplesPerChunk)
                do throws(ChunkDecoder.Malformed) { try chunk.decode(.min ... .max, into: &buffer) } catch {
                    preconditionFailure("a chunk cannot be read that was written here: \(error.reason)")
                }
                Tombstones.filter(&buffer, from: SampleMark(floats: 0, histograms: 0), [time])
                seal(buffer)
            }
        }
        open.removeAll { time.contains($0.time) }
        if !histograms.isEmpty { histograms = histograms.filter { !time.contains($0.key) } }
        return before - sampleCount
    }

    /// Appends what lies in `time`, in its order; of samples at one time the one that came first.
    func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(ChunkDecoder.Malformed) {
        var marks = [buffer.mark]
        var isRising = true
        var end: Int64?
        for chunk in sealed where chunk.meets(time) {
            if let end, chunk.minTime <= end { isRising = false }
            end = max(end ?? .min, chunk.maxTime)
            try chunk.decode(time, into: &buffer)
            marks.append(buffer.mark)
        }
        if let first = open.first {
            if let end, first.time <= end { isRising = false }
            appendOpen(time, to: &buffer)
            marks.append(buffer.mark)
        }
        if !isRising { Self.order(&buffer, marks) }
    }

    /// Puts what stands between the first mark and the last into the order of time, where of several at one time the first stays. Between
    /// two marks is one chunk.
    private static func order(_ buffer: inout SampleBuffer, _ marks: [SampleMark]) {
        struct Entry {
            let time: Int64
            let chunk: Int
            /// Its place among the samples of its kind.
            let place: Int
            let bits: UInt64
            let isHistogram: Bool
        }
        guard let start = marks.first else { return }
        var entries: [Entry] = []
        for (chunk, (from, to)) in zip(marks, marks.dropFirst()).enumerated() {
            for place in from.floats..<to.floats {
                entries.append(Entry(time: buffer.timestamps[place], chunk: chunk, place: place, bits: buffer.values[place].bitPattern, isHistogram: false))
            }
            for place in from.histograms..<to.histograms { entries.append(Entry(time: buffer.histograms[place].timestamp, chunk: chunk, place: place, bits: 0, isHistogram: true)) }
        }
        entries.sort { ($0.time, $0.chunk) < ($1.time, $1.chunk) }
        let rows = buffer.histograms
        var merged: [HistogramSample] = []
        var kept = start.floats
        var last: Int64?
        var previous = start.histograms - 1
        for entry in entries where entry.time != last {
            last = entry.time
            guard entry.isHistogram else {
                // SAFETY: no more is written than was read, and what is written was copied before.
                buffer.timestamps[kept] = entry.time
                buffer.values[kept] = Double(bitPattern: entry.bits)
                kept += 1
                continue
            }
            var sample = rows[entry.place]
            // Behind another than it was encoded behind, what was known of a counter reset is known no longer.
            if entry.place != previous + 1, sample.histogram.counterReset != .gauge { sample.histogram.counterReset = .unknown }
            previous = entry.place
            merged.append(sample)
        }
        buffer.truncate(to: kept)
        if rows.count > start.histograms { buffer.replaceHistograms(from: start.histograms, with: merged) }
    }
}
