import TraceModel

/// A trace as it is shown: spans in one list, with what was found amiss.
package struct AdjustedTrace: Sendable {
    package struct Entry: Sendable {
        package var span: Span
        package var scope: InstrumentationScope
        /// Index into `resources`.
        package var resource: Int
        package var warnings: [String]

        package init(span: Span, scope: InstrumentationScope, resource: Int, warnings: [String] = []) {
            self.span = span
            self.scope = scope
            self.resource = resource
            self.warnings = warnings
        }
    }

    package var id: TraceID
    package var resources: [Resource]
    /// By resource, then scope, as they were stored.
    package var entries: [Entry]

    /// The trace as it is stored, nothing adjusted. Warnings that travelled with a span (`@jaeger@warnings`) are taken out of its attributes.
    package init(_ trace: Trace) {
        id = trace.id
        resources = trace.resourceSpans.map(\.resource)
        entries = []
        entries.reserveCapacity(trace.spanCount)
        for (index, group) in trace.resourceSpans.enumerated() {
            for scope in group.scopes {
                for span in scope.spans {
                    var entry = Entry(span: span, scope: scope.scope, resource: index)
                    if let value = span.attributes["@jaeger@warnings"] {
                        if case .array(let values) = value { entry.warnings = values.map(\.text) } else { entry.warnings = [value.text] }
                        entry.span.attributes.removeAll { $0.key == "@jaeger@warnings" }
                    }
                    entries.append(entry)
                }
            }
        }
        if trace.omittedSpanCount > 0, !entries.isEmpty {
            entries[0].warnings.append("trace has more than \(entries.count) spans, showing first \(entries.count) spans only")
        }
    }

    /// The trace with the corrections that Jaeger makes before it shows one, in its order
    /// (`cmd/jaeger/internal/extension/jaegerquery/internal/adjuster/standard.go`).
    ///
    /// - Parameter clockSkewNanosMax: the farthest that spans of another host are moved; 0, Jaeger's default, moves none and says so.
    package static func standard(_ trace: Trace, clockSkewNanosMax: Int64 = 0) -> AdjustedTrace {
        var adjusted = AdjustedTrace(trace)
        adjusted.separateSharedSpanIDs()
        adjusted.sortCollections()
        adjusted.removeDuplicates()
        adjusted.correctClockSkew(nanosMax: clockSkewNanosMax)
        adjusted.spellOutAddresses()
        adjusted.moveLibraryAttributes()
        adjusted.removeEmptyLinks()
        return adjusted
    }
}
