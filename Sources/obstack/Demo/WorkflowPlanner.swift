import TraceModel

/// Decides what workflows do: look into the cache, route to a model, call it with retries, fall back to another, fill the cache.
struct WorkflowPlanner {
    private struct Model {
        let name: String
        let medianSeconds: Double
        let sigma: Double
    }

    private static let fast = Model(name: "compact-2", medianSeconds: 0.32, sigma: 0.45)
    private static let accurate = Model(name: "grand-2", medianSeconds: 1.3, sigma: 0.55)
    private static let workflows = ["answer-question", "summarize-document", "classify-ticket", "draft-reply"]
    private static let attemptsMax = 3
    private static let timeoutSeconds = 6.0

    private var random: DemoRandom

    init(random: DemoRandom) { self.random = random }

    mutating func plan(startUnixNano start: UInt64, load: DemoLoad) -> WorkflowPlan {
        let workflow = Self.workflows[Int(random.unit() * random.unit() * Double(Self.workflows.count))]
        // With the time in it: a second run with the same seed must not add to the traces of the first.
        var plan = WorkflowPlan(workflow: workflow, startUnixNano: start, traceID: TraceID(high: random.next() ^ start, low: random.next() | 1))
        let request = plan.open(.workflowAPI, "POST /workflows/{name}", .server, under: nil, at: start, [
            Attribute("http.request.method", .string("POST")), Attribute("http.route", .string("/workflows/{name}")),
            Attribute("url.path", .string("/workflows/\(workflow)")), Attribute("user.id", .string("user-\(random.next() % 400)")),
        ], using: &random)
        var now = start + pause(0.0006)
        let root = plan.open(.workflowAPI, "workflow.execute", .internal, under: request, at: now, [Attribute("workflow.name", .string(workflow))], using: &random)
        let steps = plan.open(.sequential, workflow, under: root, at: now, using: &random)

        let isHit = lookUp(in: &plan, under: steps, &now, load)
        if !isHit {
            let model = route(in: &plan, under: steps, &now)
            plan.failure = callWithRetries(model, in: &plan, under: steps, &now, load)
            if let failure = plan.failure, failure != .invalid { plan.failure = fallBack(from: model, in: &plan, under: steps, &now, load) }
            if plan.failure == nil { store(in: &plan, under: steps, &now) }
        }
        now += pause(0.0008)
        plan.close(steps, .sequential, workflow, at: now, failure: plan.failure)
        plan.set(root, "workflow.status", .string(plan.failure == nil ? "success" : "error"))
        plan.close(root, at: now, failure: plan.failure)
        now += pause(0.0004)
        let status = switch plan.failure {
        case nil: 200
        case .invalid: 400
        default: 502
        }
        plan.set(request, "http.response.status_code", .int(Int64(status)))
        plan.close(request, at: now)
        if status >= 500 { plan.spans[request].span.status = Span.Status(code: .error, message: plan.failure?.message ?? "") }
        plan.endUnixNano = now
        return plan
    }

    private mutating func lookUp(in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64, _ load: DemoLoad) -> Bool {
        let isBroken = random.chance(0.003)
        let isHit = !isBroken && random.chance(load.cacheHitChance)
        plan.cacheHit = isHit
        let primitive = plan.open(.cache, "cache", under: parent, at: now, [Attribute("cache.hit", .bool(isHit))], using: &random)
        remote(.cache, "cache.get", in: &plan, under: primitive, &now, seconds: random.logNormal(median: 0.002, sigma: 0.5), failure: isBroken ? .connection : nil, [
            Attribute("cache.key", .string("wf:\(plan.workflow):\(String(random.next() % 5000, radix: 16))")), Attribute("cache.hit", .bool(isHit)),
        ])
        plan.note(primitive, isHit ? "cache.hit" : "cache.miss", at: now)
        plan.close(primitive, .cache, "cache", at: now, failure: isBroken ? .connection : nil)
        return isHit
    }

    private mutating func route(in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64) -> Model {
        let tokens = Int64(random.logNormal(median: 600, sigma: 0.8))
        let model = tokens > 500 ? Self.accurate : Self.fast
        let primitive = plan.open(.router, "router", under: parent, at: now, [Attribute("router.route", .string(model.name))], using: &random)
        remote(.router, "route", in: &plan, under: primitive, &now, seconds: random.logNormal(median: 0.004, sigma: 0.4), [
            Attribute("router.model", .string(model.name)), Attribute("router.reason", .string(tokens > 500 ? "long prompt" : "short prompt")),
            Attribute("gen_ai.usage.input_tokens", .int(tokens)),
        ])
        plan.close(primitive, .router, "router", at: now)
        return model
    }

