#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import ObservabilityIntegration
import Testbed
import Testing
import WorkflowPrimitives

private let nothing = LambdaPrimitive<Int, Int>(name: "nothing") { $0 }

/// Whole processes: what stands in an application's file, and how it ends. Each test's application is a process of its own.
@Suite("Processes that are observed", .ownWaitingThread)
struct ProcessTests {
    @Test("spans are sent when the process ends, and the environment is heeded")
    func end() async throws {
        let server = try FakeServer()
        defer { server.close() }
        await #expect(processExitsWith: .success) { [url = server.url as String] in
            setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url + "/", 1)
            setenv("OTEL_SERVICE_NAME", "by-environment", 1)
            setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=1", 1)
            #expect(try await initializeObservability(prometheusPort: 0))
            for _ in 0..<3 { _ = try await nothing.execute(1, WorkflowContext(traceID: "req-123")) }
        }
        let spans = try server.requests.flatMap { try ReceivedSpan.decode($0.body) }
        #expect(spans.count == 6)
        #expect(Set(spans.map(\.traceID)) == ["4e4af1e8fe818e12e32bac7236e10825"])
        #expect(spans.first?.resource["service.name"] == "by-environment")
        #expect(server.requests.first?.target == "/v1/traces")
        #expect(server.requests.first?.headers["x-key"] == "1")
    }

    @Test("an application without a stack is not disturbed, nor by one that says nothing")
    func withoutStack() async throws {
        let silent = try FakeServer(usual: FakeServer.Answer(isSilent: true))
        defer { silent.close() }
        for endpoint in ["http://127.0.0.1:\(try freePort())", silent.url] {
            await #expect(processExitsWith: .success) { [endpoint = endpoint as String] in
                try await initializeObservability(serviceName: "alone", prometheusPort: 0, otlpEndpoint: endpoint)
                _ = try await nothing.execute(1, WorkflowContext())
            }
        }
    }

    @Test("switched off by the environment")
    func disabled() async {
        await #expect(processExitsWith: .success) {
            setenv("OTEL_SDK_DISABLED", "TRUE", 1)
            let reports = try await initializeObservability(serviceName: "off")
            #expect(!reports)
            #expect(!isObservabilityEnabled)
        }
    }

    @Test("a workflow that cannot be is told where it is made")
    func preconditions() async {
        await #expect(processExitsWith: .failure) { _ = ParallelPrimitive<Int, Int>([]) }
        await #expect(processExitsWith: .failure) { _ = RouterPrimitive(routes: ["a": nothing], default: "b") { _, _ in "a" } }
        await #expect(processExitsWith: .failure) { _ = CachePrimitive(nothing, maxSize: 0) }
        await #expect(processExitsWith: .failure) { _ = RetryStrategy(maxRetries: -1) }
        await #expect(processExitsWith: .failure) { _ = TimeoutPrimitive(nothing, timeout: .zero) }
        await #expect(processExitsWith: .failure) { _ = FallbackPrimitive(primary: nothing, fallbacks: []) }
    }
}
