import TraceModel

/// Where decoded spans go.
package protocol TraceWriter: Sendable {
    /// Appends spans. When it returns they are forced to the disk and seen by every later read; when it throws, none was taken.
    func write(_ batch: [ResourceSpans]) async throws(TraceStoreError)
}

/// A search. Every condition given must hold on one and the same span; the trace of that span is the result.
package struct TraceSearch: Sendable {
    package var service: String?
    package var operation: String?
    /// Key and value, compared as text with span, event, resource and scope attributes, `error`, `span.kind`, `otel.status_code` …
    package var tags: [(key: String, value: String)]
    /// Nanoseconds since the epoch; the span's start must lie in it.
    package var startUnixNano: ClosedRange<UInt64>
    /// Nanoseconds; nil ends are open.
    package var durationMinNanos: UInt64?
    package var durationMaxNanos: UInt64?
    /// At most so many traces, newest first.
    package var limit: Int

    package init(service: String? = nil, operation: String? = nil, tags: [(key: String, value: String)] = [], startUnixNano: ClosedRange<UInt64> = 0 ... .max,
                 durationMinNanos: UInt64? = nil, durationMaxNanos: UInt64? = nil, limit: Int = 20) {
        self.service = service
        self.operation = operation
        self.tags = tags
        self.startUnixNano = startUnixNano
        self.durationMinNanos = durationMinNanos
        self.durationMaxNanos = durationMaxNanos
        self.limit = limit
    }
}

/// An operation of a service.
package struct TraceOperation: Hashable, Sendable {
    package var name: String
    package var kind: Span.Kind
    package init(name: String, kind: Span.Kind) {
        self.name = name
        self.kind = kind
    }
}

/// How often one service called another.
package struct ServiceDependency: Hashable, Sendable {
    package var parent: String
    package var child: String
    package var callCount: UInt64
    package init(parent: String, child: String, callCount: UInt64) {
        self.parent = parent
        self.child = child
        self.callCount = callCount
    }
}

/// What trace queries read from. Calls may touch the disk and are made off the cooperative pool.
package protocol TraceReader: Sendable {
    /// Names of services that sent spans, sorted.
    func services() throws(TraceStoreError) -> [String]
    /// Operations of a service, sorted by name; of one kind, or of all.
    func operations(service: String, kind: Span.Kind?) throws(TraceStoreError) -> [TraceOperation]
    /// Whole traces, each with all spans that are known of it; first the one whose newest matching span is newest.
    func find(_ search: TraceSearch) throws(TraceStoreError) -> [Trace]
    /// All spans known of a trace; nil when there are none.
    func trace(_ id: TraceID) throws(TraceStoreError) -> Trace?
    /// Calls between spans of traces that began in `startUnixNano`, sorted by parent and child; a service's calls to itself are among them.
    func dependencies(startUnixNano: ClosedRange<UInt64>) throws(TraceStoreError) -> [ServiceDependency]
}
