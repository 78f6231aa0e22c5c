import Dispatch
import MetricModel
import MetricStore
import Synchronization

/// Everything that the operators of one query share: the store, the bounds, and what has been counted and remarked so far.
///
/// SAFETY: operators run on up to `workers.count` threads at a time; all shared state is atomic or behind a mutex.
final class QueryContext: @unchecked Sendable {
    let reader: any MetricReader
    let query: [UInt8]
    let lookbackMillis: Int64
    let defaultSubqueryStepMillis: Int64
    let delaysNameRemoval: Bool
    let usesTypeAndUnitLabels: Bool
    let usesStartTimestamps: Bool
    let histograms = HistogramArena()
    let rows = ScrapeRows()
    let timer = PhaseTimer()
    /// One for every thread that takes part.
    let workers: [Worker]

    private let samplesMax: Int
    private let memoryBytesMax: Int
    private let timeoutSeconds: Double
    private let deadline: ContinuousClock.Instant
    private let cancellation: Cancellation
    private let isOverdrawn = Atomic<Bool>(false)
    private let overdraft = Mutex<QueryError?>(nil)
    private let heldSamples = Atomic<Int>(0)
    private let peakSamples = Atomic<Int>(0)
    /// Operators that have done their work.
    private let left = Mutex<[Left]>([])
    private let annotations = Mutex<[String: Annotation]>([:])
    private let repairs = Mutex<[String: MonotonicityNote]>([:])

    /// Set from outside to end a query.
    final class Cancellation: Sendable {
        private let flag = Atomic<Bool>(false)
        func cancel() { flag.store(true, ordering: .relaxed) }
        var isCanceled: Bool { flag.load(ordering: .relaxed) }
    }

    /// What one thread needs for itself.
    final class Worker {
        /// The samples of the series that is being read.
        var samples = SampleBuffer(capacity: 1024)
        /// Whether there is a NaN among its floats: stale markers are.
        private(set) var hasNaN = false
        /// What `Rising` says of its floats.
        private(set) var isRising = false
        var samplesRead = 0
        var samplesQueried = 0
        /// The weight of the histograms of the series that is being read.
        var histogramWeight = 0

        /// Reads the samples of a series in `span`. A stored NaN that could pass for a histogram becomes the ordinary one.
        func read(_ series: any SelectedSeries, _ span: ClosedRange<Int64>) throws(QueryError) {
            samples.removeAll()
            do { try series.read(span, into: &samples) } catch { throw .storage(error) }
            let (values, count) = (samples.values, samples.count)
            isRising = Rising.holds(values, count)
            hasNaN = !isRising && Self.hasNaN(values, count)
            if hasNaN { for place in 0..<count where HistogramMark.couldBeMark(values[place]) { values[place] = .nan } }
        }

        private static func hasNaN(_ values: UnsafePointer<Double>, _ count: Int) -> Bool {
            // A sum of products with zero is a NaN where one of the values is, or is infinite: then they are looked at singly.
            var (place, sum) = (0, SIMD8<Double>.zero)
            while place + 8 <= count {
                // SAFETY: the loop's condition leaves eight values behind each place.
                sum += UnsafeRawPointer(values + place).loadUnaligned(as: SIMD8<Double>.self) * 0
                place += 8
            }
            while place < count {
                sum[0] += values[place] * 0
                place += 1
            }
            return sum != .zero && (0..<count).contains { values[$0].isNaN }
        }
    }

    init(reader: any MetricReader, query: String, options: QueryEngine.Options, lookbackMillis: Int64, workerCount: Int, timeoutSeconds: Double, cancellation: Cancellation) {
        self.reader = reader
        self.query = Array(query.utf8)
        self.lookbackMillis = lookbackMillis
        defaultSubqueryStepMillis = options.defaultSubqueryStepMillis
        delaysNameRemoval = options.delaysNameRemoval
        usesTypeAndUnitLabels = options.usesTypeAndUnitLabels
        usesStartTimestamps = options.usesStartTimestamps
        samplesMax = options.samplesMax
        memoryBytesMax = options.memoryBytesMax
        self.timeoutSeconds = timeoutSeconds
        deadline = .now + .seconds(timeoutSeconds)
        self.cancellation = cancellation
        workers = (0..<max(1, workerCount)).map { _ in Worker() }
    }

