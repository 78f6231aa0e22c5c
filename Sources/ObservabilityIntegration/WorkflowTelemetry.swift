import Synchronization
import Tracing

/// What an instrumented workflow tells of itself: the metric families that dashboards and alerts are written for. Used from any thread.
package final class WorkflowTelemetry: Sendable {
    /// The instruments of all primitives of one type and name, looked up once.
    package final class Step: Sendable {
        package let primitiveType: String
        package let name: String
        package let spanName: String
        package let fields: [RecordedSpan.Field]
        package let duration: HistogramInstrument
        package let successes: CounterInstrument
        package let failures: CounterInstrument

        fileprivate init(_ telemetry: WorkflowTelemetry, _ primitiveType: String, _ name: String) {
            (self.primitiveType, self.name, spanName) = (primitiveType, name, "primitive.\(name)")
            fields = [RecordedSpan.Field("primitive.type", .string(primitiveType)), RecordedSpan.Field("primitive.name", .string(name))]
            let labels = [MetricLabel("primitive", primitiveType), MetricLabel("name", name)]
            duration = telemetry.durations.instrument(labels)
            successes = telemetry.requests.instrument(labels + [MetricLabel("status", "success")])
            failures = telemetry.requests.instrument(labels + [MetricLabel("status", "error")])
        }
    }

    private struct StepKey: Hashable {
        let type: ObjectIdentifier
        let name: String?
    }

    package let registry = MetricRegistry()
    package let durations: MetricFamily<HistogramInstrument>
    package let requests: MetricFamily<CounterInstrument>
    package let errors: MetricFamily<CounterInstrument>
    package let retries: MetricFamily<CounterInstrument>
    package let fallbacks: MetricFamily<CounterInstrument>
    package let timeouts: MetricFamily<CounterInstrument>
    package let activeWorkflows: MetricFamily<GaugeInstrument>
    package let workflowRequests: MetricFamily<CounterInstrument>
    package let workflowDurations: MetricFamily<HistogramInstrument>
    package let cacheHits: MetricFamily<CounterInstrument>
    package let cacheMisses: MetricFamily<CounterInstrument>
    private let steps = Mutex<[StepKey: Step]>([:])

    package init(serviceName: String, exporterCounts: @escaping @Sendable () -> SpanExporter.Counts) {
        durations = registry.histogram("primitive_duration_seconds", "How long executions of a primitive took.")
        requests = registry.counter("primitive_requests_total", "Executions of a primitive by how they ended.")
        errors = registry.counter("primitive_errors_total", "Executions of a primitive that ended with an error, by its type.")
        retries = registry.counter("primitive_retries_total", "Attempts after the first.")
        fallbacks = registry.counter("primitive_fallbacks_total", "Times a fallback was taken.")
        timeouts = registry.counter("primitive_timeouts_total", "Executions that took too long and were cancelled.")
        activeWorkflows = registry.gauge("workflow_active_requests", "Executions of whole workflows that run now.")
        workflowRequests = registry.counter("workflow_requests_total", "Executions of whole workflows by how they ended.")
        workflowDurations = registry.histogram("workflow_duration_seconds", "How long executions of whole workflows took.")
        cacheHits = registry.counter("cache_hits_total", "Lookups that the cache answered.")
        cacheMisses = registry.counter("cache_misses_total", "Lookups that the cache could not answer.")
        registry.register { [cacheHits, cacheMisses] in Self.hitRates(cacheHits, cacheMisses) }
        registry.register {
            FamilySnapshot(name: "observability_service_info", help: "The application that these metrics are of.", kind: .gauge, series: [
                FamilySnapshot.Series([MetricLabel("service_name", serviceName), MetricLabel("language", "swift")], .number(1)),
            ])
        }
        func counted(_ name: String, _ help: String, _ count: @escaping @Sendable (SpanExporter.Counts) -> UInt64) {
            registry.register { FamilySnapshot(name: name, help: help, kind: .counter, series: [FamilySnapshot.Series([], .number(Double(count(exporterCounts()))))]) }
        }
        counted("observability_spans_sent_total", "Spans that the trace receiver took.") { $0.sent }
        counted("observability_spans_dropped_total", "Spans that were not delivered: too many waited, or nobody took them.") { $0.dropped }
    }

    /// The instruments of primitives of `type`, of this name where they were given one.
    package func step(_ type: Any.Type, name: String?) -> Step {
        let key = StepKey(type: ObjectIdentifier(type), name: name)
        return steps.withLock { steps in
            if let step = steps[key] { return step }
            let typeName = Self.typeName(type)
            let step = Step(self, typeName, name ?? Self.defaultName(typeName))
            // Families are bounded, and names that no longer have series of their own need not be remembered either.
            if steps.count < metricSeriesMax { steps[key] = step }
            return step
        }
    }

    private static func hitRates(_ hits: MetricFamily<CounterInstrument>, _ misses: MetricFamily<CounterInstrument>) -> FamilySnapshot {
        func numbers(_ family: MetricFamily<CounterInstrument>) -> [[MetricLabel]: Double] {
            Dictionary(family.instruments.map { ($0.labels, $0.instrument.number) }) { first, _ in first }
        }
        let (hits, misses) = (numbers(hits), numbers(misses))
        let series = Set(hits.keys).union(misses.keys).sorted { $0[0].value < $1[0].value }.compactMap { labels -> FamilySnapshot.Series? in
            let found = hits[labels] ?? 0
            let lookups = found + (misses[labels] ?? 0)
            return lookups > 0 ? FamilySnapshot.Series(labels, .number(found / lookups)) : nil
        }
        return FamilySnapshot(name: "cache_hit_rate", help: "Lookups that the cache answered, of all since the start.", kind: .gauge, series: series)
    }

    /// A type's own name, without what it is generic over.
    package static func typeName(_ type: Any.Type) -> String { String(String(describing: type).prefix { $0 != "<" }) }

    /// The name of a step that was given none: the type in snake case, without `_primitive`.
    package static func defaultName(_ typeName: String) -> String {
        let letters = Array(typeName)
        var snake = ""
        for (index, letter) in letters.enumerated() {
            if index > 0, letter.isUppercase {
                let (before, next) = (letters[index - 1], index + 1 < letters.count ? letters[index + 1] : "_")
                if before.isLowercase || before.isNumber || (before.isUppercase && next.isLowercase) { snake += "_" }
            }
            snake += letter.lowercased()
        }
        let short = snake.hasSuffix("_primitive") ? String(snake.dropLast(10)) : snake
        return short.isEmpty ? snake : short
    }
}

/// Says something about the execution that runs: an attribute of the current span, where there is one of a workflow.
package func annotate(_ key: String, _ value: SpanAttribute) {
    if let span = ServiceContext.current?.activeSpan?.span, span.isInWorkflow { span.set(key, value) }
}
