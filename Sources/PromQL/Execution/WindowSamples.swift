import MetricModel
import MetricStore

/// Where a window function gets a series' samples, stale markers left out. As with operators: `open` once, then any worker any series.
class WindowSamples {
    /// A series' samples in time order, valid until the same worker asks again.
    struct Run {
        let timestamps: UnsafePointer<Int64>
        let values: UnsafePointer<Double>
        let count: Int
    }

    final var series: [SeriesIdentity] = []
    final var staysDistinctWithoutNames = false

    func open() throws(QueryError) { preconditionFailure("samples must come from somewhere") }
    func samples(_ index: Int, _ worker: Int) throws(QueryError) -> Run { preconditionFailure("samples must come from somewhere") }
}

/// Samples of selected series, from the store.
final class SelectedSamples: WindowSamples {
    private let context: QueryContext
    private let matchers: [Matcher]
    private let span: ClosedRange<Int64>
    private var selected: [any SelectedSeries] = []

    /// `span`: everything that any window may touch.
    init(_ context: QueryContext, _ matchers: [Matcher], span: ClosedRange<Int64>) {
        self.context = context
        self.matchers = matchers
        self.span = span
    }

    override func open() throws(QueryError) {
        do { selected = try context.reader.select(SeriesSelection(matchers, time: span)) } catch { throw .storage(error) }
        series = selected.map { SeriesIdentity(labels: $0.labels) }
        staysDistinctWithoutNames = matchers.contains { $0.name == LabelName.metric && $0.kind == .equal && !$0.value.isEmpty }
    }

    override func samples(_ index: Int, _ worker: Int) throws(QueryError) -> Run {
        let state = context.workers[worker]
        state.samples.removeAll()
        do { try selected[index].read(span, into: &state.samples) } catch { throw .storage(error) }
        state.samplesRead += state.samples.count
        // SAFETY: the buffer is this worker's own and is not appended to before the run has been used.
        let timestamps = state.samples.timestamps
        let values = state.samples.values
        var kept = 0
        let count = state.samples.count
        while kept < count, isPresent(values[kept]) { kept += 1 }
        if kept < count {
            for from in kept..<count where isPresent(values[from]) {
                timestamps[kept] = timestamps[from]
                values[kept] = values[from]
                kept += 1
            }
        }
        return Run(timestamps: UnsafePointer(timestamps), values: UnsafePointer(values), count: kept)
    }
}

/// Samples that an inner query yields at the steps of its own grid.
final class SubquerySamples: WindowSamples {
    private let operand: SeriesOperator
    private var buffers: [SampleArrays] = []

    /// One thread's samples.
    private final class SampleArrays {
        // SAFETY: allocated with the grid's count in init, freed in deinit, never reallocated.
        let timestamps: UnsafeMutablePointer<Int64>
        let values: UnsafeMutablePointer<Double>
        init(_ count: Int) {
            timestamps = .allocate(capacity: max(count, 1))
            values = .allocate(capacity: max(count, 1))
        }
        deinit {
            timestamps.deallocate()
            values.deallocate()
        }
    }

    init(_ operand: SeriesOperator) { self.operand = operand }

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
        let buffer = buffers[worker]
        var count = 0
        for step in 0..<operand.grid.count where isPresent(column[step]) {
            buffer.timestamps[count] = operand.grid.time(step)
            buffer.values[count] = column[step]
            count += 1
        }
        return Run(timestamps: UnsafePointer(buffer.timestamps), values: UnsafePointer(buffer.values), count: count)
    }
}
