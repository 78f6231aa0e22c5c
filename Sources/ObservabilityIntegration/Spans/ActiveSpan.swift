import Tracing

/// What a `ServiceContext` says of the span that runs in it, or of the caller's in another process.
package enum ActiveSpan: Sendable {
    case local(RecordedSpan)
    case remote(TraceParent)

    package var traceID: TraceID {
        switch self {
        case .local(let span): span.traceID
        case .remote(let parent): parent.traceID
        }
    }

    package var spanID: SpanID {
        switch self {
        case .local(let span): span.spanID
        case .remote(let parent): parent.spanID
        }
    }

    package var isSampled: Bool {
        switch self {
        case .local(let span): span.isRecording
        case .remote(let parent): parent.isSampled
        }
    }

    package var traceState: String? {
        switch self {
        case .local(let span): span.traceState
        case .remote(let parent): parent.state
        }
    }

    package var span: RecordedSpan? {
        switch self {
        case .local(let span): span
        case .remote: nil
        }
    }
}

extension ServiceContext {
    private enum ActiveSpanKey: ServiceContextKey {
        typealias Value = ActiveSpan
        static var nameOverride: String? { "obstack-span" }
    }

    private enum SessionKey: ServiceContextKey {
        typealias Value = ObservabilitySession
        static var nameOverride: String? { "obstack-session" }
    }

    /// The span that runs here.
    package var activeSpan: ActiveSpan? {
        get { self[ActiveSpanKey.self] }
        set { self[ActiveSpanKey.self] = newValue }
    }

    /// Where what runs here reports to, in place of what `initializeObservability` started.
    package var observabilitySession: ObservabilitySession? {
        get { self[SessionKey.self] }
        set { self[SessionKey.self] = newValue }
    }
}
