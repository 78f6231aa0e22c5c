import Bytes
import MetricModel
import SegmentLog

/// What limits a sample's time; fixed for one batch.
struct AppendBounds {
    /// The earliest time that the head still takes.
    var minTime: Int64
    /// The latest.
    var maxTime: Int64
    var blockRangeMillis: Int64
    /// The earliest time that a sample out of order may have; nil when none may be out of order.
    var outOfOrderMinTime: Int64?

    init(minTime: Int64, maxTime: Int64, blockRangeMillis: Int64, outOfOrderMinTime: Int64? = nil) {
        self.minTime = max(minTime, SampleTime.range.lowerBound)
        self.maxTime = min(maxTime, SampleTime.range.upperBound)
        self.blockRangeMillis = blockRangeMillis
        self.outOfOrderMinTime = outOfOrderMinTime.map { max($0, SampleTime.range.lowerBound) }
    }

    /// What becomes of a sample that lies before `minTime` or before the last one of its series.
    func refusal(_ time: Int64) -> SampleRefusal {
        if let outOfOrderMinTime { return time >= outOfOrderMinTime ? .late : .beyondWindow }
        return time < minTime ? .tooOld : .outOfOrder
    }
}

/// Why a sample was refused.
enum SampleRefusal {
    /// Not refused, but one for the out-of-order samples.
    case late
    case beyondWindow
    case outOfOrder
    case duplicate(existing: UInt64)
    /// A float where there is a histogram.
    case duplicateOfHistogram
    /// A histogram where there is something else.
    case duplicateHistogram
    case invalidHistogram(NativeHistogramError)
    case tooOld
    case tooFarInFuture

    /// Whether its lateness is what the sample was refused for (`delta` in `tsdb/head_append.go`).
    var isOutOfOrder: Bool {
        switch self {
        case .late, .beyondWindow, .outOfOrder: true
        default: false
        }
    }
}

/// A part of the head's series: their open chunks, the closed ones, and the memory for both. A value behind a lock.
struct HeadShard: ~Copyable {
    /// What of a series is not needed for most samples.
    struct Tail {
        /// When the open chunk begins.
        var openMinTime: Int64 = .max
        /// The last chunk that is complete; never one that lies before the head's minimum time.
        var newestClosed: UnsafePointer<ClosedChunk>?
    }

    private var open = SeriesPages<OpenChunk>(empty: OpenChunk())
    var tails = SeriesPages<Tail>(empty: Tail())
    private var slab = ChunkSlab()
    var arena = ChunkArena()
    /// The newest chunks of the series that hold histograms.
    var histograms: [Int: OpenHistogramChunk] = [:]
    /// Of the series that have any, the samples that came out of order.
    var outOfOrder: [Int: OutOfOrderSeries] = [:]
    /// The chunks that were completed and are not in `chunks_head`.
    var unmapped: [UnmappedChunk] = []
    /// During replay, by slot: when the chunks of `chunks_head` begin, `.max` for series without any.
    var mappedStarts: [Int64] = []
    /// Below it there is nothing.
    private(set) var minTime: Int64 = .min
    var chunkCount = 0
    var chunksCreated = 0
    var chunksRemoved = 0
    /// The samples of one batch on the way to the log; reused.
    var record = SampleRecordWriter()
    var histogramRecords = HistogramRecordWriter()

    init() {}

    var byteCount: Int { slab.byteCount + arena.byteCount + histogramByteCount + outOfOrderByteCount }

    mutating func insert(_ slot: Int, logReference: UInt64) {
        var chunk = OpenChunk()
        chunk.isLive = true
        chunk.logReference = logReference
        open.insert(slot, chunk)
        tails.insert(slot, Tail())
    }

    /// The open chunk of a series, or nil when it is gone.
    @inline(__always)
    func series(_ slot: Int) -> UnsafeMutablePointer<OpenChunk>? {
        guard let pointer = open.pointer(slot), pointer.pointee.isLive else { return nil }
        return pointer
    }

