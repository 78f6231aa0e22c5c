import MetricModel
import MetricStore
import PromQL

/// A store of a few series written down in the test.
struct HandMadeReader: MetricReader {
    final class Series: SelectedSeries {
        let labels: Labels
        let samples: [(time: Int64, value: Double)]

        init(labels: Labels, samples: [(Int64, Double)]) {
            self.labels = labels
            self.samples = samples
        }

        func read(_ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(MetricStoreError) {
            for sample in samples where time.contains(sample.time) { buffer.append(sample.time, sample.value) }
        }
    }

    var series: [Series]

    /// Seconds and values.
    init(_ series: [(KeyValuePairs<String, String>, [(Int64, Double)])]) {
        self.series = series.map { labels, samples in Series(labels: Labels(labels), samples: samples.map { ($0.0 * 1_000, $0.1) }) }
    }

    var engine: QueryEngine { QueryEngine(reader: self) }

    private func matching(_ matchers: [Matcher]) -> [Series] { series.filter { one in matchers.allSatisfy { $0.matches(one.labels[$0.name] ?? "") } } }

    func select(_ selection: SeriesSelection) throws(MetricStoreError) -> [any SelectedSeries] { matching(selection.matchers).sorted { $0.labels < $1.labels } }

    func labelNames(_ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        Array(Set(matching(matchers).flatMap { $0.labels.pairs.map(\.name) })).sorted()
    }

    func labelValues(_ name: String, _ matchers: [Matcher], time: ClosedRange<Int64>, limit: Int) throws(MetricStoreError) -> [String] {
        Array(Set(matching(matchers).compactMap { $0.labels[name] })).sorted()
    }

    func metadata(metric: String?, limit: Int) -> [String: [MetricMetadata]] { [:] }
}
