import TraceModel

/// A search made ready once for all the sets of spans that it visits.
struct SearchPlan: Sendable {
    /// Conditions are kept as bits of one word.
    static let conditionsMax = 64

    let service: String?
    let operation: String?
    let startUnixNano: ClosedRange<UInt64>
    let durationMinNanos: UInt64
    let durationMaxNanos: UInt64
    let conditions: [TagCondition]
    let limit: Int
    /// Every text whose number a set is asked for: the operation, then each condition's key and value.
    let terms: [String]
    let termBytes: [[UInt8]]
    /// What indexes are asked: a trace must be under one of the alternatives of each.
    let lookups: [[(key: String, value: String)]]

    init(_ search: TraceSearch) throws(TraceStoreError) {
        guard search.tags.count <= Self.conditionsMax else {
            throw .unsearchable(reason: "a search takes at most \(Self.conditionsMax) tags, and this one has \(search.tags.count)")
        }
        service = search.service
        operation = search.operation
        startUnixNano = search.startUnixNano
        durationMinNanos = search.durationMinNanos ?? 0
        durationMaxNanos = search.durationMaxNanos ?? .max
        conditions = search.tags.map { TagCondition(key: $0.key, value: $0.value) }
        limit = search.limit
        terms = [operation ?? ""] + conditions.flatMap { [$0.key, $0.value.text] }
        termBytes = terms.map { Array($0.utf8) }
        var lookups: [[(key: String, value: String)]] = []
        if let service { lookups.append([(WellKnown.service.text, service)]) }
        if let operation {
            let alternatives = operation == Span.namePlaceholder ? [operation, ""] : [operation]
            lookups.append(alternatives.map { (WellKnown.operation.text, $0) })
        }
        self.lookups = lookups + conditions.compactMap(\.lookup)
    }

    static func key(_ condition: Int) -> Int { 1 + 2 * condition }
    static func value(_ condition: Int) -> Int { 2 + 2 * condition }
}
