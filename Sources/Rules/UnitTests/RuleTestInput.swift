import MetricModel
import PromQL

/// The input series of a rule test, loaded as time goes on, so that rules see nothing of what is to come.
struct RuleTestInput {
    private struct Series {
        let labels: Labels
        let samples: [SeriesDescription.Sample]
        var loaded = 0
    }

    let store = MemoryStore()
    private let startMillis: Int64
    private let stepMillis: Int64
    private var series: [Series] = []

    /// Of two lines for one series the later counts.
    init(_ input: [(series: String, values: String)], startMillis: Int64, stepMillis: Int64) throws(SeriesDescription.Invalid) {
        self.startMillis = startMillis
        self.stepMillis = stepMillis
        for (index, line) in input.enumerated() {
            do throws(SeriesDescription.Invalid) {
                let description = try SeriesDescription("\(line.series) \(line.values)")
                series.removeAll { $0.labels == description.labels }
                series.append(Series(labels: description.labels, samples: description.samples))
            } catch {
                throw SeriesDescription.Invalid("input_series[\(index)]: \(error)")
            }
        }
    }

    /// Loads every sample up to a time.
    mutating func load(untilMillis now: Int64) throws(NativeHistogramError) {
        for index in series.indices {
            var samples: [MemoryStore.Sample] = []
            while series[index].loaded < series[index].samples.count, case let time = startMillis + Int64(series[index].loaded) * stepMillis, time <= now {
                switch series[index].samples[series[index].loaded] {
                case .omitted: break
                case .value(let value): samples.append(MemoryStore.Sample(time, .float(value)))
                case .histogram(let histogram, _): samples.append(MemoryStore.Sample(time, .histogram(histogram)))
                }
                series[index].loaded += 1
            }
            if !samples.isEmpty { try store.append(series[index].labels, samples) }
        }
    }
}
