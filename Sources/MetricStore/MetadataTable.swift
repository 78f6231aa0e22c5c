import MetricModel
import Synchronization

/// What is known of metric families, by metric name; bounded.
final class MetadataTable: Sendable {
    private let entries = Mutex<[String: [MetricMetadata]]>([:])
    private static let metricsMax = 100_000
    private static let variantsMax = 8

    /// The newest word of each kind comes last; of many different ones the oldest are forgotten.
    func add(_ batch: [(metric: String, MetricMetadata)]) {
        if batch.isEmpty { return }
        entries.withLock { entries in
            for (metric, metadata) in batch {
                guard entries.count < Self.metricsMax || entries[metric] != nil else { continue }
                var known = entries[metric] ?? []
                if known.last == metadata { continue }
                known.removeAll { $0 == metadata }
                known.append(metadata)
                if known.count > Self.variantsMax { known.removeFirst() }
                entries[metric] = known
            }
        }
    }

    func read(metric: String?, limit: Int) -> [String: [MetricMetadata]] {
        entries.withLock { entries in
            if let metric { return entries[metric].map { [metric: $0] } ?? [:] }
            if limit <= 0 || entries.count <= limit { return entries }
            return Dictionary(uniqueKeysWithValues: entries.keys.sorted().prefix(limit).map { ($0, entries[$0] ?? []) })
        }
    }
}
