import MetricModel
import MetricStore
import PromQL

/// Writes what rules compute into a store that is nothing but arrays.
package struct MemoryWriter: MetricWriter {
    let store: MemoryStore

    package init(store: MemoryStore) { self.store = store }

    package func append(_ batch: SampleBatch, durability: Durability) async throws(MetricStoreError) -> AppendReport {
        var report = AppendReport()
        for (index, series) in batch.series.enumerated() {
            let labels = Labels(unchecked: Array(batch.arena[series.keyOffset..<series.keyOffset + series.keyLength]))
            var samples = series.samples.map { MemoryStore.Sample(batch.timestamps[$0], .float(batch.values[$0])) }
            samples += batch.histograms.filter { $0.series == index }.map { MemoryStore.Sample($0.timestamp, .histogram($0.histogram)) }
            let refused: Int
            do throws(NativeHistogramError) { refused = try store.append(labels, samples) } catch { throw .refused(reason: error.description) }
            report.appended += samples.count - refused
            report.outOfOrder += refused
            if refused > 0, report.firstRefusal == nil { report.firstRefusal = "out of order sample" }
        }
        return report
    }
}
