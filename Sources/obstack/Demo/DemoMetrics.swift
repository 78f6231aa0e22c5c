import OTLP
import TraceModel

/// What the simulated application has measured since it started, under the names that the libraries for applications use (`python/README.md`).
struct DemoMetrics {
    /// Over about so many lookups the hit rate is averaged.
    private static let hitRateLookups = 120.0

    private struct Step: Hashable {
        let primitive: String
        let name: String
    }

    private struct Executions {
        var durations = DemoDurations()
        var successes: Int64 = 0
        var failures: [DemoFailure: Int64] = [:]
    }

    private struct Workflows {
        var durations = DemoDurations()
        var active: Int64 = 0
        var successes: Int64 = 0
        var errors: Int64 = 0
    }

    private var executions: [Step: Executions] = [:]
    private var workflows: [String: Workflows] = [:]
    private var retries: Int64 = 0
    private var fallbacks: Int64 = 0
    private var timeouts: Int64 = 0
    private var hits: Int64 = 0
    private var misses: Int64 = 0
    private var hitRate: Double?

    mutating func begin(_ workflow: String) { workflows[workflow, default: Workflows()].active += 1 }

    mutating func end(_ workflow: String, seconds: Double, failed: Bool) {
        workflows[workflow, default: Workflows()].active -= 1
        workflows[workflow, default: Workflows()].durations.observe(seconds)
        if failed { workflows[workflow, default: Workflows()].errors += 1 } else { workflows[workflow, default: Workflows()].successes += 1 }
    }

    mutating func lookUp(isHit: Bool) {
        if isHit { hits += 1 } else { misses += 1 }
        let value = isHit ? 1.0 : 0
        hitRate = hitRate.map { $0 + (value - $0) / Self.hitRateLookups } ?? value
    }

    mutating func record(_ execution: WorkflowPlan.Execution) {
        let step = Step(primitive: execution.primitive.rawValue, name: execution.name)
        executions[step, default: Executions()].durations.observe(execution.seconds)
        if let failure = execution.failure {
            executions[step, default: Executions()].failures[failure, default: 0] += 1
        } else {
            executions[step, default: Executions()].successes += 1
        }
        retries += Int64(execution.retries)
        if execution.primitive == .fallback { fallbacks += 1 }
        if execution.primitive == .timeout, execution.failure == .timeout { timeouts += 1 }
    }

    /// All metrics at a moment; with `ending`, as points without a value, which ends their series.
    func report(at time: UInt64, since start: UInt64, resource: Resource, ending: Bool = false) -> ResourceMetrics {
        typealias Metric = ResourceMetrics.Metric
        func point(_ labels: KeyValuePairs<String, String> = [:]) -> ResourceMetrics.Point {
            ResourceMetrics.Point(labels.map { Attribute($0.key, .string($0.value)) }, startUnixNano: start, timeUnixNano: time, hasNoRecordedValue: ending)
        }
        func counter(_ name: String, _ help: String, _ points: [(ResourceMetrics.Point, Int64)]) -> Metric {
            // Units and suffixes are part of the names already.
            Metric(name, description: help, .sum(points.map { ResourceMetrics.NumberPoint($0.0, .int($0.1)) }, isMonotonic: true))
        }
        func gauge(_ name: String, _ help: String, _ points: [(ResourceMetrics.Point, Double)]) -> Metric {
            Metric(name, description: help, .gauge(points.map { ResourceMetrics.NumberPoint($0.0, .double($0.1)) }))
        }
        /// Classic buckets and native ones, as a scrape of the libraries gives both.
        func durations(_ name: String, _ help: String, _ points: [(ResourceMetrics.Point, DemoDurations)]) -> [Metric] {
            [
                Metric(name, unit: "s", description: help, .histogram(points.map { $0.1.classic($0.0) })),
                Metric(name, unit: "s", description: help, .exponentialHistogram(points.map { $0.1.native($0.0) })),
            ]
        }
        let steps = executions.sorted { ($0.key.primitive, $0.key.name) < ($1.key.primitive, $1.key.name) }
        let flows = workflows.sorted { $0.key < $1.key }
        func ended(_ label: String, _ name: String, _ more: KeyValuePairs<String, String>, _ successes: Int64, _ errors: Int64) -> [(ResourceMetrics.Point, Int64)] {
            [("success", successes), ("error", errors)].map { status, count in
                var point = point(more)
                point.attributes += [Attribute(label, .string(name)), Attribute("status", .string(status))]
                return (point, count)
            }
        }
        var metrics = durations("primitive_duration_seconds", "How long executions of a primitive took.", steps.map {
            (point(["primitive": $0.key.primitive, "name": $0.key.name]), $0.value.durations)
        })
        metrics.append(counter("primitive_requests_total", "Executions of a primitive by how they ended.", steps.flatMap {
            ended("name", $0.key.name, ["primitive": $0.key.primitive], $0.value.successes, $0.value.failures.values.reduce(0, +))
        }))
        metrics.append(counter("primitive_errors_total", "Executions of a primitive that ended with an error, by its type.", steps.flatMap { step, executions in
            executions.failures.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                (point(["primitive": step.primitive, "name": step.name, "error": $0.key.rawValue]), $0.value)
            }
        }))
        metrics += [
            counter("primitive_retries_total", "Attempts after the first.", [(point(["name": "retry"]), retries)]),
            counter("primitive_fallbacks_total", "Times a fallback was taken.", [(point(["name": "fallback"]), fallbacks)]),
            counter("primitive_timeouts_total", "Executions that took too long and were cancelled.", [(point(["name": "timeout"]), timeouts)]),
            gauge("workflow_active_requests", "Executions of whole workflows that run now.", flows.map { (point(["workflow": $0.key]), Double($0.value.active)) }),
            counter("workflow_requests_total", "Executions of whole workflows by how they ended.", flows.flatMap { ended("workflow", $0.key, [:], $0.value.successes, $0.value.errors) }),
        ]
        metrics += durations("workflow_duration_seconds", "How long executions of whole workflows took.", flows.map { (point(["workflow": $0.key]), $0.value.durations) })
        metrics += [
            counter("cache_hits_total", "Lookups that the cache answered.", [(point(["name": "cache"]), hits)]),
            counter("cache_misses_total", "Lookups that the cache could not answer.", [(point(["name": "cache"]), misses)]),
            gauge("cache_hit_rate", "Lookups that the cache answered, of all of late.", hitRate.map { [(point(["name": "cache"]), $0)] } ?? []),
            gauge("observability_service_info", "The application that these metrics are of.", [(point(["service_name": DemoService.workflowAPI.rawValue, "language": "swift"]), 1)]),
        ]
        return ResourceMetrics(resource: resource, scopes: [ResourceMetrics.ScopeMetrics(scope: InstrumentationScope(name: "obstack.demo"), metrics: metrics.filter(\.hasPoints))])
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
