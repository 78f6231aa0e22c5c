import OTLP
import TraceModel

/// What the simulated services have measured since they started, as they would report it.
struct DemoMetrics {
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    /// Over about so many lookups the hit rate is averaged.
    private static let hitRateLookups = 120.0

    private struct Executions {
        var count: UInt64 = 0
        var sum = 0.0
        var buckets = [UInt64](repeating: 0, count: DemoMetrics.bounds.count + 1)
        var failures: [DemoFailure: Int64] = [:]
    }

    private var executions: [DemoPrimitive: Executions] = Dictionary(uniqueKeysWithValues: DemoPrimitive.allCases.map { ($0, Executions()) })
    private var active: [String: Int64] = [:]
    private var hitRate: Double?

    mutating func begin(_ workflow: String) { active[workflow, default: 0] += 1 }
    mutating func end(_ workflow: String) { active[workflow, default: 0] -= 1 }

    mutating func lookUp(isHit: Bool) {
        let value = isHit ? 1.0 : 0
        hitRate = hitRate.map { $0 + (value - $0) / Self.hitRateLookups } ?? value
    }

    mutating func record(_ execution: WorkflowPlan.Execution) {
        executions[execution.primitive, default: Executions()].count += 1
        executions[execution.primitive, default: Executions()].sum += execution.seconds
        let bucket = Self.bounds.firstIndex { execution.seconds <= $0 } ?? Self.bounds.count
        executions[execution.primitive, default: Executions()].buckets[bucket] += 1
        if let failure = execution.failure { executions[execution.primitive, default: Executions()].failures[failure, default: 0] += 1 }
    }

    /// All metrics at a moment; with `ending`, as points without a value, which ends their series.
    func report(at time: UInt64, since start: UInt64, resources: [DemoService: Resource], ending: Bool = false) -> [ResourceMetrics] {
        func point(_ attributes: [Attribute] = []) -> ResourceMetrics.Point {
            ResourceMetrics.Point(attributes, startUnixNano: start, timeUnixNano: time, hasNoRecordedValue: ending)
        }
        return DemoService.allCases.map { service in
            let own = DemoPrimitive.allCases.filter { $0.service == service }.compactMap { primitive in executions[primitive].map { (primitive, $0) } }
            var durations: [ResourceMetrics.HistogramPoint] = []
            var requests: [ResourceMetrics.NumberPoint] = []
            var errors: [ResourceMetrics.NumberPoint] = []
            for (primitive, executions) in own {
                let label = Attribute("primitive", .string(primitive.rawValue))
                durations.append(ResourceMetrics.HistogramPoint(point([label]), count: executions.count, sum: executions.sum, bounds: Self.bounds, bucketCounts: executions.buckets))
                requests.append(ResourceMetrics.NumberPoint(point([label]), .int(Int64(executions.count))))
                for (failure, count) in executions.failures.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    errors.append(ResourceMetrics.NumberPoint(point([label, Attribute("error_type", .string(failure.rawValue))]), .int(count)))
                }
            }
            // Units and suffixes are part of the names already; a unit in braces adds none, and none makes a ratio no `_ratio`.
            var metrics = [
                ResourceMetrics.Metric("primitive_duration_seconds", unit: "s", description: "How long executions of a primitive take.", .histogram(durations)),
                ResourceMetrics.Metric("primitive_requests_total", unit: "{execution}", description: "Executions of a primitive.", .sum(requests, isMonotonic: true)),
                ResourceMetrics.Metric("primitive_errors_total", unit: "{execution}", description: "Executions of a primitive that failed.", .sum(errors, isMonotonic: true)),
            ]
            if service == .workflowAPI {
                let points = active.sorted { $0.key < $1.key }.map { ResourceMetrics.NumberPoint(point([Attribute("workflow", .string($0.key))]), .int($0.value)) }
                metrics.append(ResourceMetrics.Metric("workflow_active_requests", unit: "{request}", description: "Workflows that are running.", .sum(points, isMonotonic: false)))
            }
            if service == .cache, let hitRate {
                metrics.append(ResourceMetrics.Metric("cache_hit_rate", description: "Part of the lookups that the cache answered, of late.", .gauge([ResourceMetrics.NumberPoint(point(), .double(hitRate))])))
            }
            return ResourceMetrics(resource: resources[service] ?? Resource(), scopes: [ResourceMetrics.ScopeMetrics(scope: InstrumentationScope(name: "obstack.demo"), metrics: metrics.filter(\.hasPoints))])
        }
    }
}

extension ResourceMetrics.Metric {
    fileprivate var hasPoints: Bool {
        switch data {
        case .gauge(let points): !points.isEmpty
        case .sum(let points, _, _): !points.isEmpty
        case .histogram(let points, _): !points.isEmpty
        case .exponentialHistogram(let points, _): !points.isEmpty
        case .summary(let points): !points.isEmpty
        }
    }
}
