import ObservabilityIntegration
import WorkflowPrimitives

@main
struct MyApp {
    static let workflow =
        LambdaPrimitive(name: "trim", trim)
        >>> CachePrimitive(RetryPrimitive(askModel, strategy: RetryStrategy(maxRetries: 3)), ttl: .seconds(3600), name: "answers")
        >>> (LambdaPrimitive(name: "summarize", summarize) | countWords)

    /// `workflow-example` works on, its metrics on port 9464 or on the one that is given; `workflow-example ask` shows what the stack knows of it.
    static func main() async throws {
        let argument = CommandLine.arguments.dropFirst().first
        if argument == "ask" { return try await ask() }
        try await initializeObservability(serviceName: "my-swift-app", enablePrometheus: true, prometheusPort: argument.flatMap { Int($0) } ?? 9464)

        for number in 0..<100_000 {
            let context = WorkflowContext(traceID: "question-\(number)")
            let (summary, words) = try await workflow.execute("  What is observability?  ", context)
            if number == 0 { print(summary, words, context.traceIDHex) }  // the trace: http://localhost:16686/trace/<id>
            // Metrics are scraped while the program runs.
            try await Task.sleep(for: .milliseconds(100))
        }
        await shutdownObservability()
    }

    static func ask() async throws {
        for series in try await getPrometheusMetrics(query: "sum by (name) (primitive_requests_total)") {
            print(series.labels["name"] ?? "", series.samples.last?.value ?? 0)
        }
        for trace in try await queryJaegerTraces(service: "my-swift-app", operation: "workflow.execute", limit: 10) {
            print(trace.traceID, trace.spans.count, "spans")
        }
    }

    static func trim(_ question: String) -> String {
        String(question.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    static func askModel(_ question: String) async throws -> String { "It is to know a system by what it tells. (\(question))" }

    static func summarize(_ answer: String) async throws -> String { String(answer.prefix { $0 != "." }) }

    static func countWords(_ answer: String) async throws -> Int { answer.split(separator: " ").count }
}
