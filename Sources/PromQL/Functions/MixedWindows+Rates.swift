import MetricModel

extension MixedWindows {
    // MARK: Starts

    /// Whether the counter began anew between two samples, by what the samples say of when it began (`isStartTimestampReset`).
    static func restarts(_ startBefore: Int64, _ before: Int64, _ start: Int64, _ time: Int64) -> Bool {
        if start == 0 || start >= time || start < before { return false }
        if start > before { return true }
        // The interval of a delta begins where the one before ended. So does a counter of which nobody knows when it began.
        return startBefore <= before && startBefore != 0 && startBefore != before
    }

    private static func overlap(_ startBefore: Int64, _ before: Int64, _ start: Int64) -> Bool { start != 0 && start < before && start != startBefore }

    func floatsRestart(_ a: Int, _ b: Int) -> Bool {
        usesStarts && !input.starts.isEmpty && Self.restarts(input.starts[a], input.timestamps[a], input.starts[b], input.timestamps[b])
    }

    func histogramsRestart(_ a: Int, _ b: Int) -> Bool {
        let run = input.histograms
        return usesStarts && !run.starts.isEmpty && Self.restarts(run.starts[a], run.times[a], run.starts[b], run.times[b])
    }

    private var usesStarts: Bool { function == .rate || function == .irate || function == .increase || function == .resets }

    private func remarkOverlaps(_ starts: [Int64], _ samples: Range<Int>, _ time: (Int) -> Int64) {
        guard usesStarts, !starts.isEmpty else { return }
        if samples.dropFirst().contains(where: { Self.overlap(starts[$0 - 1], time($0 - 1), starts[$0]) }) { context.annotate(.startsOverlap(metric, source)) }
    }

    // MARK: rate, increase, delta

    func rate(_ window: Window, isCounter: Bool, isRate: Bool) throws(QueryError) -> Double {
        if window.isMixed {
            context.annotate(.mixedFloatsAndHistograms(metric, source))
            return absent
        }
        if let edge = input.window.edge {
            if window.histograms.isEmpty { return EdgedWindows.rate(function, edge, input, window.floats, window.step) }
            guard let change = edgedChange(window, isCounter: isCounter, isSmoothed: edge == .smoothed) else { return absent }
            return try mark((isRate ? change.divided(by: Double(input.window.rangeMillis) / 1000) : change).markedGauge.compacted())
        }
        return window.histograms.isEmpty
            ? floatRate(window, isCounter: isCounter, isRate: isRate) : try histogramRate(window, isCounter: isCounter, isRate: isRate)
    }

    /// How much of an increase seen between the first and last sample belongs to the whole window.
    private func factor(
        _ window: Window, first: Int64, last: Int64, intervals: Int, countedFrom start: Int64?, secondsToZero: (Double) -> Double?, isRate: Bool
    ) -> Double {
        let sampled = Double(last - (start ?? first)) / 1000
        let between = intervals > 0 ? Double(last - first) / 1000 / Double(intervals) : 0
        var toStart = start == nil ? Double(first - window.start) / 1000 : 0
        var toEnd = Double(window.end - last) / 1000
        if start == nil {
            if toStart >= between * 1.1 { toStart = between / 2 }
            if let toZero = secondsToZero(sampled), toZero < toStart { toStart = toZero }
        }
        if toEnd >= between * 1.1 { toEnd = between / 2 }
        let factor = sampled == 0 ? 1 : (sampled + toStart + toEnd) / sampled
        return isRate ? factor / (Double(input.window.rangeMillis) / 1000) : factor
    }

    /// When the first sample's counter began, if that was inside the window: it was zero then.
    private func countedFrom(_ starts: [Int64], _ first: Int, _ time: Int64, _ window: Window, isCounter: Bool) -> Int64? {
        guard isCounter, usesStarts, !starts.isEmpty, starts[first] != 0, starts[first] > window.start, starts[first] < time else { return nil }
        return starts[first]
    }

    private func floatRate(_ window: Window, isCounter: Bool, isRate: Bool) -> Double {
        let (first, last) = (window.floats.lowerBound, window.floats.upperBound - 1)
        let values = input.values
        var result = values[last] - values[first]
        if isCounter {
            remarkOverlaps(input.starts, window.floats) { input.timestamps[$0] }
            for i in window.floats.dropFirst() where values[i] < values[i - 1] || floatsRestart(i - 1, i) { result += values[i - 1] }
        }
        let start = countedFrom(input.starts, first, input.timestamps[first], window, isCounter: isCounter)
        if start != nil { result += values[first] } else if first == last { return absent }
        return result
            * factor(
                window, first: input.timestamps[first], last: input.timestamps[last], intervals: last - first, countedFrom: start,
                secondsToZero: { isCounter && result > 0 && values[first] >= 0 ? $0 * (values[first] / result) : nil }, isRate: isRate)
    }

