/// Where a span stands in its trace, as it crosses from one process to the next.
///
/// Source: https://www.w3.org/TR/trace-context/
package final class TraceParent: Sendable {
    package let traceID: TraceID
    package let spanID: SpanID
    package let isSampled: Bool
    /// What other tracing systems want passed on; not looked into.
    package let state: String?

    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool, state: String? = nil) {
        (self.traceID, self.spanID, self.isSampled, self.state) = (traceID, spanID, isSampled, state)
    }

    /// Reads a `traceparent` header; nil where it is none, which is to be passed over in silence.
    package convenience init?(header: String, state: String? = nil) {
        let parts = header.trimmed.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, header.utf8.allSatisfy({ !(0x41...0x5A).contains($0) }), parts[0].utf8.count == 2, parts[0] != "ff",
            UInt64(hexDigits: parts[0].utf8[...]) != nil, parts[0] != "00" || parts.count == 4,
            let traceID = TraceID(hex: parts[1]), let spanID = SpanID(hex: parts[2]),
            parts[3].utf8.count == 2, let flags = UInt64(hexDigits: parts[3].utf8[...])
        else { return nil }
        self.init(traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1, state: state)
    }

    package var header: String { "00-\(traceID.hex)-\(spanID.hex)-\(isSampled ? "01" : "00")" }
}
