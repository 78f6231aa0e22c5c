/// All that is known of one trace, or of the part of it that was asked for.
package struct Trace: Hashable, Sendable {
    package var id: TraceID
    package var resourceSpans: [ResourceSpans]
    /// Spans that are stored but were left out, the trace being larger than an answer may be.
    package var omittedSpanCount: Int

    package init(id: TraceID, resourceSpans: [ResourceSpans], omittedSpanCount: Int = 0) {
        self.id = id
        self.resourceSpans = resourceSpans
        self.omittedSpanCount = omittedSpanCount
    }

    package var spanCount: Int { resourceSpans.reduce(0) { $0 + $1.spanCount } }
}
