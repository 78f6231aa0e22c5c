import MetricModel
import MetricStore
import Synchronization

/// A store that is nothing but arrays: what test scripts load into, and what queries can be tried on without a disk.
package final class MemoryStore: MetricReader {
    /// A float or a histogram, and when the counter behind it began if somebody said so.
    package struct Sample: Sendable {
        package enum Value: Sendable {
            case float(Double)
            case histogram(NativeHistogram)
        }

        /// Milliseconds since the epoch, as are all times here.
        package var timestamp: Int64
        package var value: Value
        /// 0 where nobody said.
        package var start: Int64

        package init(_ timestamp: Int64, _ value: Value, start: Int64 = 0) {
            self.timestamp = timestamp
            self.value = value
            self.start = start
        }
    }

    private struct Samples {
        var timestamps: [Int64] = []
        var values: [Double] = []
        var starts: [Int64] = []
        var histograms: [HistogramSample] = []
        var histogramStarts: [Int64] = []
        /// The histograms as a head would give them back.
        var stored: [HistogramSample] = []

        var hasStarts: Bool { starts.contains { $0 != 0 } || histogramStarts.contains { $0 != 0 } }
        var first: Int64? { [timestamps.first, stored.first?.timestamp].compactMap { $0 }.min() }
        var last: Int64? { [timestamps.last, histograms.last?.timestamp].compactMap { $0 }.max() }
    }

    private struct State {
        var order: [Labels] = []
        var samples: [Labels: Samples] = [:]
    }

    private final class Series: SelectedSeries {
        let labels: Labels
        let samples: Samples

        init(labels: Labels, samples: Samples) {
            self.labels = labels
            self.samples = samples
        }

        func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
            let (floatsBefore, histogramsBefore) = (buffer.count, buffer.histograms.count)
            let floats = Self.places(samples.timestamps, time)
            if !floats.isEmpty {
                buffer.reserve(floats.count)
                // SAFETY: `reserve` made room for what is written, and `floats` lies within both arrays.
                samples.timestamps.withUnsafeBufferPointer {
                    if let from = $0.baseAddress { (buffer.timestamps + floatsBefore).update(from: from + floats.lowerBound, count: floats.count) }
                }
                samples.values.withUnsafeBufferPointer {
                    if let from = $0.baseAddress { (buffer.values + floatsBefore).update(from: from + floats.lowerBound, count: floats.count) }
                }
                buffer.advance(by: floats.count)
            }
            if samples.stored.isEmpty, !samples.hasStarts { return }
            let histograms = Self.places(samples.stored.map(\.timestamp), time)
            for sample in samples.stored[histograms] { buffer.append(sample.timestamp, sample.histogram) }
            guard samples.hasStarts else { return }
            buffer.setStarts(
                floats: [Int64](repeating: 0, count: floatsBefore) + samples.starts[floats],
                histograms: [Int64](repeating: 0, count: histogramsBefore) + samples.histogramStarts[histograms])
        }

        private static func places(_ times: [Int64], _ time: ClosedRange<Int64>) -> Range<Int> {
            func firstPlace(_ isPast: (Int64) -> Bool) -> Int {
                var (low, high) = (0, times.count)
                while low < high {
                    let middle = (low + high) / 2
                    if isPast(times[middle]) { high = middle } else { low = middle + 1 }
                }
                return low
            }
            let low = firstPlace { $0 >= time.lowerBound }
            return low..<max(low, firstPlace { $0 > time.upperBound })
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds floats to a series, in time order; those not younger than its last sample are left out. Returns how many were.
    @discardableResult
    package func append(_ labels: Labels, _ samples: some Sequence<(timestamp: Int64, value: Double)>) -> Int {
        state.withLock { Self.append(samples.map { Sample($0.timestamp, .float($0.value)) }, to: &$0.samples[labels, default: Samples()], labels, &$0.order) }
    }

    /// Adds samples of either kind. Throws, and adds none, when a histogram contradicts itself.
    @discardableResult
    package func append(_ labels: Labels, _ samples: [Sample]) throws(NativeHistogramError) -> Int {
        for case .histogram(let histogram) in samples.map(\.value) { try histogram.validate() }
        return try state.withLock { state throws(NativeHistogramError) in
            let refused = Self.append(samples, to: &state.samples[labels, default: Samples()], labels, &state.order)
            guard let all = state.samples[labels], all.histograms.count > all.stored.count else { return refused }
            state.samples[labels]?.stored = try HistogramReplay.readBack(all.histograms, interruptions: all.timestamps)
            return refused
        }
    }

    private static func append(_ samples: [Sample], to series: inout Samples, _ labels: Labels, _ order: inout [Labels]) -> Int {
        if series.last == nil { order.append(labels) }
        var refused = 0
        for sample in samples {
            if let last = series.last, last >= sample.timestamp {
                refused += 1
                continue
            }
            switch sample.value {
            case .float(let value):
                series.timestamps.append(sample.timestamp)
                series.values.append(value)
                series.starts.append(sample.start)
            case .histogram(let histogram):
                series.histograms.append(HistogramSample(sample.timestamp, histogram))
                series.histogramStarts.append(sample.start)
            }
        }
        if series.last == nil { order.removeLast() }
        return refused
    }

    package func removeAll() { state.withLock { $0 = State() } }

    private func matching(_ matchers: [Matcher]) -> [Series] {
        state.withLock { state in
            state.order.compactMap { labels in
                guard matchers.allSatisfy({ $0.matches(labels[$0.name] ?? "") }), let samples = state.samples[labels] else { return nil }
                return Series(labels: labels, samples: samples)
            }
        }
    }

    package func select(_ selection: SeriesSelection) throws(MetricStoreError) -> [any SelectedSeries] {
        var series = matching(selection.matchers).filter { series in
            guard let first = series.samples.first, let last = series.samples.last else { return false }
            return first <= selection.time.upperBound && last >= selection.time.lowerBound
        }
        if selection.sorted { series.sort { $0.labels < $1.labels } }
        return selection.limit > 0 ? Array(series.prefix(selection.limit)) : series
    }

    package func labelNames(_ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        let names = Set(try select(SeriesSelection(matchers, time: time)).flatMap { $0.labels.pairs.map(\.name) }).sorted()
        return limit > 0 ? Array(names.prefix(limit)) : names
    }

    package func labelValues(_ name: String, _ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        let values = Set(try select(SeriesSelection(matchers, time: time)).compactMap { $0.labels[name] }).sorted()
        return limit > 0 ? Array(values.prefix(limit)) : values
    }

    package func metadata(metric: String?, limit: Int) -> [String: [MetricMetadata]] { [:] }
}
