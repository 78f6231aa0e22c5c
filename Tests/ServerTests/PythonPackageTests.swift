import Foundation
import Testbed
import Testing

@Suite("The Python package for applications", .serialized, .enabled(if: packagePython != nil, "there is no Python 3.10 or later here"))
struct PythonPackageTests {
    private let package = RunningStack.packageRoot.appendingPathComponent("python")
    private let script = RunningStack.packageRoot.appendingPathComponent("Tests/Clients/python_package.py").path
    private var sources: [String: String] { ["PYTHONPATH": package.appendingPathComponent("src").path, "PYTHONDONTWRITEBYTECODE": "1"] }

    @Test("its own tests pass")
    func ownTests() throws {
        let tests = try run(try #require(packagePython), ["-m", "unittest", "discover", "tests"], environment: sources, in: package)
        #expect(tests.status == 0, "\(tests.error)")
    }

    @Test("one line, and the workflow's metrics are scraped and its trace is at Jaeger; both are asked for from Python")
    func roundTrip() async throws {
        let port = try freePort()
        let stack = try await RunningStack(configuration: ["prometheus.yml": scraping(port)])
        defer { stack.stop() }
        let client = try run(try #require(packagePython), [
            script, "--port", "\(port)", "--otlp", stack.url("otlpHTTP"), "--prometheus", stack.url("prometheus"), "--jaeger", stack.url("jaeger"), "--service", "my-service",
        ], environment: sources)
        try #require(client.status == 0, "\(client.error)")
        let seen = try #require(JSONSerialization.jsonObject(with: Data(client.output.utf8)) as? [String: Any])
        #expect(seen["started"] as? Bool == true)
        #expect(seen["spans_left"] as? Bool == true)
        let answers = try #require(seen["answers"] as? [String: [[String: Any]]])
        func labels(_ query: String) -> Set<[String: String]> {
            Set((answers[query] ?? []).compactMap { ($0["metric"] as? [String: String])?.filter { !["__name__", "job", "instance"].contains($0.key) } })
        }
        #expect(labels("cache_hit_rate") == [["name": "cache"]])
        #expect(labels("primitive_retries_total") == [["name": "retry"]])
        #expect(labels("workflow_active_requests") == [["workflow": "sequential"]])
        #expect(labels("observability_service_info") == [["service_name": "my-service", "language": "python"]])
        #expect(labels("primitive_errors_total").contains(["primitive": "LambdaPrimitive", "name": "ask", "error": "ConnectionError"]))
        #expect(labels("rate(primitive_requests_total[5m])").contains(["primitive": "CachePrimitive", "name": "cache", "status": "success"]))
        #expect(labels("histogram_quantile(0.95, rate(primitive_duration_seconds_bucket[5m]))").contains(["primitive": "CachePrimitive", "name": "cache"]))
        #expect((seen["range"] as? [[String: Any]])?.contains { ($0["values"] as? [Any])?.isEmpty == false } == true)

        let id = try #require(seen["trace_id"] as? String)
        #expect((seen["traces"] as? [[String: Any]])?.count == 10)
        #expect((seen["traces"] as? [[String: Any]])?.contains { $0["traceID"] as? String == id } == true)
        let answer = try json(stack.url("jaeger", "/api/traces/\(id)"))
        let trace = try #require((answer["data"] as? [[String: Any]])?.first)
        let spans = try #require(trace["spans"] as? [[String: Any]])
        let names = Set(spans.compactMap { $0["operationName"] as? String })
        #expect(names.isSuperset(of: ["workflow.execute", "primitive.sequential", "primitive.prepare", "primitive.cache", "primitive.parallel", "primitive.router", "primitive.retry"]))
        let ids = Set(spans.compactMap { $0["spanID"] as? String })
        let roots = spans.filter { ($0["references"] as? [Any])?.isEmpty == true }
        #expect(roots.count == 1)
        #expect(roots.first?["operationName"] as? String == "workflow.execute")
        for span in spans {
            for reference in span["references"] as? [[String: Any]] ?? [] { #expect(ids.contains(reference["spanID"] as? String ?? "")) }
        }
        let tags = Dictionary((roots.first?["tags"] as? [[String: Any]] ?? []).map { ($0["key"] as? String ?? "", "\($0["value"] ?? "")") }) { first, _ in first }
        #expect(tags["workflow.id"] == "req-\((seen["executions"] as? Int ?? 0) - 1)")
        #expect(tags["workflow.status"] == "success")
    }

    @Test("the stack stores both: the native histogram and the classic one are there and agree")
    func bothHistograms() async throws {
        let port = try freePort()
        let stack = try await RunningStack(configuration: ["prometheus.yml": scraping(port, "scrape_native_histograms: true, always_scrape_classic_histograms: true, ")])
        defer { stack.stop() }
        let client = try run(try #require(packagePython), [
            script, "--native", "--port", "\(port)", "--otlp", stack.url("otlpHTTP"), "--prometheus", stack.url("prometheus"), "--jaeger", stack.url("jaeger"),
        ], environment: sources)
        try #require(client.status == 0, "\(client.error)")
        try expectBothHistograms(try #require(JSONSerialization.jsonObject(with: Data(client.output.utf8)) as? [String: Any]))
    }

    @Test("Prometheus itself takes the protobuf exposition: the native histogram and the classic one are both there and agree",
          .enabled(if: peer("prometheus") != nil, "prometheus is not here: run scripts/get-peers.sh"))
    func beside() async throws {
        let port = try freePort()
        let stack = try await RunningStack()
        defer { stack.stop() }
        let job = "scrape_configs: [{job_name: application, scrape_interval: 1s, scrape_timeout: 1s, always_scrape_classic_histograms: true, static_configs: [{targets: ['127.0.0.1:\(port)']}]}]\n"
        let prometheus = try await RunningPrometheus(configuration: job, folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--enable-feature=native-histograms"])
        defer { prometheus.stop() }
        let client = try run(try #require(packagePython), [
            script, "--native", "--port", "\(port)", "--otlp", stack.url("otlpHTTP"), "--prometheus", prometheus.url(), "--jaeger", stack.url("jaeger"),
        ], environment: sources)
        try #require(client.status == 0, "\(client.error)")
        try expectBothHistograms(try #require(JSONSerialization.jsonObject(with: Data(client.output.utf8)) as? [String: Any]))
    }

    /// The cache's durations are a native histogram, with as many observations as the classic one beside it.
    private func expectBothHistograms(_ seen: [String: Any]) throws {
        let answers = try #require(seen["answers"] as? [String: [[String: Any]]])
        let native = try #require(answers[#"primitive_duration_seconds{primitive="CachePrimitive"}"#]?.first?["histogram"] as? [Any])
        let histogram = try #require(native.last as? [String: Any])
        let buckets = try #require(histogram["buckets"] as? [[Any]])
        #expect(buckets.count > 1)
        let classic = try #require(answers[#"primitive_duration_seconds_count{primitive="CachePrimitive"}"#]?.first?["value"] as? [Any])
        // The two queries may fall on either side of a scrape.
        let (nativeCount, classicCount) = (Double(histogram["count"] as? String ?? "") ?? 0, Double(classic.last as? String ?? "") ?? 0)
        #expect(nativeCount > 0)
        #expect(nativeCount <= classicCount)
        #expect(buckets.reduce(0) { $0 + (Double($1.last as? String ?? "") ?? 0) } == nativeCount)
    }

    @Test("the example runs as its page says, and shows what the stack knows of it")
    func example() async throws {
        let port = try freePort()
        let stack = try await RunningStack(configuration: ["prometheus.yml": scraping(port)])
        defer { stack.stop() }
        let addresses = ["OTEL_EXPORTER_OTLP_ENDPOINT": stack.url("otlpHTTP"), "PROMETHEUS_URL": stack.url("prometheus"), "JAEGER_URL": stack.url("jaeger")]
        let example = try run(try #require(packagePython), ["examples/first_workflow.py", "--seconds", "4", "--port", "\(port)"],
                              environment: sources.merging(addresses) { $1 }, in: package)
        #expect(example.status == 0, "\(example.error)")
        #expect(example.output.contains("CachePrimitive"), "\(example.output)\(example.error)")
        #expect(example.output.contains("Jaeger has 5 of the last traces"), "\(example.output)")
    }

    private func scraping(_ port: Int, _ more: String = "") -> String {
        "scrape_configs: [{job_name: application, scrape_interval: 1s, scrape_timeout: 1s, \(more)static_configs: [{targets: ['127.0.0.1:\(port)']}]}]\n"
    }
}

/// A Python that is new enough: the clients' own, or the system's.
private let packagePython: String? = [clientsPython, "/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"].compactMap { $0 }.first { path in
    guard FileManager.default.isExecutableFile(atPath: path) else { return false }
    return (try? run(path, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status) == 0
}
