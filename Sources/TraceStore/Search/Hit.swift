import Bytes
import TraceModel

/// A trace that a search found, with what decides its place: the start of its newest matching span.
struct Hit: BitwiseCopyable {
    var key: TraceKey
    var startUnixNano: UInt64

    /// Newest first; of the same moment the lower id.
    func precedes(_ other: Hit) -> Bool { startUnixNano == other.startUnixNano ? key < other.key : startUnixNano > other.startUnixNano }
}

extension SpanSet {
    /// The traces with a span that matches, in any order. O(rows).
    func hits(_ matcher: SpanMatcher) throws(ByteError) -> [Hit] {
        guard !matcher.isHopeless else { return [] }
        var newest: [UInt32: UInt64] = [:]
        var failure: ByteError?
        rows.forEachRun { run, _ in
            guard failure == nil else { return }
            do throws(ByteError) {
                // A span that would not make its trace newer need not be looked at.
                for row in run where row.startUnixNano >= newest[row.trace] ?? 0 {
                    if try matcher.matches(row) { newest[row.trace] = row.startUnixNano }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return newest.map { Hit(key: traces[Int($0.key)], startUnixNano: $0.value) }
    }
}