    private mutating func callWithRetries(_ model: Model, in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64, _ load: DemoLoad) -> DemoFailure? {
        let primitive = plan.open(.retry, "retry", under: parent, at: now, [Attribute("retry.attempts_max", .int(Int64(Self.attemptsMax)))], using: &random)
        var failure: DemoFailure?
        var attempts = 0
        for attempt in 1...Self.attemptsMax {
            attempts = attempt
            failure = call(model, attempt: attempt, in: &plan, under: primitive, &now, load)
            guard failure != nil, failure != .invalid else { break }
            guard attempt < Self.attemptsMax else { continue }
            let backoff = 0.1 * Double(1 << attempt) * (0.5 + random.unit())
            plan.note(primitive, "retry.backoff", at: now, [Attribute("retry.attempt", .int(Int64(attempt))), Attribute("retry.backoff_seconds", .double(backoff))])
            now += nanos(backoff)
        }
        plan.set(primitive, "retry.attempts", .int(Int64(attempts)))
        plan.close(primitive, .retry, "retry", at: now, failure: failure, retries: attempts - 1)
        return failure
    }

    private mutating func fallBack(from model: Model, in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64, _ load: DemoLoad) -> DemoFailure? {
        let other = model.name == Self.fast.name ? Self.accurate : Self.fast
        let primitive = plan.open(.fallback, "fallback", under: parent, at: now, [
            Attribute("fallback.used", .bool(true)), Attribute("fallback.from", .string(model.name)), Attribute("fallback.to", .string(other.name)),
        ], using: &random)
        let failure: DemoFailure? = call(other, attempt: 1, in: &plan, under: primitive, &now, load) == nil ? nil : .exhausted
        plan.close(primitive, .fallback, "fallback", at: now, failure: failure)
        return failure
    }

    /// One call of a model through the gateway, cut off at the timeout.
    private mutating func call(_ model: Model, attempt: Int, in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64, _ load: DemoLoad) -> DemoFailure? {
        var seconds = random.logNormal(median: model.medianSeconds * load.slowness, sigma: model.sigma)
        var failure: DemoFailure?
        if seconds > Self.timeoutSeconds {
            (seconds, failure) = (Self.timeoutSeconds, .timeout)
        } else if random.chance(load.failureChance) {
            failure = random.chance(0.5) ? .rateLimited : .unavailable
            seconds = random.logNormal(median: failure == .rateLimited ? 0.03 : 0.2, sigma: 0.5)
        } else if random.chance(0.004) {
            (seconds, failure) = (random.logNormal(median: 0.02, sigma: 0.3), .invalid)
        }
        var attributes = [
            Attribute("gen_ai.operation.name", .string("chat")), Attribute("gen_ai.request.model", .string(model.name)), Attribute("llm.attempt", .int(Int64(attempt))),
        ]
        if failure == nil {
            attributes.append(Attribute("gen_ai.usage.output_tokens", .int(Int64(40 + seconds * 120))))
            attributes.append(Attribute("gen_ai.response.finish_reasons", .array([.string("stop")])))
        }
        let timeout = plan.open(.timeout, "timeout", under: parent, at: now, [Attribute("timeout.seconds", .double(Self.timeoutSeconds))], using: &random)
        let step = plan.open(.model, model.name, under: timeout, at: now, using: &random)
        remote(.llmGateway, "chat \(model.name)", in: &plan, under: step, &now, seconds: seconds, failure: failure, attributes)
        plan.close(step, .model, model.name, at: now, failure: failure)
        plan.close(timeout, .timeout, "timeout", at: now, failure: failure)
        return failure
    }

    private mutating func store(in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64) {
        remote(.cache, "cache.set", in: &plan, under: parent, &now, seconds: random.logNormal(median: 0.003, sigma: 0.5), [Attribute("cache.ttl_seconds", .int(3600))])
    }

    /// A client span here, a server span there, the network's time between them.
    private mutating func remote(
        _ service: DemoService, _ name: String, in plan: inout WorkflowPlan, under parent: Int, _ now: inout UInt64, seconds: Double,
        failure: DemoFailure? = nil, _ attributes: [Attribute]
    ) {
        let client = plan.open(.workflowAPI, name, .client, under: parent, at: now, [Attribute("peer.service", .string(service.rawValue))], using: &random)
        now += pause(0.0005)
        let received = now
        let server = plan.open(service, name, .server, under: client, at: received, attributes, using: &random)
        now += nanos(seconds)
        plan.close(server, at: now, failure: failure)
        now += pause(0.0005)
        plan.close(client, at: now)
        if let failure { plan.spans[client].span.status = Span.Status(code: .error, message: failure.message) }
    }

    /// A short time around `seconds`, in nanoseconds.
    private mutating func pause(_ seconds: Double) -> UInt64 { nanos(random.logNormal(median: seconds, sigma: 0.4)) }

    private func nanos(_ seconds: Double) -> UInt64 { UInt64(seconds * 1e9) }
}
