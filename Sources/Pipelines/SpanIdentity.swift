import TraceModel

/// Takes out spans without a trace id or a span id: the specification calls them invalid, and nothing could find them again.
struct SpanIdentity: TelemetryProcessor {
    typealias Signal = TraceSignal

    func process(_ batch: inout [ResourceSpans]) -> PartialSuccess {
        func isNamed(_ span: Span) -> Bool { !span.traceID.isZero && !span.spanID.isNone }
        guard !batch.allSatisfy({ $0.scopes.allSatisfy { $0.spans.allSatisfy(isNamed) } }) else { return PartialSuccess() }
        let before = TraceSignal.count(batch)
        for resource in batch.indices {
            for scope in batch[resource].scopes.indices { batch[resource].scopes[scope].spans.removeAll { !isNamed($0) } }
        }
        return PartialSuccess(rejected: before - TraceSignal.count(batch), message: "spans need a trace id and a span id other than zero")
    }
}
