import MetricModel

/// What a log said of series whose records it had not, by kind (`prometheus_tsdb_wal_replay_unknown_refs_total`).
package struct UnknownReferences: Sendable {
    enum Kind: String, CaseIterable {
        case samples, histograms, exemplars, metadata, tombstones
    }

    private var counts: [Kind: Int] = [:]
    private var series: Set<UInt64> = []

    subscript(kind: Kind) -> Int { counts[kind] ?? 0 }

    mutating func note(_ reference: UInt64, _ kind: Kind) {
        counts[kind, default: 0] += 1
        series.insert(reference)
    }

    /// One point for each kind that there was; none when there was nothing.
    func families(_ name: String, _ help: String) -> [MetricFamily] {
        if series.isEmpty { return [] }
        let points = [("series", series.count)] + Kind.allCases.filter { self[$0] > 0 }.map { ($0.rawValue, self[$0]) }
        return [MetricFamily(name, .counter, help, points: points.map { .init(name, [("type", $0.0)], Double($0.1)) })]
    }
}
