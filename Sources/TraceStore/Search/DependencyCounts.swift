import TraceModel

/// Calls between services, counted as Jaeger's memory store does: each span whose parent is in the trace is a call from the parent's
/// service to its own.
///
/// A trace counts for the minute in which it began. What arrived in different generations is not brought together.
struct DependencyCounts {
    static let minuteNanos: UInt64 = 60_000_000_000

    struct Pair: Hashable {
        var parent: String
        var child: String
    }

    private(set) var byMinute: [UInt64: [Pair: UInt64]] = [:]

    var links: [ServiceDependency] {
        var totals: [Pair: UInt64] = [:]
        for pairs in byMinute.values { totals.merge(pairs, uniquingKeysWith: +) }
        return totals.map { ServiceDependency(parent: $0.key.parent, child: $0.key.child, callCount: $0.value) }.sorted { a, b in
            a.parent == b.parent ? a.child.utf8.lexicographicallyPrecedes(b.child.utf8) : a.parent.utf8.lexicographicallyPrecedes(b.parent.utf8)
        }
    }

    static func minute(_ unixNano: UInt64) -> UInt64 { unixNano / minuteNanos }

    static func contains(_ startUnixNano: ClosedRange<UInt64>, minute: UInt64) -> Bool {
        minute >= self.minute(startUnixNano.lowerBound) && minute <= self.minute(startUnixNano.upperBound)
    }

    mutating func add(_ pair: Pair, minute: UInt64, count: UInt64) { byMinute[minute, default: [:]][pair, default: 0] += count }

    /// Adds the traces of `set` that began in `startUnixNano`. O(rows).
    mutating func add(_ set: SpanSet, startUnixNano: ClosedRange<UInt64> = 0 ... .max) {
        let names = set.scopes.map(\.resource.serviceNameOrPlaceholder)
        // The rows of each trace hang together by `previous`; the last one of each is where to begin.
        var last = [Int](repeating: -1, count: set.traces.count)
        for index in 0..<set.rows.count { last[Int(set.rows[index].trace)] = index }
        for start in last where start >= 0 {
            var rows: [SpanRow] = []
            var next = start
            while next >= 0 {
                let row = set.rows[next]
                rows.append(row)
                next = Int(row.previous) - 1
            }
            guard rows.contains(where: { $0.parentSpanID != 0 }) else { continue }
            let minute = Self.minute(rows.reduce(.max) { min($0, $1.startUnixNano) })
            guard Self.contains(startUnixNano, minute: minute) else { continue }
            var scopes: [UInt64: UInt32] = [:]
            for row in rows.reversed() where scopes[row.spanID] == nil { scopes[row.spanID] = row.scope }
            for row in rows where row.parentSpanID != 0 {
                guard let parent = scopes[row.parentSpanID] else { continue }
                add(Pair(parent: names[Int(parent)], child: names[Int(row.scope)]), minute: minute, count: 1)
            }
        }
    }
}
