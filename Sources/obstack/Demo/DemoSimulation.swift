import OTLP
import TraceModel

/// The simulated world: workflows arrive, run and end as time is advanced. A pure value; the same seed and times tell the same story.
struct DemoSimulation {
    private let baseRate: Double
    private let startUnixNano: UInt64
    private let resources: [DemoService: Resource]

    private var planner: WorkflowPlanner
    private var arrivals: DemoRandom
    private var nextArrivalUnixNano: UInt64
    private var running: [WorkflowPlan] = []
    private var metrics = DemoMetrics()
    private var ended: [DemoService: [Span]] = [:]

    private(set) var workflowCount = 0
    private(set) var failedCount = 0
    /// Spans that ended and were not forgotten yet.
    private(set) var pendingSpanCount = 0

    /// `instance` tells this run's series from those of other runs.
    init(seed: UInt64, rate: Double, startUnixNano: UInt64, instance: String) {
        baseRate = rate
        self.startUnixNano = startUnixNano
        var random = DemoRandom(seed: seed)
        planner = WorkflowPlanner(random: DemoRandom(seed: random.next()))
        arrivals = DemoRandom(seed: random.next())
        nextArrivalUnixNano = startUnixNano
        resources = Dictionary(uniqueKeysWithValues: DemoService.allCases.map { service in
            (service, Resource(attributes: [
                Attribute("service.name", .string(service.rawValue)), Attribute("service.instance.id", .string(instance)), Attribute("service.version", .string("2.4.1")),
                Attribute("deployment.environment.name", .string("demo")), Attribute("telemetry.sdk.language", .string("swift")),
            ]))
        })
        scheduleArrival()
    }

    /// Lets time pass up to `now`: begins what arrives, ends what is over.
    mutating func advance(to now: UInt64) {
        while nextArrivalUnixNano <= now {
            let load = DemoLoad(at: seconds(nextArrivalUnixNano), baseRate: baseRate)
            // The highest rate proposes arrivals and the moment's own decides which take place.
            if arrivals.chance(load.rate / (baseRate * DemoLoad.peak)) {
                let plan = planner.plan(startUnixNano: nextArrivalUnixNano, load: load)
                metrics.begin(plan.workflow)
                running.append(plan)
            }
            scheduleArrival()
        }
        var current = running
        running = []
        for index in current.indices {
            tell(&current[index], upTo: now)
            guard current[index].endUnixNano <= now else { continue }
            let plan = current[index]
            metrics.end(plan.workflow, seconds: Double(plan.endUnixNano - plan.startUnixNano) / 1e9, failed: plan.failure != nil)
            workflowCount += 1
            if current[index].failure != nil { failedCount += 1 }
        }
        current.removeAll { $0.endUnixNano <= now }
        running = current
    }

    /// Reports the parts of a workflow that ended and forgets them.
    private mutating func tell(_ plan: inout WorkflowPlan, upTo now: UInt64) {
        plan.executions.removeAll { execution in
            guard execution.endUnixNano <= now else { return false }
            metrics.record(execution)
            if execution.primitive == .cache, let isHit = plan.cacheHit { metrics.lookUp(isHit: isHit) }
            return true
        }
        plan.spans.removeAll { planned in
            guard planned.span.endUnixNano <= now else { return false }
            ended[planned.service, default: []].append(planned.span)
            pendingSpanCount += 1
            return true
        }
    }

    /// The spans that ended and were not forgotten yet.
    var pendingSpans: [ResourceSpans] {
        DemoService.allCases.compactMap { service in
            guard let spans = ended[service], let resource = resources[service] else { return nil }
            return ResourceSpans(resource: resource, scopes: [ResourceSpans.ScopeSpans(scope: InstrumentationScope(name: "obstack.demo", version: "1"), spans: spans)])
        }
    }

    mutating func forgetSpans() {
        ended = [:]
        pendingSpanCount = 0
    }

    /// What the application reports at `time`; with `ending`, its last report, which ends its series.
    func report(at time: UInt64, ending: Bool = false) -> [ResourceMetrics] {
        [metrics.report(at: time, since: startUnixNano, resource: resources[.workflowAPI] ?? Resource(), ending: ending)]
    }

    private mutating func scheduleArrival() {
        nextArrivalUnixNano += UInt64(arrivals.exponential(rate: baseRate * DemoLoad.peak) * 1e9) + 1
    }

    private func seconds(_ time: UInt64) -> Double { Double(time - startUnixNano) / 1e9 }
}
