import MetricModel
import MetricStore
import Synchronization

/// A store that is nothing but arrays: what test scripts load into, and what queries can be tried on without a disk.
package final class MemoryStore: MetricReader {
    private struct Samples {
        var timestamps: [Int64] = []
        var values: [Double] = []
    }

    private struct State {
        var order: [Labels] = []
        var samples: [Labels: Samples] = [:]
    }

    private struct Series: SelectedSeries {
        let labels: Labels
        let samples: Samples

        func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
            var low = 0
            var high = samples.timestamps.count
            while low < high {
                let middle = (low + high) / 2
                if samples.timestamps[middle] < time.lowerBound { low = middle + 1 } else { high = middle }
            }
            var end = low
            while end < samples.timestamps.count, samples.timestamps[end] <= time.upperBound { end += 1 }
            if end == low { return }
            buffer.reserve(end - low)
            let at = buffer.count
            // SAFETY: `reserve` made room for what is written, and both arrays have at least `end` elements.
            samples.timestamps.withUnsafeBufferPointer { if let from = $0.baseAddress { (buffer.timestamps + at).update(from: from + low, count: end - low) } }
            samples.values.withUnsafeBufferPointer { if let from = $0.baseAddress { (buffer.values + at).update(from: from + low, count: end - low) } }
            buffer.advance(by: end - low)
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds samples to a series, in time order; those not younger than its last are left out. Returns how many were.
    @discardableResult
    package func append(_ labels: Labels, _ samples: some Sequence<(timestamp: Int64, value: Double)>) -> Int {
        state.withLock { state in
            if state.samples[labels] == nil {
                state.order.append(labels)
                state.samples[labels] = Samples()
            }
            var refused = 0
            for sample in samples {
                if let last = state.samples[labels]?.timestamps.last, last >= sample.timestamp { refused += 1; continue }
                state.samples[labels]?.timestamps.append(sample.timestamp)
                state.samples[labels]?.values.append(sample.value)
            }
            return refused
        }
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
            guard let first = series.samples.timestamps.first, let last = series.samples.timestamps.last else { return false }
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
