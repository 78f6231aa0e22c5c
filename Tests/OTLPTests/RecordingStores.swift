import MetricModel
import MetricStore
import Synchronization
import TraceModel
import TraceStore

/// A trace store that keeps what it is given, or fails as told.
final class RecordingTraceStore: TraceWriter {
    private let state = Mutex<(batches: [[ResourceSpans]], failure: TraceStoreError?)>(([], nil))

    var batches: [[ResourceSpans]] { state.withLock { $0.batches } }
    var spans: [Span] { batches.joined().flatMap { $0.scopes.flatMap(\.spans) } }
    func fail(with error: TraceStoreError?) { state.withLock { $0.failure = error } }

    func write(_ batch: [ResourceSpans]) async throws(TraceStoreError) {
        let failure = state.withLock {
            if $0.failure == nil { $0.batches.append(batch) }
            return $0.failure
        }
        if let failure { throw failure }
    }
}

/// A metric store that keeps what it is given and answers with `report`, or fails as told.
final class RecordingMetricStore: MetricWriter {
    private let state = Mutex<(batches: [SampleBatch], report: AppendReport, failure: MetricStoreError?)>(([], AppendReport(), nil))

    var batches: [SampleBatch] { state.withLock { $0.batches } }
    var lines: [String] { batches.flatMap(\.lines) }
    func answer(with report: AppendReport) { state.withLock { $0.report = report } }
    func fail(with error: MetricStoreError?) { state.withLock { $0.failure = error } }

    func append(_ batch: SampleBatch, durability: Durability) async throws(MetricStoreError) -> AppendReport {
        precondition(durability == .synced, "what OTLP clients are told is safe must be on disk")
        let (report, failure) = state.withLock {
            if $0.failure == nil { $0.batches.append(batch) }
            return ($0.report, $0.failure)
        }
        if let failure { throw failure }
        return report
    }
}

func span(_ name: String, trace: UInt64 = 1, id: UInt64 = 1) -> Span {
    Span(traceID: TraceID(high: 0, low: trace), spanID: SpanID(id), name: name, startUnixNano: 1, endUnixNano: 2)
}

func traces(_ spans: Span...) -> [ResourceSpans] {
    [ResourceSpans(resource: Resource(attributes: [Attribute("service.name", .string("shop"))]), scopes: [ResourceSpans.ScopeSpans(spans: spans)])]
}
