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

/// Hits waiting for their turn, newest first.
struct HitQueue {
    /// A heap: no hit comes before the one at half its place.
    private var heap: [Hit] = []

    init(_ hits: [Hit]) { heap = hits.sorted { $0.precedes($1) } }

    var first: Hit? { heap.first }

    mutating func add(_ hits: [Hit]) {
        for hit in hits {
            heap.append(hit)
            var place = heap.count - 1
            while place > 0, heap[place].precedes(heap[(place - 1) / 2]) {
                heap.swapAt(place, (place - 1) / 2)
                place = (place - 1) / 2
            }
        }
    }

    mutating func removeFirst() -> Hit? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].precedes(heap[least]) { least = child }
            if least == place { return first }
            heap.swapAt(place, least)
            place = least
        }
    }
}
