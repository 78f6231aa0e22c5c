import ObservabilityIntegration
import WorkflowPrimitives

struct MyApp {
    static let workflow =
        LambdaPrimitive(name: "trim", trim)
        >>> CachePrimitive(RetryPrimitive(askModel, strategy: RetryStrategy(maxRetries: 3)), ttl: .seconds(3600), name: "answers")
        >>> (LambdaPrimitive(name: "summarize", summarize) | countWords)

    static func main() async throws {
        try await initializeObservability(serviceName: "my-app", enablePrometheus: true, prometheusPort: 9464)

        let context = WorkflowContext(traceID: "req-123")
        let (summary, words) = try await workflow.execute("  What is observability?  ", context)
        print(summary, words, context.traceIDHex)  // the trace: http://localhost:16686/trace/<id>

        // Metrics are scraped while the program runs; a service runs on here.
        try await Task.sleep(for: .seconds(60))

        for series in try await getPrometheusMetrics(query: "sum by (primitive) (primitive_requests_total)") {
            print(series.labels["primitive"] ?? "", series.samples.last?.value ?? 0)
        }
        for trace in try await queryJaegerTraces(service: "my-app", operation: "workflow.execute", limit: 10) {
            print(trace.traceID, trace.spans.count, "spans")
        }
        await shutdownObservability()
    }

    static func trim(_ question: String) -> String {
        String(question.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    static func askModel(_ question: String) async throws -> String { "It is to know a system by what it tells. (\(question))" }

    static func summarize(_ answer: String) async throws -> String { String(answer.prefix { $0 != "." }) }

    static func countWords(_ answer: String) async throws -> Int { answer.split(separator: " ").count }
}