    private func histogramRate(_ window: Window, isCounter: Bool, isRate: Bool) throws(QueryError) -> Double {
        let run = input.histograms
        let (first, last) = (window.histograms.lowerBound, window.histograms.upperBound - 1)
        var result: FloatHistogram?
        if first < last {
            result = change(window.histograms, isCounter: isCounter)
            if result == nil { return absent }
        }
        let start = countedFrom(run.starts, first, run.times[first], window, isCounter: isCounter)
        if start != nil {
            if var sum = result {
                guard add(run.values[first], to: &sum) else { return absent }
                result = sum
            } else {
                result = run.values[first]
            }
        }
        guard let result else { return absent }
        let factor = factor(
            window, first: run.times[first], last: run.times[last], intervals: last - first, countedFrom: start,
            secondsToZero: { isCounter && result.count > 0 && run.values[first].count >= 0 ? $0 * (run.values[first].count / result.count) : nil }, isRate: isRate)
        return try mark(result.multiplied(by: factor))
    }

    /// What was counted from the first histogram to the last, resets added back (`histogramRate`).
    private func change(_ samples: Range<Int>, isCounter: Bool) -> FloatHistogram? {
        let values = input.histograms.values
        let (first, last) = (samples.lowerBound, samples.upperBound - 1)
        let resets = isCounter ? known.resets.drop { $0 <= first }.prefix { $0 <= last } : []
        // With a reset right behind it, the layout of the first one's buckets is of no concern.
        let isFirstLost = resets.first == first + 1
        if isCounter, known.hasGauges, samples.contains(where: { values[$0].counterReset == .gauge }) { context.annotate(.notCounter(metric, source)) }
        var schema = values[last].schema
        if !known.isUniform {
            let relevant = isCounter ? (isFirstLost ? Array(samples.dropFirst()) : Array(samples)) : [first, last]
            let isCustom = values[last].hasCustomBuckets
            for place in relevant {
                if values[place].hasCustomBuckets != isCustom { return mixed() }
                schema = min(schema, values[place].schema)
            }
        }
        var result = values[last].reduced(to: schema)
        // Of a first one that is lost nothing but the bounds of the one behind it counts.
        let base = isFirstLost ? FloatHistogram(schema: values[first + 1].schema, customValues: values[first + 1].customValues) : values[first]
        if !isFirstLost || base.customValues != result.customValues { guard subtract(base, from: &result) else { return nil } }
        if isCounter {
            remarkOverlaps(input.histograms.starts, samples) { input.histograms.times[$0] }
            for place in resets where place > first + 1 { guard add(values[place - 1], to: &result) else { return nil } }
        } else if values[first].counterReset != .gauge || values[last].counterReset != .gauge {
            context.annotate(.notGauge(metric, source))
        }
        result.counterReset = .gauge
        result.compact()
        return result
    }

    private func mixed() -> FloatHistogram? {
        context.annotate(.mixedSchemas(metric, source))
        return nil
    }

    private func add(_ other: FloatHistogram, to sum: inout FloatHistogram) -> Bool { combine(.addition) { () throws(FloatHistogram.IncompatibleSchemas) in try sum.add(other) } }

    private func subtract(_ other: FloatHistogram, from sum: inout FloatHistogram) -> Bool {
        combine(.subtraction) { () throws(FloatHistogram.IncompatibleSchemas) in try sum.subtract(other) }
    }

    /// Does it, and remarks what is to be remarked. False when the two cannot be combined.
    private func combine(_ operation: Annotation.Operation, _ body: () throws(FloatHistogram.IncompatibleSchemas) -> FloatHistogram.AdditionRemarks) -> Bool {
        guard let remarks = try? body() else {
            context.annotate(.mixedSchemas(metric, source))
            return false
        }
        if remarks.boundsWereReconciled { context.annotate(.boundsReconciled(in: operation, source)) }
        return true
    }

    // MARK: irate, idelta

    func lastTwo(_ window: Window, isRate: Bool) throws(QueryError) -> Double {
        guard window.floats.count + window.histograms.count >= 2 else { return absent }
        let run = input.histograms
        // The last two of both kinds, in time order.
        let candidates = window.floats.suffix(2).map { (time: input.timestamps[$0], float: Optional($0), histogram: Int?.none) }
            + window.histograms.suffix(2).map { (time: run.times[$0], float: nil, histogram: Optional($0)) }
        let ordered = candidates.sorted { $0.time < $1.time }.suffix(2)
        guard let a = ordered.first, let b = ordered.last, b.time > a.time else { return absent }
        let seconds = Double(b.time - a.time) / 1000
        if let i = a.float, let j = b.float {
            let (before, now) = (input.values[i], input.values[j])
            let result = isRate && (now < before || floatsRestart(i, j)) ? now : now - before
            return isRate ? result / seconds : result
        }
        guard let i = a.histogram, let j = b.histogram else {
            context.annotate(.mixedFloatsAndHistograms(metric, source))
            return absent
        }
        let (before, now) = (run.values[i], run.values[j])
        if isRate, now.counterReset == .gauge || before.counterReset == .gauge { context.annotate(.notCounter(metric, source)) }
        if !isRate, now.counterReset != .gauge || before.counterReset != .gauge { context.annotate(.notGauge(metric, source)) }
        var result = now
        if !isRate || (!histogramsRestart(i, j) && !now.isReset(since: before)) { guard subtract(before, from: &result) else { return absent } }
        result = result.markedGauge.compacted()
        return try mark(isRate ? result.divided(by: seconds) : result)
    }

