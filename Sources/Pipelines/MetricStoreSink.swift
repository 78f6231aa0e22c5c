import MetricModel
import MetricStore

/// The end of the metrics pipeline: a store that returns when the samples are on disk.
struct MetricStoreSink: TelemetrySink {
    typealias Signal = MetricSignal

    let name = "metric_store"
    let writer: any MetricWriter

    /// A data point may be several samples, so what the store refused is counted as data points at most.
    func consume(_ batch: MetricSignal.Batch) async throws(PipelineError) -> PartialSuccess {
        let report: AppendReport
        do throws(MetricStoreError) { report = try await writer.append(batch.samples, durability: .synced) } catch {
            switch error {
            case .io(_, _, _, isDiskFull: true), .closed: throw .unavailable("\(error)")
            default: throw .failed("\(error)")
            }
        }
        guard report.refused > 0 else { return PartialSuccess() }
        return PartialSuccess(rejected: min(report.refused, batch.pointCount), message: report.firstRefusal ?? "the metric store refused samples")
    }
}
