import MetricModel
import MetricStore

/// An instant vector selector: at each step the last sample of the lookback window, unless it is a stale marker.
final class SelectOperator: SeriesOperator {
    private let selection: InstantSelection
    private var selected: [any SelectedSeries] = []

    init(_ context: QueryContext, _ grid: TimeGrid, _ selection: InstantSelection) {
        self.selection = selection
        super.init(context, grid, selection.source)
    }

    private var span: ClosedRange<Int64> {
        let first = (selection.atMillis ?? grid.startMillis) - selection.offsetMillis - context.lookbackMillis + 1
        let reach = selection.isSmoothed && selection.reading == .value ? context.lookbackMillis : 0
        return first...max(first, (selection.atMillis ?? grid.endMillis) - selection.offsetMillis + reach)
    }

    override func prepare() throws(QueryError) {
        do { selected = try context.reader.select(SeriesSelection(selection.matchers, time: span)) } catch { throw .storage(error) }
        series = selected.map { SeriesIdentity(labels: $0.labels, dropsName: selection.reading == .timestamp) }
        staysDistinctWithoutNames = selection.hasOneName
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let state = context.workers[worker]
        state.samples.removeAll()
        do { try selected[index].read(span, into: &state.samples) } catch { throw .storage(error) }
        let count = state.samples.count
        // SAFETY: the buffer is this worker's own and is not appended to before this call returns.
        let timestamps = UnsafePointer(state.samples.timestamps)
        let values = UnsafePointer(state.samples.values)
        state.samplesRead += count
        let out = output(worker)
        if selection.isSmoothed, selection.reading == .value {
            state.samplesQueried += smooth(timestamps, values, count, into: out)
            return UnsafePointer(out)
        }
        let lookback = context.lookbackMillis
        var next = 0
        var found = 0
        for step in 0..<grid.count {
            let time = (selection.atMillis ?? grid.time(step)) - selection.offsetMillis
            while next < count, timestamps[next] <= time { next += 1 }
            guard next > 0, timestamps[next - 1] > time - lookback, isPresent(values[next - 1]) else { out[step] = absent; continue }
            out[step] = selection.reading == .value ? values[next - 1] : Double(timestamps[next - 1]) / 1000
            found += 1
        }
        state.samplesQueried += found
        return UnsafePointer(out)
    }

    /// At each step the sample of that moment, or the point on the line between the nearest samples on both sides, or the last one.
    private func smooth(_ timestamps: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ count: Int, into out: UnsafeMutablePointer<Double>) -> Int {
        let lookback = context.lookbackMillis
        var next = 0
        var found = 0
        for step in 0..<grid.count {
            let time = (selection.atMillis ?? grid.time(step)) - selection.offsetMillis
            while next < count, timestamps[next] < time { next += 1 }
            out[step] = absent
            var before = next - 1
            while before >= 0, isAbsent(values[before]) { before -= 1 }
            var behind = next
            while behind < count, isAbsent(values[behind]) { behind += 1 }
            let hasBefore = before >= 0 && timestamps[before] > time - lookback
            let hasBehind = behind < count && timestamps[behind] <= time + lookback
            if hasBehind, timestamps[behind] == time {
                out[step] = values[behind]
            } else if hasBefore, hasBehind {
                let share = Double(time - timestamps[before]) / Double(timestamps[behind] - timestamps[before])
                out[step] = values[before] + (values[behind] - values[before]) * share
            } else if hasBefore {
                out[step] = values[before]
            }
            if isPresent(out[step]) { found += 1 }
        }
        return found
    }
}