    /// Fetches the memory of a series, of its newest chunk, and of the newest closed one where `time` begins before the newest (`MemoryFetch`).
    @inline(__always)
    func fetch(_ slot: Int, _ time: ClosedRange<Int64>) -> UInt8 {
        guard let tail = tails.pointer(slot), let chunk = open.pointer(slot), let block = chunk.pointee.bytes else { return 0 }
        var sum = ChunkSlab.fetch(block)
        if tail.pointee.openMinTime > time.lowerBound, let closed = tail.pointee.newestClosed {
            let bytes = ClosedChunk.bytes(closed)
            if let start = bytes.baseAddress { sum &+= MemoryFetch.lines(start, bytes.count) }
        }
        return sum
    }

    func tail(_ slot: Int) -> Tail { tails.pointer(slot)?.pointee ?? Tail() }

    /// Adds one sample to a series, as Prometheus's appender would (`tsdb/head_append.go`, `appendable` and `appendPreprocessor`).
    ///
    /// A sample equal to the last one is taken and changes nothing. Returns why it was refused, or nil.
    @inline(__always)
    mutating func append(_ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ time: Int64, _ bits: UInt64, _ bounds: AppendBounds) -> SampleRefusal? {
        if _slowPath(time <= chunk.pointee.lastTime || time < bounds.minTime || time > bounds.maxTime) {
            if time > bounds.maxTime { return .tooFarInFuture }
            if time < bounds.minTime || time < chunk.pointee.lastTime { return bounds.refusal(time) }
            return chunk.pointee.lastValue == bits ? nil : .duplicate(existing: chunk.pointee.lastValue)
        }
        if _slowPath(chunk.pointee.bytes == nil || !chunk.pointee.hasRoom || time >= chunk.pointee.cutTime || Self.needsLook(chunk.pointee.count)) {
            prepare(slot, chunk, time, bounds.blockRangeMillis)
        }
        chunk.pointee.append(time, bits)
        return nil
    }

    /// Samples in a chunk, at which the time of the next cut is predicted, and at most.
    private static let samplesPerChunk: UInt16 = 120
    private static let chunkBytesMax = 1024 - 19

    @inline(__always)
    private static func needsLook(_ count: UInt16) -> Bool { count == samplesPerChunk / 4 || count >= 2 * samplesPerChunk }

    /// Cuts the chunk if it is time, or makes room for it.
    @inline(never)
    private mutating func prepare(_ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ time: Int64, _ range: Int64) {
        guard let tail = tails.pointer(slot) else { preconditionFailure("a series has no tail") }
        if chunk.pointee.bytes == nil { return begin(chunk, tail, time, range) }
        if chunk.pointee.byteCount > Self.chunkBytesMax {
            close(chunk, tail)
            return begin(chunk, tail, time, range)
        }
        if chunk.pointee.count == Self.samplesPerChunk / 4 {
            chunk.pointee.cutTime = Self.predictedCut(tail.pointee.openMinTime, chunk.pointee.lastTime, chunk.pointee.cutTime)
        }
        if time >= chunk.pointee.cutTime || chunk.pointee.count >= 2 * Self.samplesPerChunk {
            close(chunk, tail)
            return begin(chunk, tail, time, range)
        }
        if !chunk.pointee.hasRoom { goOn(chunk) }
    }

    /// A time that spreads what is left of the range evenly over whole chunks (`computeChunkEndTime` with a quarter full).
    private static func predictedCut(_ start: Int64, _ current: Int64, _ end: Int64) -> Int64 {
        let chunks = Double(end - start) / (Double(current - start + 1) * 4)
        return chunks <= 1 ? end : Int64(Double(start) + Double(end - start) / chunks.rounded(.down))
    }