    // MARK: Bounds

    /// Throws when the query is to end. Cheap enough for every series.
    func check() throws(QueryError) {
        if cancellation.isCanceled { throw .canceled(phase: "expression evaluation") }
        if isOverdrawn.load(ordering: .relaxed), let error = overdraft.withLock({ $0 }) { throw error }
        if ContinuousClock.now > deadline { throw .timeout(seconds: timeoutSeconds, phase: "expression evaluation") }
    }

    /// Counts `samples` as held in memory; `source` is the part that wants them.
    func hold(samples: Int, for source: SourceRange) throws(QueryError) {
        let held = heldSamples.add(samples, ordering: .relaxed).newValue
        var peak = peakSamples.load(ordering: .relaxed)
        while held > peak {
            let (exchanged, original) = peakSamples.compareExchange(expected: peak, desired: held, ordering: .relaxed)
            if exchanged { break }
            peak = original
        }
        if held > samplesMax {
            release(samples: samples)
            throw .tooManySamples(limit: samplesMax, part: part(source))
        }
        if held * MemoryLayout<Double>.stride > memoryBytesMax {
            release(samples: samples)
            throw .tooMuchMemory(limit: memoryBytesMax, part: part(source))
        }
    }

    /// Counts samples where nothing can be thrown: what the bound forbids is thrown by the next `check`. Returns how many were counted.
    func holdOrFailLater(samples: Int, for source: SourceRange) -> Int {
        do throws(QueryError) {
            try hold(samples: samples, for: source)
            return samples
        } catch {
            overdraft.withLock { if $0 == nil { $0 = error } }
            isOverdrawn.store(true, ordering: .relaxed)
            return 0
        }
    }

    /// Counts the histograms of the series that a worker reads, in the place of those of the one before.
    func hold(histograms: [FloatHistogram], for source: SourceRange, _ worker: Worker) throws(QueryError) {
        release(samples: worker.histogramWeight)
        worker.histogramWeight = 0
        let weight = histograms.reduce(0) { $0 + $1.weight }
        try hold(samples: weight, for: source)
        worker.histogramWeight = weight
    }

    func release(samples: Int) { heldSamples.subtract(samples, ordering: .relaxed) }

    /// The text of a part of the query, for messages.
    func part(_ source: SourceRange) -> String {
        let lower = min(max(source.lower, 0), query.count)
        let upper = min(max(source.upper, lower), query.count)
        let whole = lower == upper ? query[...] : query[lower..<upper]
        let text = String(decoding: whole.prefix(200), as: UTF8.self)
        return "`" + text + (whole.count > 200 ? "…" : "") + "`"
    }

    var peakHeldSamples: Int { peakSamples.load(ordering: .relaxed) }

    // MARK: Histograms

    private let histogramScan = Atomic<Bool>(false)

    /// Whether a query must be run anew because native histograms stood among classic buckets, which is found out only on the way; then
    /// `HistogramOperator` looks for them first.
    var needsHistogramScan: Bool { histogramScan.load(ordering: .relaxed) }
    func demandHistogramScan() { histogramScan.store(true, ordering: .relaxed) }

    /// Keeps a histogram for the rest of the query, or until it is forgotten; the mark stands for it in columns.
    func mark(_ histogram: FloatHistogram, for source: SourceRange) throws(QueryError) -> Double {
        try hold(samples: histogram.weight, for: source)
        return histograms.mark(histogram)
    }

    /// Forgets the histograms marked since there were `count`.
    func forgetHistograms(from count: Int) {
        guard histograms.isUsed else { return }
        let before = histograms.weight
        histograms.truncate(to: count)
        release(samples: before - histograms.weight)
    }

    /// Whether any of a column's values is a histogram's mark. Costs nothing while the query has met none.
    @inline(__always) func hasHistograms(_ column: UnsafePointer<Double>, _ steps: Range<Int>) -> Bool {
        histograms.isUsed && HistogramMark.occurs(in: column, steps)
    }