    // MARK: Edges

    /// The change between the two edges of an anchored or smoothed window (`extendedHistogramRate`).
    private func edgedChange(_ window: Window, isCounter: Bool, isSmoothed: Bool) -> FloatHistogram? {
        let run = input.histograms
        guard let (first, last) = edges(window, isSmoothed: isSmoothed) else { return nil }
        let isCustom = run.values[first].hasCustomBuckets
        for place in first...max(first, last) {
            if run.values[place].hasCustomBuckets != isCustom { return mixed() }
            if isCounter, run.values[place].counterReset == .gauge { context.annotate(.notCounter(metric, source)) }
        }
        let interpolation = HistogramInterpolation(isCounter: isCounter, context: context, source: source)
        var left: FloatHistogram? = run.values[first]
        var right: FloatHistogram? = run.values[last]
        if isSmoothed, run.times[first] < window.start {
            left = first + 1 < run.values.count
                ? interpolation.between(run.values[first], run.times[first], run.values[first + 1], run.times[first + 1], at: window.start) : run.values[first]
        }
        if isSmoothed, last > window.histograms.lowerBound, run.times[last] > window.end {
            right = interpolation.between(run.values[last - 1], run.times[last - 1], run.values[last], run.times[last], at: window.end)
        }
        guard let left, let right else { return mixed() }
        if !isCounter, left.counterReset != .gauge || right.counterReset != .gauge { context.annotate(.notGauge(metric, source)) }
        var result = right
        guard subtract(left, from: &result) else { return nil }
        return isCounter ? corrected(result, first, last, left, right, window, isSmoothed: isSmoothed) : result
    }

    /// The histograms that stand for the edges: the first at or before the start, the last or, smoothed, the first at or behind the end.
    private func edges(_ window: Window, isSmoothed: Bool) -> (first: Int, last: Int)? {
        let times = input.histograms.times
        var last = window.histograms.upperBound - 1
        var first = window.histograms.lowerBound
        while first < last, times[first] <= window.start { first += 1 }
        first = max(window.histograms.lowerBound, first - 1)
        if isSmoothed {
            var behind = window.histograms.lowerBound
            while behind < last, times[behind] < window.end { behind += 1 }
            last = behind
        }
        if times[last] <= window.start || (isSmoothed && times[first] > window.end) { return nil }
        return (first, last)
    }

    /// Adds back what resets between the edges took away (`correctForCounterResetsHistogram`).
    private func corrected(
        _ change: FloatHistogram, _ first: Int, _ last: Int, _ left: FloatHistogram, _ right: FloatHistogram, _ window: Window, isSmoothed: Bool
    ) -> FloatHistogram? {
        let run = input.histograms
        var before = left
        var next = first + 1
        if isSmoothed, run.times[first] < window.start, next < run.values.count, run.values[next].isReset(since: run.values[first]) {
            // The left edge lies on the way up from zero: this reset is in it already.
            before = run.values[next]
            next += 1
        }
        if next > last { return change }
        var correction: FloatHistogram?
        func add(_ lost: FloatHistogram) -> Bool {
            guard var sum = correction else {
                correction = lost
                return true
            }
            guard self.add(lost, to: &sum) else { return false }
            correction = sum
            return true
        }
        for place in next..<last {
            if run.values[place].isReset(since: before), !add(before) { return nil }
            before = run.values[place]
        }
        if right.isReset(since: before), !add(before) { return nil }
        guard let correction else { return change }
        var result = change
        return self.add(correction, to: &result) ? result : nil
    }
}

/// Histograms between two samples of a series.
struct HistogramInterpolation {
    let isCounter: Bool
    let context: QueryContext
    let source: SourceRange

    /// On the line between two histograms; a counter that was reset between them rose from zero. nil when their buckets are of two kinds.
    func between(_ a: FloatHistogram, _ timeA: Int64, _ b: FloatHistogram, _ timeB: Int64, at time: Int64) -> FloatHistogram? {
        if time == timeA { return a }
        if time == timeB { return b }
        let share = Double(time - timeA) / Double(timeB - timeA)
        if isCounter, b.isReset(since: a) { return b.multiplied(by: share) }
        var result = b
        guard let difference = try? result.subtract(a) else { return nil }
        if difference.boundsWereReconciled { context.annotate(.boundsReconciled(in: .subtraction, source)) }
        result.multiply(by: share)
        guard let sum = try? result.add(a) else { return nil }
        if sum.boundsWereReconciled { context.annotate(.boundsReconciled(in: .addition, source)) }
        return result
    }
}

extension FloatHistogram {
    /// The same, known to go up and down.
    var markedGauge: FloatHistogram {
        var result = self
        result.counterReset = .gauge
        return result
    }
}