    private mutating func begin(_ chunk: UnsafeMutablePointer<OpenChunk>, _ tail: UnsafeMutablePointer<Tail>, _ time: Int64, _ range: Int64) {
        chunk.pointee.begin(in: slab.take(), capacity: ChunkSlab.blockBytes, cutTime: OpenHistogramChunk.rangeEnd(time, range))
        tail.pointee.openMinTime = time
        chunkCount += 1
        chunksCreated += 1
    }

    private mutating func goOn(_ chunk: UnsafeMutablePointer<OpenChunk>) {
        chunk.pointee.goOn(in: slab.take(after: chunk.pointee.bytes, chunk.pointee.wholeByteCount))
    }

    /// Moves the open chunk of floats, if there is one, to the closed ones.
    mutating func close(_ chunk: UnsafeMutablePointer<OpenChunk>, _ tail: UnsafeMutablePointer<Tail>) {
        guard let bytes = chunk.pointee.bytes else { return }
        let closed = arena.add(
            count: chunk.pointee.byteCount, .xor, minTime: tail.pointee.openMinTime, maxTime: chunk.pointee.lastTime, older: tail.pointee.newestClosed
        ) { chunk.pointee.copy(to: $0) }
        tail.pointee.newestClosed = closed
        unmapped.append(UnmappedChunk(logReference: chunk.pointee.logReference, chunk: closed))
        slab.give(bytes)
        chunk.pointee.bytes = nil
    }

    /// What a truncation took away and left.
    struct Truncation {
        /// Series that are left without a chunk, and what the log calls them.
        var removed: [(slot: Int, logReference: UInt64)] = []
        /// For the registry: no series refers to them any more.
        var pages: [ChunkPage] = []
        /// The earliest time of a chunk that is left.
        var minTime = Int64.max
    }

    /// Drops every chunk that ends before `time`, and every series that is left without one.
    mutating func truncate(before time: Int64) -> Truncation {
        var truncation = Truncation()
        unmapped.removeAll { $0.chunk.pointee.maxTime < time }
        for slot in 0..<open.slotEnd {
            guard let chunk = series(slot), let tail = tails.pointer(slot) else { continue }
            var next = tail.pointee.newestClosed
            if let newest = next, newest.pointee.maxTime < time { tail.pointee.newestClosed = nil }
            while let current = next {
                next = current.pointee.olderMaxTime >= minTime ? current.pointee.older : nil
                if current.pointee.maxTime < time {
                    arena.remove(current)
                    drop()
                } else {
                    truncation.minTime = min(truncation.minTime, current.pointee.minTime)
                }
            }
            if let bytes = chunk.pointee.bytes {
                if chunk.pointee.lastTime < time {
                    slab.give(bytes)
                    chunk.pointee.bytes = nil
                    drop()
                } else {
                    truncation.minTime = min(truncation.minTime, tail.pointee.openMinTime)
                }
            }
            if chunk.pointee.holdsHistograms, let histograms = histograms[slot] {
                if histograms.maxTime < time {
                    dropHistograms(slot, chunk)
                    drop()
                } else {
                    truncation.minTime = min(truncation.minTime, histograms.minTime)
                }
            }
            if chunk.pointee.bytes == nil, !chunk.pointee.holdsHistograms, tail.pointee.newestClosed == nil, outOfOrder[slot] == nil {
                truncation.removed.append((slot, chunk.pointee.logReference))
                open.remove(slot)
                tails.remove(slot)
            }
        }
        minTime = max(minTime, time)
        truncation.pages = arena.takeEmptied()
        return truncation
    }

    func forEachSeries(_ body: (Int, UnsafeMutablePointer<OpenChunk>) -> Void) {
        for slot in 0..<open.slotEnd { if let chunk = series(slot) { body(slot, chunk) } }
    }

    /// Calls `body` with what the log calls every series.
    func forEachReference(_ body: (UInt64) -> Void) {
        forEachSeries { body($1.pointee.logReference) }
    }

    private mutating func drop() {
        chunkCount -= 1
        chunksRemoved += 1
    }
}
