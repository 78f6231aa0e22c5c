import TraceModel
import TraceStore

/// What the store should do, in the plainest way: a list of spans, every one looked at.
struct NaiveStore {
    private(set) var spans: [FlatSpan] = []

    mutating func write(_ batch: [ResourceSpans]) { spans += FlatSpan.all(batch) }

    func counts(of id: TraceID) -> [FlatSpan: Int] { spans.filter { $0.span.traceID == id }.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

    var traceIDs: Set<TraceID> { Set(spans.map(\.span.traceID)) }
    var services: [String] { Set(spans.map(\.resource.serviceNameOrPlaceholder)).sorted() }

    func operations(_ service: String) -> Set<TraceOperation> {
        Set(spans.filter { $0.resource.serviceNameOrPlaceholder == service }.map { TraceOperation(name: $0.span.nameOrPlaceholder, kind: $0.span.kind) })
    }

    /// Ids of the traces found, first the one with the newest matching span, at most as many as asked for.
    func find(_ search: TraceSearch) -> [TraceID] {
        var newest: [TraceID: UInt64] = [:]
        for flat in spans where matches(flat, search) { newest[flat.span.traceID] = max(newest[flat.span.traceID] ?? 0, flat.span.startUnixNano) }
        return Array(newest.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }.map(\.key).prefix(search.limit))
    }

    private func matches(_ flat: FlatSpan, _ search: TraceSearch) -> Bool {
        let span = flat.span
        if let service = search.service, flat.resource.serviceNameOrPlaceholder != service { return false }
        if let operation = search.operation, span.nameOrPlaceholder != operation { return false }
        guard search.startUnixNano.contains(span.startUnixNano) else { return false }
        if let least = search.durationMinNanos, span.durationNanos < least { return false }
        if let most = search.durationMaxNanos, span.durationNanos > most { return false }
        return search.tags.allSatisfy { fulfils(flat, $0.key, $0.value) }
    }

    private func fulfils(_ flat: FlatSpan, _ key: String, _ value: String) -> Bool {
        let span = flat.span
        let everywhere = [span.attributes, flat.resource.attributes, flat.scope.attributes] + span.events.map(\.attributes) + span.links.map(\.attributes)
        func has(_ key: String, _ value: String) -> Bool { everywhere.joined().contains { $0.key == key && $0.value.text == value } }
        switch (key, value) {
        case ("error", "true"), ("error", "1"): return span.status.code == .error || has("error", "true")
        case ("error", "false"): return span.status.code != .error && !has("error", "true")
        case ("span.kind", "unspecified"): return span.kind == .unspecified || has(key, value)
        case ("span.kind", _): return span.kind.text == value || has(key, value)
        case ("otel.status_code", _), ("span.status", _):
            let code = switch span.status.code {
            case .unset: "UNSET"
            case .ok: "OK"
            case .error: "ERROR"
            }
            return code == value.uppercased() || has(key, value)
        case ("scope.name", _), ("otel.scope.name", _): return flat.scope.name == value || has(key, value)
        case ("scope.version", _): return flat.scope.version == value || has(key, value)
        case ("event", _): return span.events.contains { $0.name == value } || has(key, value)
        case ("otel.status_description", _): return !value.isEmpty && span.status.message == value || has(key, value)
        case ("w3c.tracestate", _): return !value.isEmpty && span.traceState == value || has(key, value)
        case _ where key.hasPrefix("resource."):
            return flat.resource.attributes.contains { $0.key == String(key.dropFirst(9)) && $0.value.text == value } || has(key, value)
        default: return has(key, value)
        }
    }

    /// Calls, as long as every trace stands in one place.
    var calls: [ServiceDependency] {
        var totals: [[String]: UInt64] = [:]
        for id in traceIDs {
            let members = spans.filter { $0.span.traceID == id }
            for child in members where !child.span.parentSpanID.isNone {
                guard let parent = members.first(where: { $0.span.spanID == child.span.parentSpanID }) else { continue }
                totals[[parent.resource.serviceNameOrPlaceholder, child.resource.serviceNameOrPlaceholder], default: 0] += 1
            }
        }
        return totals.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ServiceDependency(parent: $0.key[0], child: $0.key[1], callCount: $0.value) }
    }
}
