import Bytes
import TraceModel

/// Strings by number, to be read. A number that nobody gave out, which only a damaged page can hold, reads as "".
struct StringEntries: Sendable {
    let entries: StableVector<StringEntry>.Prefix

    subscript(number: UInt32) -> String { Int(number) < entries.count ? entries[Int(number)].string : "" }
    var count: Int { entries.count }

    func bytes(_ number: UInt32) -> UnsafeBufferPointer<UInt8> {
        Int(number) < entries.count ? entries[Int(number)].bytes : UnsafeBufferPointer(start: nil, count: 0)
    }
}

/// Spans that can be searched and read: a moment of the head, or a decoded page.
///
/// Immutable. Holds everything its rows and strings point into.
struct SpanSet: Sendable {
    let rows: StableVector<SpanRow>.Prefix
    let strings: StringEntries
    let scopes: [SpanScope]
    /// Each scope as `SpanBlob` writes it; a page's set has none.
    let scopeBlobs: StableVector<StringEntry>.Prefix
    let traces: StableVector<TraceKey>.Prefix
    let arenas: [ByteArena]
    var page: PageBytes?

    /// The spans in `rows`, which are all of one trace, as OTLP groups them: scopes in the order in which they were first met, spans by
    /// start within them.
    func resourceSpans(of indices: [Int]) throws(ByteError) -> [ResourceSpans] {
        var order: [UInt32] = []
        var byScope: [UInt32: [Span]] = [:]
        let sorted = indices.map { (rows[$0], $0) }.sorted {
            ($0.0.startUnixNano, $0.0.spanID, $0.1) < ($1.0.startUnixNano, $1.0.spanID, $1.1)
        }
        for (row, _) in sorted {
            guard Int(row.scope) < scopes.count, Int(row.trace) < traces.count else { throw .truncated(offset: 0, needed: 1) }
            var cursor = BlobCursor(row.blob)
            let span = try cursor.span(row, traces[Int(row.trace)].id, strings)
            if byScope[row.scope] == nil { order.append(row.scope) }
            byScope[row.scope, default: []].append(span)
        }
        var groups = TraceAssembler()
        for number in order { groups.add(scopes[Int(number)], byScope[number] ?? []) }
        return groups.resourceSpans
    }
}
