import ObservabilityIntegration
import Testbed
import Testing
import Tracing
import WorkflowPrimitives

private let work = LambdaPrimitive<Int, Int>(name: "work") { input in
    await Task.yield()
    return input
}
private let fail = LambdaPrimitive<Int, Int>(name: "fail") { _ in throw Trouble() }

@Suite("What workflows tell", .ownWaitingThread)
struct TelemetryTests {
    /// Calls `body` where workflows report to an `Observed` of its own.
    private func observed(_ body: (Observed) async throws -> Void) async throws {
        let observed = try Observed()
        defer { observed.close() }
        try await observed.run { try await body(observed) }
    }

    // MARK: - Spans

    @Test("one span for the workflow, and one for each primitive below it")
    func spanTree() async throws {
        try await observed { observed in
            let router = RouterPrimitive(routes: ["a": work]) { _, _ in "a" }
            let workflow = work.named("first") >>> CachePrimitive(RetryPrimitive(work), name: "answers") >>> router
            let context = WorkflowContext(sessionID: "s-1", traceID: "req-123", tags: ["tier": "gold"])
            _ = try await workflow.execute(1, context)
            let spans = try observed.spans()
            #expect(tree(spans) == "workflow.execute(primitive.sequential(primitive.first primitive.answers(primitive.retry(primitive.work)) primitive.router(primitive.work)))")
            #expect(Set(spans.map(\.traceID)) == [context.traceIDHex])
            let byName = Dictionary(spans.map { ($0.name, $0) }) { first, _ in first }
            let root = try #require(byName["workflow.execute"])
            #expect(root.attributes == ["workflow.name": "sequential", "workflow.id": "req-123", "workflow.session_id": "s-1", "workflow.tag.tier": "gold", "workflow.status": "success"])
            #expect((root.kind, root.status) == ("internal", "ok"))
            #expect(root.resource["service.name"] == "test")
            #expect(byName["primitive.first"]?.attributes == ["primitive.type": "LambdaPrimitive", "primitive.name": "first"])
            #expect(byName["primitive.answers"]?.attributes == ["primitive.type": "CachePrimitive", "primitive.name": "answers", "cache.hit": "false"])
            #expect(byName["primitive.retry"]?.attributes["retry.attempts"] == "1")
            #expect(byName["primitive.router"]?.attributes["router.route"] == "a")
            for span in spans {
                let parent = spans.first { $0.spanID == span.parentID } ?? span
                #expect(parent.start <= span.start && span.end <= parent.end && span.start < span.end)
            }
        }
    }

    @Test("executions with one context are one trace, and others are not")
    func traces() async throws {
        try await observed { observed in
            let (context, other) = (WorkflowContext(), WorkflowContext())
            for chosen in [context, context, other] { _ = try await work.execute(1, chosen) }
            let roots = try observed.spans().filter { $0.name == "workflow.execute" }
            #expect(roots.map(\.traceID) == [context.traceIDHex, context.traceIDHex, other.traceIDHex])
            #expect(roots[0].attributes["workflow.id"] == nil)
        }
    }

    @Test("a caller's span is the parent, where the trace is the caller's own")
    func callers() async throws {
        try await observed { observed in
            _ = try await work.execute(1, WorkflowContext(traceID: "0af7651916cd43dd8448eb211c80319c", spanID: "b7ad6b7169203331"))
            _ = try await work.execute(1, WorkflowContext(traceID: "req-1", spanID: "b7ad6b7169203331"))
            _ = try await work.execute(1, WorkflowContext(traceID: "0af7651916cd43dd8448eb211c80319d", spanID: "b7ad6b7169203331", traceFlags: 0))
            let roots = try observed.spans().filter { $0.name == "workflow.execute" }
            // What the caller does not record is not recorded.
            #expect(roots.map(\.parentID) == ["b7ad6b7169203331", ""])
            #expect(observed.metrics["workflow_requests_total{workflow=\"work\",status=\"success\"}"] == 3)
        }
    }

    @Test("errors are in every span that they end")
    func errors() async throws {
        try await observed { observed in
            await #expect(throws: Trouble.self) { try await (work >>> fail).execute(1, WorkflowContext()) }
            let byName = Dictionary(try observed.spans().map { ($0.name, $0) }) { first, _ in first }
            #expect(byName.mapValues(\.status) == ["primitive.work": "unset", "primitive.fail": "error", "primitive.sequential": "error", "workflow.execute": "error"])
            let failed = try #require(byName["primitive.fail"])
            #expect(failed.statusMessage == "größer als erlaubt")
            #expect(failed.events.map(\.name) == ["exception"])
            #expect(failed.events[0].attributes == ["exception.type": "WorkflowTests.Trouble", "exception.message": "größer als erlaubt"])
            #expect(byName["workflow.execute"]?.attributes["workflow.status"] == "error")
        }
    }

