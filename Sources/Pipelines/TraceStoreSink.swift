import TraceModel
import TraceStore

/// The end of the traces pipeline: a store that returns when the spans are on disk.
struct TraceStoreSink: TelemetrySink {
    typealias Signal = TraceSignal

    let name = "trace_store"
    let writer: any TraceWriter

    func consume(_ batch: [ResourceSpans]) async throws(PipelineError) -> PartialSuccess {
        do throws(TraceStoreError) { try await writer.write(batch) } catch {
            switch error {
            case .io(_, _, _, isDiskFull: true), .closed: throw .unavailable("\(error)")
            case .tooLarge: throw .tooLarge("\(error)")
            default: throw .failed("\(error)")
            }
        }
        return PartialSuccess()
    }
}
