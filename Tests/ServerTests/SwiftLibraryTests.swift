import CoreMetrics
import Foundation
import ObservabilityIntegration
import Testbed
import Testing
import Tracing
import WorkflowPrimitives

/// The one suite that makes observability the whole process's: no other test may, since there is one of it. Workflows of tests that run meanwhile
/// are seen here as well.
@Suite("The Swift libraries for applications", .serialized, .ownWaitingThread)
struct SwiftLibraryTests {
    private struct Overloaded: Error {}

    private static let p95 = "histogram_quantile(0.95, rate(primitive_duration_seconds_bucket[5m]))"

    /// A workflow with something of everything: of five executions one takes the fallback.
    private func workflow() -> SequentialPrimitive<Int, Int> {
        let think = LambdaPrimitive<Int, Int>(name: "think") { input in
            try await Task.sleep(for: .milliseconds(2))
            return input
        }
        let moody = LambdaPrimitive<Int, Int>(name: "ask") { input in
            if Int.random(in: 0..<3) > 0 { throw Overloaded() }
            return input
        }
        let router = RouterPrimitive(routes: ["fast": think]) { _, _ in "fast" }
        return LambdaPrimitive(name: "prepare") { $0 % 3 } >>> CachePrimitive(think, ttl: .milliseconds(50)) >>> (router | TimeoutPrimitive(think, timeout: .seconds(60)))
            >>> { $0.0 + $0.1 } >>> FallbackPrimitive(primary: RetryPrimitive(moody, maxRetries: 1, initialDelay: .milliseconds(1)), fallback: think)
    }

    /// Executes the workflow until every query is answered, two minutes at most; the answers, and how often it was executed.
    private func work(_ queries: [String], url: String, isComplete: ([String: [PrometheusSeries]]) -> Bool) async throws -> ([String: [PrometheusSeries]], executions: Int) {
        let (workflow, deadline) = (workflow(), Date().addingTimeInterval(120))
        var (found, executions): ([String: [PrometheusSeries]], Int) = ([:], 0)
        repeat {
            for _ in 0..<50 {
                _ = try await workflow.execute(executions, WorkflowContext(traceID: "req-\(executions)"))
                executions += 1
            }
            for query in queries { found[query] = try await getPrometheusMetrics(query: query, url: url) }
        } while !isComplete(found) && Date() < deadline
        return (found, executions)
    }

    private func scraping(_ port: Int) -> String {
        "scrape_configs: [{job_name: application, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['127.0.0.1:\(port)']}]}]\n"
    }

    @Test("one line, and the workflow's metrics are scraped and its trace is at Jaeger; so it is with what other libraries tell")
    func roundTrip() async throws {
        let port = try freePort()
        let stack = try await RunningStack(configuration: ["prometheus.yml": scraping(port)])
        defer { stack.stop() }
        #expect(!isObservabilityEnabled)
        #expect(try await initializeObservability(serviceName: "my-service", enablePrometheus: true, prometheusPort: port, otlpEndpoint: stack.url("otlpHTTP")))
        do { try await reported(to: stack, port: port) } catch { Issue.record(error) }
        await shutdownObservability(timeout: .seconds(10))
        #expect(!isObservabilityEnabled)
        #expect(metricsURL == nil)
    }