    @Test("attempts are spans below the retry, branches are siblings")
    func attempts() async throws {
        try await observed { observed in
            _ = try? await RetryPrimitive(fail, maxRetries: 2, clock: HandClock()).execute(1, WorkflowContext())
            _ = try await (work.named("a") | work.named("b") | work.named("c")).execute(1, WorkflowContext())
            _ = try await ParallelPrimitive([work.named("d")], name: "list").execute(1, WorkflowContext())
            let spans = try observed.spans()
            let trees = spans.filter { $0.parentID.isEmpty }.sorted { $0.start < $1.start }.map { tree(spans, below: $0.spanID) }
            #expect(trees[0] == "primitive.retry(primitive.fail primitive.fail primitive.fail)")
            #expect(trees[1].hasPrefix("primitive.parallel(") && Set(trees[1].dropFirst(19).dropLast().split(separator: " ")) == ["primitive.a", "primitive.b", "primitive.c"])
            #expect(trees[2] == "primitive.list(primitive.d)")
            #expect(spans.first { $0.name == "primitive.retry" }?.attributes["retry.attempts"] == "3")
            #expect(spans.filter { $0.attributes["primitive.type"] == "ParallelPrimitive" }.count == 2)
        }
    }

    @Test("workflows that run together do not mix")
    func together() async throws {
        try await observed { observed in
            let workflow = work >>> (work | work)
            let contexts = (0..<50).map { WorkflowContext(traceID: "request \($0)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for context in contexts { group.addTask { _ = try await workflow.execute(1, context) } }
                try await group.waitForAll()
            }
            let traces = Dictionary(grouping: try observed.spans(), by: \.traceID)
            #expect(Set(traces.keys) == Set(contexts.map(\.traceIDHex)))
            for spans in traces.values {
                #expect(spans.count == 6)
                #expect(tree(spans) == "workflow.execute(primitive.sequential(primitive.work primitive.parallel(primitive.work primitive.work)))")
            }
        }
    }

    @Test("a workflow inside a step is below it, and so is what other libraries trace")
    func inside() async throws {
        try await observed { observed in
            let outer = LambdaPrimitive<Int, Int>(name: "outer") { input, context in
                try await StackTracer().withSpan("GET", ofKind: .client) { _ in try await work.execute(input, context) }
            }
            _ = try await outer.execute(1, WorkflowContext())
            #expect(tree(try observed.spans()) == "workflow.execute(primitive.outer(GET(primitive.work)))")
        }
    }

    @Test("timeout and fallback say so")
    func recovery() async throws {
        try await observed { observed in
            let slow = LambdaPrimitive<Int, Int>(name: "slow") { input in
                try await Task.sleep(for: .seconds(3_600))
                return input
            }
            _ = try await FallbackPrimitive(primary: TimeoutPrimitive(slow, timeout: .milliseconds(10), clock: HandClock()), fallback: work).execute(1, WorkflowContext())
            let byName = Dictionary(try observed.spans().map { ($0.name, $0) }) { first, _ in first }
            let timeout = try #require(byName["primitive.timeout"])
            #expect((timeout.attributes["timeout.seconds"], timeout.status) == ("0.01", "error"))
            #expect(timeout.events[0].attributes["exception.type"] == "WorkflowPrimitives.TimeoutError")
            #expect((byName["primitive.slow"]?.statusMessage, byName["primitive.slow"]?.events[0].attributes["exception.type"]) == ("CancelledError", "CancelledError"))
            #expect((byName["primitive.fallback"]?.attributes["fallback.used"], byName["primitive.fallback"]?.status) == ("true", "unset"))
        }
    }

    // MARK: - Metrics

    @Test("executions are counted by primitive, name and end")
    func counts() async throws {
        try await observed { observed in
            let workflow = work.named("a") >>> fail.named("b")
            for _ in 0..<3 { _ = try? await workflow.execute(1, WorkflowContext()) }
            _ = try await work.named("a").execute(1, WorkflowContext())
            let found = observed.metrics
            for (series, value) in [
                ("primitive_requests_total{primitive=\"LambdaPrimitive\",name=\"a\",status=\"success\"}", 4),
                ("primitive_requests_total{primitive=\"LambdaPrimitive\",name=\"b\",status=\"success\"}", 0),
                ("primitive_requests_total{primitive=\"LambdaPrimitive\",name=\"b\",status=\"error\"}", 3),
                ("primitive_requests_total{primitive=\"SequentialPrimitive\",name=\"sequential\",status=\"error\"}", 3),
                ("primitive_errors_total{primitive=\"LambdaPrimitive\",name=\"b\",error=\"Trouble\"}", 3),
                ("primitive_errors_total{primitive=\"SequentialPrimitive\",name=\"sequential\",error=\"Trouble\"}", 3),
                ("primitive_duration_seconds_count{primitive=\"LambdaPrimitive\",name=\"a\"}", 4),
                ("workflow_requests_total{workflow=\"sequential\",status=\"error\"}", 3), ("workflow_requests_total{workflow=\"a\",status=\"success\"}", 1),
                ("workflow_duration_seconds_count{workflow=\"sequential\"}", 3), ("workflow_active_requests{workflow=\"sequential\"}", 0),
                ("observability_service_info{service_name=\"test\",language=\"swift\"}", 1),
            ] { #expect(found[series] == Double(value), "\(series)") }
            #expect(found["primitive_errors_total{primitive=\"LambdaPrimitive\",name=\"a\",error=\"Trouble\"}"] == nil)
        }
    }

    @Test("what recovery and caches did is counted")
    func recoveryCounts() async throws {
        try await observed { observed in
            let cache = CachePrimitive(work, name: "answers")
            #expect(!observed.metrics.keys.contains { $0.hasPrefix("cache_hit_rate") })
            for input in [1, 1, 1, 2] { _ = try await cache.execute(input, WorkflowContext()) }
            _ = try await FallbackPrimitive(primary: RetryPrimitive(fail, maxRetries: 2, name: "tries", clock: HandClock()), fallback: work).execute(1, WorkflowContext())
            let slow = LambdaPrimitive<Int, Int> { input in
                try await Task.sleep(for: .seconds(3_600))
                return input
            }
            _ = try await TimeoutPrimitive(slow, timeout: .seconds(1), fallback: work, name: "impatient", clock: HandClock()).execute(1, WorkflowContext())
            let found = observed.metrics
            for (series, value) in [
                ("cache_hits_total{name=\"answers\"}", 2), ("cache_misses_total{name=\"answers\"}", 2), ("cache_hit_rate{name=\"answers\"}", 0.5),
                ("primitive_retries_total{name=\"tries\"}", 2), ("primitive_fallbacks_total{name=\"fallback\"}", 1), ("primitive_timeouts_total{name=\"impatient\"}", 1),
                ("primitive_fallbacks_total{name=\"impatient\"}", 1), ("primitive_requests_total{primitive=\"TimeoutPrimitive\",name=\"impatient\",status=\"success\"}", 1),
                ("primitive_errors_total{primitive=\"LambdaPrimitive\",name=\"lambda\",error=\"CancelledError\"}", 1),
            ] { #expect(found[series] == value, "\(series)") }
        }
    }

    @Test("workflows are counted while they run; one that is cancelled has failed")
    func running() async throws {
        try await observed { observed in
            let (gate, begun) = (Gate(), Recorder<Int>())
            let wait = LambdaPrimitive<Int, Int>(name: "wait") { input in
                begun.note(input)
                await gate.wait()
                try Task.checkCancellation()
                return input
            }
            let tasks = (0..<3).map { index in Task { try await wait.execute(index, WorkflowContext()) } }
            while begun.entries.count < 3 { await Task.yield() }
            #expect(observed.metrics["workflow_active_requests{workflow=\"wait\"}"] == 3)
            tasks[0].cancel()
            gate.open()
            for task in tasks { _ = await task.result }
            #expect(observed.metrics["workflow_active_requests{workflow=\"wait\"}"] == 0)
            #expect(observed.metrics["workflow_requests_total{workflow=\"wait\",status=\"error\"}"] == 1)
            #expect(observed.metrics["workflow_requests_total{workflow=\"wait\",status=\"success\"}"] == 2)
        }
    }

    @Test("the exporter says what it sent and dropped")
    func exporterCounts() async throws {
        try await observed { observed in
            _ = try await work.execute(1, WorkflowContext())
            _ = try observed.spans()
            #expect(observed.metrics["observability_spans_sent_total"] == 2)
            #expect(observed.metrics["observability_spans_dropped_total"] == 0)
        }
    }

    @Test("the names are those of the Python package, one for one")
    func names() async throws {
        try await observed { observed in
            let moody = CachePrimitive(FallbackPrimitive(primary: RetryPrimitive(TimeoutPrimitive(fail, timeout: .seconds(9)), maxRetries: 1, clock: HandClock()), fallback: work))
            for _ in 0..<2 { _ = try await moody.execute(1, WorkflowContext()) }
            let slow = LambdaPrimitive<Int, Int> { input in
                try await Task.sleep(for: .seconds(3_600))
                return input
            }
            _ = try await TimeoutPrimitive(slow, timeout: .seconds(1), fallback: work, clock: HandClock()).execute(1, WorkflowContext())
            let readme = try packageFile("python/README.md")
            let section = try #require(readme.components(separatedBy: "protobuf with native histograms beside the classic buckets:").last?.components(separatedBy: "\n\n").first)
            let names = Set(section.split(separator: "`").map(String.init).filter { $0.contains("_") && !$0.contains(" ") && !$0.contains("\n") })
            #expect(names.count == 15)
            #expect(Set(observed.session.telemetry.registry.collect().map(\.name)) == names)
        }
    }

    @Test("without observability workflows work and leave nothing")
    func off() async throws {
        #expect(try await (work >>> CachePrimitive(work)).execute(1, WorkflowContext()) == 1)
        #expect(ServiceContext.current == nil)
    }

    @Test("a step that was given no name is called by its type", arguments: [
        ("CachePrimitive", "cache"), ("HTTPGetPrimitive", "http_get"), ("Primitive", "primitive"), ("LLMCall", "llm_call"), ("Step2Primitive", "step2"),
    ])
    func defaultNames(type: String, name: String) {
        #expect(WorkflowTelemetry.defaultName(type) == name)
        #expect(WorkflowTelemetry.typeName(CachePrimitive<Int, String, Int>.self) == "CachePrimitive")
    }
}
