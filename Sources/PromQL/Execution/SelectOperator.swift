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

    private var interpolates: Bool { selection.isSmoothed && selection.reading == .value }

    private var span: ClosedRange<Int64> {
        let first = (selection.atMillis ?? grid.startMillis) - selection.offsetMillis - context.lookbackMillis + 1
        let reach = interpolates ? context.lookbackMillis : 0
        return first...max(first, (selection.atMillis ?? grid.endMillis) - selection.offsetMillis + reach)
    }

    override func prepare() throws(QueryError) {
        do { selected = try context.reader.select(SeriesSelection(selection.matchers, time: span)) } catch { throw .storage(error) }
        series = selected.map { SeriesIdentity(labels: $0.labels, dropsName: selection.reading != .value) }
        staysDistinctWithoutNames = selection.hasOneName
    }

    /// The time that a step looks at.
    @inline(__always) private func time(_ step: Int) -> Int64 { (selection.atMillis ?? grid.time(step)) - selection.offsetMillis }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let state = context.workers[worker]
        try state.read(selected[index], span)
        let count = state.samples.count
        // SAFETY: the buffer is this worker's own and is not appended to before this call returns.
        let timestamps = UnsafePointer(state.samples.timestamps)
        let values = UnsafePointer(state.samples.values)
        state.samplesRead += count
        let out = output(worker)
        if !state.samples.histograms.isEmpty {
            state.samplesRead += state.samples.histograms.count
            state.samplesQueried += try interpolates ? smoothMixed(index, state, into: out) : pickMixed(state, into: out)
            return UnsafePointer(out)
        }
        if interpolates {
            state.samplesQueried += smooth(timestamps, values, count, into: out)
            return UnsafePointer(out)
        }
        switch selection.reading {
        case .value: state.samplesQueried += pick(timestamps, values, count, into: out) { values[$0] }
        case .timestamp: state.samplesQueried += pick(timestamps, values, count, into: out) { Double(timestamps[$0]) / 1000 }
        case .startTimestamp: state.samplesQueried += pick(timestamps, values, count, into: out) { start(state.samples.floatStarts, $0) }
        }
        return UnsafePointer(out)
    }

    /// At each step what `reading` makes of the last sample of the lookback window. Returns how many steps have one.
    @inline(__always)
    private func pick(
        _ timestamps: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ count: Int, into out: UnsafeMutablePointer<Double>, _ reading: (Int) -> Double
    ) -> Int {
        let (steps, lookback, first) = (grid.count, context.lookbackMillis, time(0))
        let stride = selection.atMillis == nil ? grid.stepMillis : 0
        var (last, found) = (-1, 0)
        for step in 0..<steps {
            let time = first &+ Int64(step) &* stride
            while last &+ 1 < count, timestamps[last &+ 1] <= time { last &+= 1 }
            guard last >= 0, timestamps[last] > time &- lookback, isPresent(values[last]) else { out[step] = absent; continue }
            out[step] = reading(last)
            found &+= 1
        }
        return found
    }

    private func start(_ starts: [Int64], _ place: Int) -> Double {
        guard context.usesStartTimestamps else { return absent }
        return starts.isEmpty ? 0 : Double(starts[place]) / 1000
    }

    /// At each step the sample of that moment, or the point on the line between the nearest samples on both sides, or the last one.
    private func smooth(_ timestamps: UnsafePointer<Int64>, _ values: UnsafePointer<Double>, _ count: Int, into out: UnsafeMutablePointer<Double>) -> Int {
        let lookback = context.lookbackMillis
        var next = 0
        var found = 0
        for step in 0..<grid.count {
            let time = time(step)
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

    // MARK: Series with histograms

    private func pickMixed(_ state: QueryContext.Worker, into out: UnsafeMutablePointer<Double>) throws(QueryError) -> Int {
        let histograms = HistogramReading(state.samples.histograms, statisticsOnly: selection.readsStatisticsOnly).values
        let lookback = context.lookbackMillis
        var (next, nextHistogram, found) = (0, 0, 0)
        var marked: (place: Int, mark: Double)?
        for step in 0..<grid.count {
            let time = time(step)
            while next < state.samples.count, state.samples.timestamps[next] <= time { next += 1 }
            while nextHistogram < histograms.count, state.samples.histograms[nextHistogram].timestamp <= time { nextHistogram += 1 }
            let floatTime = next > 0 ? state.samples.timestamps[next - 1] : .min
            let histogramTime = nextHistogram > 0 ? state.samples.histograms[nextHistogram - 1].timestamp : .min
            let isHistogram = histogramTime >= floatTime
            let place = isHistogram ? nextHistogram - 1 : next - 1
            out[step] = absent
            guard place >= 0, max(floatTime, histogramTime) > time - lookback else { continue }
            if isHistogram ? Staleness.isMarker(histograms[place].sum) : isAbsent(state.samples.values[place]) { continue }
            found += isHistogram ? histograms[place].weight : 1
            switch selection.reading {
            case .timestamp: out[step] = Double(max(floatTime, histogramTime)) / 1000
            case .startTimestamp: out[step] = start(isHistogram ? state.samples.histogramStarts : state.samples.floatStarts, place)
            case .value where isHistogram:
                if marked?.place != place { marked = (place, try context.mark(histograms[place], for: source)) }
                out[step] = marked?.mark ?? absent
            case .value: out[step] = state.samples.values[place]
            }
        }
        return found
    }

    private func smoothMixed(_ index: Int, _ state: QueryContext.Worker, into out: UnsafeMutablePointer<Double>) throws(QueryError) -> Int {
        let histograms = HistogramReading(state.samples.histograms, statisticsOnly: selection.readsStatisticsOnly).values
        let kept = histograms.indices.filter { !Staleness.isMarker(histograms[$0].sum) }
        let times = kept.map { state.samples.histograms[$0].timestamp }
        let found = smooth(UnsafePointer(state.samples.timestamps), UnsafePointer(state.samples.values), state.samples.count, into: out)
        let floats = (0..<state.samples.count).filter { isPresent(state.samples.values[$0]) }.map { state.samples.timestamps[$0] }
        let metric = series[index].labels.metricName ?? ""
        let lookback = context.lookbackMillis
        for step in 0..<grid.count {
            let time = time(step)
            let near = times.indices.filter { times[$0] > time - lookback && times[$0] <= time + lookback }
            guard let first = near.first, let last = near.last else { continue }
            out[step] = absent
            if floats.contains(where: { $0 > time - lookback && $0 <= time + lookback }) {
                context.annotate(.mixedFloatsAndHistograms(metric, source))
                continue
            }
            let behind = near.first { times[$0] >= time }
            if let behind, times[behind] == time {
                out[step] = try context.mark(histograms[kept[behind]], for: source)
            } else if let behind, behind > first {
                let (a, b) = (histograms[kept[behind - 1]], histograms[kept[behind]])
                let interpolation = HistogramInterpolation(isCounter: a.counterReset != .gauge || b.counterReset != .gauge, context: context, source: source)
                let middle = a.hasCustomBuckets == b.hasCustomBuckets ? interpolation.between(a, times[behind - 1], b, times[behind], at: time) : nil
                if let middle { out[step] = try context.mark(middle, for: source) } else { context.annotate(.mixedSchemas(metric, source)) }
            } else if behind == nil {
                var carried = histograms[kept[last]]
                carried.counterReset = .unknown
                out[step] = try context.mark(carried, for: source)
            }
        }
        return found
    }
}
