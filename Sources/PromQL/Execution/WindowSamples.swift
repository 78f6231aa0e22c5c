import MetricModel
import MetricStore
import Platform

/// Where a window function gets a series' samples, stale markers left out. As with operators: `open` once, then any worker any series.
class WindowSamples {
    /// A series' samples in time order, valid until the same worker asks again. Histograms stand beside the floats.
    struct Run {
        let timestamps: UnsafePointer<Int64>
        let values: UnsafePointer<Double>
        let count: Int
        /// What `Rising` says of the values, where it has been asked.
        var isRising: Bool?
        /// When the counter behind each float began; empty where nobody said or nobody asks.
        var starts: [Int64] = []
        var histograms = HistogramRun()

        /// Whether there are nothing but floats.
        var isPlain: Bool { starts.isEmpty && histograms.times.isEmpty }
    }

    /// A series' histograms in time order.
    struct HistogramRun {
        var times: [Int64] = []
        var values: [FloatHistogram] = []
        var starts: [Int64] = []
    }

    final var series: [SeriesIdentity] = []
    final var staysDistinctWithoutNames = false
    /// Whether all series have the same metric name.
    final var haveOneName = false

    func open() throws(QueryError) { preconditionFailure("samples must come from somewhere") }
    func samples(_ index: Int, _ worker: Int) throws(QueryError) -> Run { preconditionFailure("samples must come from somewhere") }
}

/// Samples of selected series, from the store.
final class SelectedSamples: WindowSamples {
    private let context: QueryContext
    private let matchers: [Matcher]
    private let span: ClosedRange<Int64>
    private let readsStatisticsOnly: Bool
    private let source: SourceRange
    private var selected: [any SelectedSeries] = []

    /// `span`: everything that any window may touch. `readsStatisticsOnly`: whether the buckets of histograms matter to nobody.
    init(_ context: QueryContext, _ matchers: [Matcher], span: ClosedRange<Int64>, readsStatisticsOnly: Bool, source: SourceRange) {
        self.source = source
        self.context = context
        self.matchers = matchers
        self.span = span
        self.readsStatisticsOnly = readsStatisticsOnly
    }

    override func open() throws(QueryError) {
        do { selected = try context.reader.select(SeriesSelection(matchers, time: span)) } catch { throw .storage(error) }
        series = selected.map { SeriesIdentity(labels: $0.labels) }
        haveOneName = matchers.contains { $0.name == LabelName.metric && $0.kind == .equal && !$0.value.isEmpty }
        staysDistinctWithoutNames = haveOneName
    }

    override func samples(_ index: Int, _ worker: Int) throws(QueryError) -> Run {
        let state = context.workers[worker]
        try state.read(selected[index], span)
        state.samplesRead += state.samples.count + state.samples.histograms.count
        // SAFETY: the buffer is this worker's own and is not appended to before the run has been used.
        let timestamps = state.samples.timestamps
        let values = state.samples.values
        let count = state.samples.count
        let isPlain = state.samples.histograms.isEmpty && (state.samples.floatStarts.isEmpty || !context.usesStartTimestamps)
        let starts = isPlain ? [] : keptStarts(state)
        var kept = count
        if state.hasNaN {
            kept = 0
            while kept < count, isPresent(values[kept]) { kept += 1 }
            for from in kept..<count where isPresent(values[from]) {
                timestamps[kept] = timestamps[from]
                values[kept] = values[from]
                kept += 1
            }
        }
        var run = Run(timestamps: UnsafePointer(timestamps), values: UnsafePointer(values), count: kept, isRising: state.hasNaN ? nil : state.isRising)
        if !isPlain {
            run.starts = starts
            run.histograms = try histograms(state)
        }
        return run
    }

    /// The starts of the floats that are no stale markers.
    private func keptStarts(_ state: QueryContext.Worker) -> [Int64] {
        guard context.usesStartTimestamps, !state.samples.floatStarts.isEmpty else { return [] }
        return (0..<state.samples.count).filter { isPresent(state.samples.values[$0]) }.map { state.samples.floatStarts[$0] }
    }