    private func reported(to stack: RunningStack, port: Int) async throws {
        #expect(isObservabilityEnabled)
        #expect(metricsURL == "http://127.0.0.1:\(port)/metrics")
        // Once more changes nothing, though what it asks for cannot be had.
        #expect(try await initializeObservability(serviceName: "other", prometheusPort: 1))
        Counter(label: "orders.placed").increment(by: 3)
        let queries = [
            Self.p95, "rate(primitive_requests_total[5m])", "primitive_errors_total", "workflow_active_requests", "cache_hit_rate", "primitive_retries_total", "primitive_fallbacks_total",
            "observability_service_info", "orders_placed_total",
        ]
        let (found, executions) = try await work(queries, url: stack.url("prometheus")) { found in
            queries.allSatisfy { found[$0]?.isEmpty == false } && found[Self.p95]?.contains { $0.samples.last?.value.isFinite == true } == true
        }
        func labels(_ query: String) -> Set<[String: String]> {
            Set((found[query] ?? []).map { $0.labels.filter { !["__name__", "job", "instance"].contains($0.key) } })
        }
        #expect(labels("cache_hit_rate").contains(["name": "cache"]))
        #expect(labels("primitive_retries_total").contains(["name": "retry"]))
        #expect(labels("primitive_fallbacks_total").contains(["name": "fallback"]))
        #expect(labels("workflow_active_requests").contains(["workflow": "sequential"]))
        #expect(labels("observability_service_info") == [["service_name": "my-service", "language": "swift"]])
        #expect(labels("primitive_errors_total").contains(["primitive": "LambdaPrimitive", "name": "ask", "error": "Overloaded"]))
        #expect(labels("rate(primitive_requests_total[5m])").contains(["primitive": "CachePrimitive", "name": "cache", "status": "success"]))
        #expect(labels(Self.p95).contains(["primitive": "CachePrimitive", "name": "cache"]))
        #expect(found["orders_placed_total"]?.first?.samples.last?.value == 3)
        let range = try await getPrometheusMetrics(query: "primitive_requests_total", startTime: Date().addingTimeInterval(-300), step: .seconds(1), url: stack.url("prometheus"))
        #expect(range.contains { !$0.samples.isEmpty })

        // What is written for swift-distributed-tracing goes the same way.
        let traced = try await withSpan("request", ofKind: .server) { span in
            span.attributes["http.route"] = "/orders"
            let context = WorkflowContext()
            _ = try await workflow().execute(1, context)
            return context.traceIDHex
        }
        #expect(await flushObservability(timeout: .seconds(60)))
        let traces = try await queryJaegerTraces(service: "my-service", operation: "workflow.execute", limit: 10, url: stack.url("jaeger"))
        #expect(traces.count == 10)
        let last = WorkflowContext(traceID: "req-\(executions - 1)").traceIDHex
        let trace = try #require(try await queryJaegerTraces(service: "my-service", tags: ["workflow.id": "req-\(executions - 1)"], url: stack.url("jaeger")).first)
        #expect(trace.traceID == last)
        let names = Set(trace.spans.map(\.operationName))
        #expect(names.isSuperset(of: ["workflow.execute", "primitive.sequential", "primitive.prepare", "primitive.cache", "primitive.parallel", "primitive.router", "primitive.retry"]))
        let roots = trace.spans.filter(\.references.isEmpty)
        #expect(roots.map(\.operationName) == ["workflow.execute"])
        #expect(roots.first?.tags["workflow.status"] == .text("success"))
        let ids = Set(trace.spans.map(\.spanID))
        #expect(trace.spans.allSatisfy { $0.references.allSatisfy { ids.contains($0.spanID) } })
        #expect(trace.processes.values.map(\.serviceName) == ["my-service"])
        let requests = try await queryJaegerTraces(service: "my-service", operation: "request", url: stack.url("jaeger"))
        let request = try #require(requests.first { $0.traceID == traced })
        #expect(request.spans.filter(\.references.isEmpty).map(\.operationName) == ["request"])
        #expect(request.spans.contains { $0.operationName == "workflow.execute" })
    }

    @Test("a port that is taken is said, spans are sent all the same, and afterwards it can begin again")
    func takenPort() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let taken = try #require(stack.ports["prometheus"])
        var error: ObservabilityError?
        do { try await initializeObservability(serviceName: "again", prometheusPort: taken, otlpEndpoint: stack.url("otlpHTTP")) } catch let caught { error = caught }
        #expect("\(error.map { "\($0)" } ?? "")".contains("127.0.0.1:\(taken)"))
        #expect(isObservabilityEnabled)
        #expect(metricsURL == nil)
        _ = try await workflow().execute(1, WorkflowContext(traceID: "req-again"))
        // The end sends what waits.
        await shutdownObservability(timeout: .seconds(60))
        #expect(try await queryJaegerTraces(service: "again", tags: ["workflow.id": "req-again"], url: stack.url("jaeger")).count == 1)
        #expect(try await initializeObservability(serviceName: "again", prometheusPort: 0, otlpEndpoint: stack.url("otlpHTTP")))
        #expect(metricsURL != nil)
        await shutdownObservability()
    }

    @Test("a setting that is none starts nothing")
    func invalidSetting() async {
        await #expect(throws: ObservabilityError.self) { try await initializeObservability(otlpEndpoint: "nonsense") }
        #expect(!isObservabilityEnabled)
        #expect(await flushObservability())
    }

    @Test("Prometheus itself takes the protobuf exposition: the native histogram and the classic one are both there and agree",
          .enabled(if: peer("prometheus") != nil, "prometheus is not here: run scripts/get-peers.sh"))
    func beside() async throws {
        let address = try #require(HTTPAddress("http://127.0.0.1:\(try freePort())/v1/traces"))
        let session = ObservabilitySession(serviceName: "beside", sampler: Sampler(ratio: 0, followsParent: false), exporter: SpanExporter.Options(address: address))
        defer { session.close(timeoutSeconds: 1) }
        let port = try freePort()
        try session.serveMetrics(host: "127.0.0.1", port: port)
        let job = "scrape_configs: [{job_name: application, scrape_interval: 1s, scrape_timeout: 1s, always_scrape_classic_histograms: true, static_configs: [{targets: ['127.0.0.1:\(port)']}]}]\n"
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-swift-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let prometheus = try await RunningPrometheus(configuration: job, folder: folder, arguments: ["--enable-feature=native-histograms"])
        defer { prometheus.stop() }
        let native = #"primitive_duration_seconds{primitive="CachePrimitive"}"#
        let classic = #"primitive_duration_seconds_count{primitive="CachePrimitive"}"#
        var context = ServiceContext.topLevel
        context.observabilitySession = session
        let (found, _) = try await ServiceContext.withValue(context) {
            try await work([native, classic], url: prometheus.url()) { found in found[native]?.first?.histograms.isEmpty == false && found[classic]?.isEmpty == false }
        }
        let histogram = try #require(found[native]?.first?.histograms.last)
        #expect(histogram.buckets.count > 1)
        #expect(histogram.count > 0)
        // The two queries may fall on either side of a scrape.
        #expect(histogram.count <= found[classic]?.first?.samples.last?.value ?? 0)
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == histogram.count)
    }
}