    // MARK: What is left

    // SAFETY: nobody looks at it any more; it waits to be freed.
    private struct Left: @unchecked Sendable { let operators: SeriesOperator }

    /// From how many samples on freeing what a query used is worth another thread's time.
    private static let heavySamples = 50_000

    /// Keeps an operator for as long as the query.
    func leave(_ root: SeriesOperator) { left.withLock { $0.append(Left(operators: root)) } }

    /// What the operators kept, to be freed when the answer is on its way; nil where it is soon done.
    func takeLeft() -> (any Sendable)? {
        let left = left.withLock { left in
            defer { left = [] }
            return left
        }
        return workers.reduce(0) { $0 + $1.samplesRead } >= Self.heavySamples ? left : nil
    }

    // MARK: Remarks

    func annotate(_ annotation: Annotation) {
        annotations.withLock { annotations in
            if annotations[annotation.message]?.merge(annotation) == nil { annotations[annotation.message] = annotation }
        }
    }

    func forgetRemarks() {
        annotations.withLock { $0 = [:] }
        repairs.withLock { $0 = [:] }
    }

    func annotate(_ note: MonotonicityNote, metric: String) {
        repairs.withLock { if $0[metric]?.merge(note) == nil { $0[metric] = note } }
    }

    /// Warnings and infos, sorted.
    func remarks() -> (warnings: [String], infos: [String]) {
        var all = annotations.withLock { Array($0.values) }
        for (metric, note) in repairs.withLock({ $0 }) { all.append(.forcedMonotonicity(metric: metric, note)) }
        return (all.filter(\.isWarning).map { $0.text(in: query) }.sorted(), all.filter { !$0.isWarning }.map { $0.text(in: query) }.sorted())
    }

    // MARK: Threads

    /// Runs `body` over all of `0..<count` in pieces, on every worker when the work is worth it. Pieces may come in any order.
    ///
    /// `cost` is roughly the number of samples touched. The first error ends the work and is thrown.
    func parallel(_ count: Int, cost: Int, piece: Int = 16, _ body: (Range<Int>, _ worker: Int) throws(QueryError) -> Void) throws(QueryError) {
        guard workers.count > 1, cost > 30_000, count > 1 else {
            var from = 0
            while from < count {
                try check()
                let to = min(from + max(piece, 1), count)
                try body(from..<to, 0)
                from = to
            }
            return
        }
        let size = max(1, min(piece, count / workers.count))
        let next = Atomic<Int>(0)
        let failure = Mutex<QueryError?>(nil)
        withoutActuallyEscaping(body) { body in
            let work = SharedWork(body: body)
            DispatchQueue.concurrentPerform(iterations: workers.count) { worker in
                do throws(QueryError) {
                    while true {
                        let from = next.add(size, ordering: .relaxed).oldValue
                        if from >= count { return }
                        try check()
                        try work.body(from..<min(from + size, count), worker)
                    }
                } catch {
                    next.store(count, ordering: .relaxed)
                    failure.withLock { if $0 == nil { $0 = error } }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// What `body` makes of each of as many parts of `0..<count` as there are workers, in order; of all of it at once when no part would have `least`.
    func split<Result>(_ count: Int, atLeast least: Int, _ body: (Range<Int>) -> Result) -> [Result] {
        let parts = min(workers.count, count / max(least, 1))
        guard parts > 1 else { return [body(0..<count)] }
        var results = [Result?](repeating: nil, count: parts)
        results.withUnsafeMutableBufferPointer { results in
            // SAFETY: outlives the loop; every iteration writes an element of its own.
            nonisolated(unsafe) let (results, body) = (results, body)
            DispatchQueue.concurrentPerform(iterations: parts) { part in results[part] = body(part * count / parts..<(part + 1) * count / parts) }
        }
        return results.compactMap { $0 }
    }

    /// Work that knows that several threads do it at once, each under a worker number of its own.
    private struct SharedWork: @unchecked Sendable {
        let body: (Range<Int>, Int) throws(QueryError) -> Void
    }
}
