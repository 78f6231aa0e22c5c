import Tracing

/// Spans of whatever is written for swift-distributed-tracing. Reports to what `initializeObservability` started; while that is nothing, spans
/// have ids and are not recorded.
package struct StackTracer: Tracer {
    package typealias Span = TracedSpan

    package init() {}

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind, at instant: @autoclosure () -> Instant,
        function: String, file fileID: String, line: UInt
    ) -> TracedSpan {
        var context = context()
        let (parent, session) = (context.activeSpan, context.reportingSession)
        let recorded = RecordedSpan(
            operationName, session: session, traceID: parent?.traceID ?? .random(), parent: parent, kind: kind,
            isInWorkflow: parent?.span?.isInWorkflow ?? false, startUnixNanos: instant().nanosecondsSinceEpoch)
        // While nobody records, a caller's span is passed on as it came.
        if session != nil { context.activeSpan = .local(recorded) }
        return TracedSpan(recorded: recorded, context: context)
    }

    package func activeSpan(identifiedBy context: ServiceContext) -> TracedSpan? {
        context.activeSpan?.span.map { TracedSpan(recorded: $0, context: context) }
    }

    package func forceFlush() {
        ObservabilitySession.active?.exporter.sendSoon()
    }

    package func inject<Carrier, Inject: Injector>(_ context: ServiceContext, into carrier: inout Carrier, using injector: Inject) where Inject.Carrier == Carrier {
        guard let active = context.activeSpan else { return }
        let parent = TraceParent(traceID: active.traceID, spanID: active.spanID, isSampled: active.isSampled)
        injector.inject(parent.header, forKey: "traceparent", into: &carrier)
        if let state = active.traceState { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }

    package func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract) where Extract.Carrier == Carrier {
        guard let header = extractor.extract(key: "traceparent", from: carrier),
            let parent = TraceParent(header: header, state: extractor.extract(key: "tracestate", from: carrier).flatMap { $0.utf8.count <= 512 && !$0.isEmpty ? $0 : nil })
        else { return }
        context.activeSpan = .remote(parent)
    }
}