    private func histograms(_ state: QueryContext.Worker) throws(QueryError) -> HistogramRun {
        let read = HistogramReading(state.samples.histograms, statisticsOnly: readsStatisticsOnly)
        try context.hold(histograms: read.values, for: source, state)
        var run = HistogramRun()
        let starts = context.usesStartTimestamps ? state.samples.histogramStarts : []
        for (place, histogram) in read.values.enumerated() where !Staleness.isMarker(histogram.sum) {
            run.times.append(state.samples.histograms[place].timestamp)
            run.values.append(histogram)
            if !starts.isEmpty { run.starts.append(starts[place]) }
        }
        return run
    }
}

/// Histograms as they come from the store, made ready to calculate with.
struct HistogramReading {
    /// Stale markers included.
    let values: [FloatHistogram]

    /// With `statisticsOnly` without buckets: then what is known of counter resets is found out while they are still there
    /// (upstream `HistogramStatsIterator`).
    init(_ samples: [HistogramSample], statisticsOnly: Bool) {
        guard statisticsOnly else {
            values = samples.map { FloatHistogram($0.histogram) }
            return
        }
        var before: FloatHistogram?
        values = samples.map { sample in
            let whole = FloatHistogram(sample.histogram)
            var bare = FloatHistogram(schema: whole.schema)
            (bare.count, bare.sum, bare.counterReset) = (whole.count, whole.sum, whole.counterReset)
            if Staleness.isMarker(whole.sum) { return bare }
            if whole.counterReset == .unknown, let before { bare.counterReset = whole.isReset(since: before) ? .reset : .notReset }
            before = whole
            return bare
        }
    }
}

/// Samples that an inner query yields at the steps of its own grid.
final class SubquerySamples: WindowSamples {
    private let operand: SeriesOperator
    private let forgetsCounterResets: Bool
    private var buffers: [SampleArrays] = []

    /// One thread's samples.
    private final class SampleArrays {
        // SAFETY: allocated with the grid's count in init, freed in deinit, never reallocated.
        let timestamps: UnsafeMutablePointer<Int64>
        let values: UnsafeMutablePointer<Double>
        private let capacity: Int
        init(_ count: Int) {
            capacity = max(count, 1)
            timestamps = ScratchMemory.shared.allocate(Int64.self, count: capacity)
            values = ScratchMemory.shared.allocate(Double.self, count: capacity)
        }
        deinit {
            ScratchMemory.shared.deallocate(timestamps, count: capacity)
            ScratchMemory.shared.deallocate(values, count: capacity)
        }
    }

    /// `forgetsCounterResets`: what histograms say of counter resets speaks of samples between which a subquery may have left out others, or
    /// none, so that functions must not go by it.
    init(_ operand: SeriesOperator, forgetsCounterResets: Bool) {
        self.operand = operand
        self.forgetsCounterResets = forgetsCounterResets
    }

    override func open() throws(QueryError) {
        try operand.open()
        series = operand.series
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        try operand.context.hold(samples: operand.context.workers.count * 2 * operand.grid.count, for: operand.source)
        buffers = operand.context.workers.map { _ in SampleArrays(operand.grid.count) }
    }

    deinit { operand.context.release(samples: buffers.count * 2 * operand.grid.count) }

    override func samples(_ index: Int, _ worker: Int) throws(QueryError) -> Run {
        let column = try operand.column(index, worker)
        let hasHistograms = operand.context.hasHistograms(column, 0..<operand.grid.count)
        var histograms = HistogramRun()
        let buffer = buffers[worker]
        var count = 0
        for step in 0..<operand.grid.count where isPresent(column[step]) {
            if hasHistograms, HistogramMark.isMark(column[step]) {
                histograms.times.append(operand.grid.time(step))
                var histogram = operand.context.histograms[column[step]]
                if forgetsCounterResets, histogram.counterReset != .gauge { histogram.counterReset = .unknown }
                histograms.values.append(histogram)
                continue
            }
            buffer.timestamps[count] = operand.grid.time(step)
            buffer.values[count] = column[step]
            count += 1
        }
        return Run(timestamps: UnsafePointer(buffer.timestamps), values: UnsafePointer(buffer.values), count: count, histograms: histograms)
    }
}
