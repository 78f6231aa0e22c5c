import TraceModel

/// What a list of traces shows of one (`querysvc/summary.go`).
package struct TraceSummary: Hashable, Sendable {
    package struct Service: Hashable, Sendable {
        package var name: String
        package var spanCount: Int
        package var errorSpanCount: Int
    }

    package var traceID: TraceID
    /// Of the earliest span without a parent; "" when there is none.
    package var rootService: String
    package var rootOperation: String
    package var startUnixNano: UInt64
    package var endUnixNano: UInt64
    package var spanCount: Int
    package var errorSpanCount: Int
    /// Spans whose parent is not in the trace.
    package var orphanSpanCount: Int
    /// By name.
    package var services: [Service]

    package var durationNanos: UInt64 { endUnixNano >= startUnixNano ? endUnixNano - startUnixNano : 0 }

    package init(_ trace: Trace) {
        traceID = trace.id
        (rootService, rootOperation) = ("", "")
        (startUnixNano, endUnixNano) = (.max, 0)
        (spanCount, errorSpanCount, orphanSpanCount) = (0, 0, 0)
        var counts: [String: (spans: Int, errors: Int)] = [:]
        var present: Set<SpanID> = []
        for group in trace.resourceSpans { for scope in group.scopes { for span in scope.spans { present.insert(span.spanID) } } }
        var rootStart: UInt64?
        for group in trace.resourceSpans {
            let service = group.resource.serviceNameOrPlaceholder
            for span in group.scopes.lazy.flatMap(\.spans) {
                let isError = span.status.code == .error
                counts[service, default: (0, 0)].spans += 1
                if isError { counts[service, default: (0, 0)].errors += 1 }
                spanCount += 1
                errorSpanCount += isError ? 1 : 0
                startUnixNano = min(startUnixNano, span.startUnixNano)
                endUnixNano = max(endUnixNano, span.endUnixNano)
                if span.parentSpanID.isNone {
                    if span.startUnixNano < rootStart ?? .max {
                        rootStart = span.startUnixNano
                        (rootService, rootOperation) = (service, span.nameOrPlaceholder)
                    }
                } else if !present.contains(span.parentSpanID) {
                    orphanSpanCount += 1
                }
            }
        }
        if spanCount == 0 { startUnixNano = 0 }
        services = counts.map { Service(name: $0.key, spanCount: $0.value.spans, errorSpanCount: $0.value.errors) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
