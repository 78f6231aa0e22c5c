/// All that is known of one trace, or of the part of it that was asked for.
package struct Trace: Hashable, Sendable {
    package var id: TraceID
    package var resourceSpans: [ResourceSpans]

    package init(id: TraceID, resourceSpans: [ResourceSpans]) {
        self.id = id
        self.resourceSpans = resourceSpans
    }

    package var spanCount: Int { resourceSpans.reduce(0) { $0 + $1.spanCount } }
}
