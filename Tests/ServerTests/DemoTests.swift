import Foundation
import Testbed
import Testing

@Suite("The demo", .serialized, .ownWaitingThread)
struct DemoTests {
    /// The queries of a dashboard's panels, variables filled in.
    private static func queries(_ dashboard: String) throws -> [String] {
        let file = RunningStack.packageRoot.appendingPathComponent("config/grafana/dashboards/\(dashboard).json")
        let document = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        func of(_ panels: [[String: Any]]) -> [String] {
            panels.flatMap { panel in
                (panel["targets"] as? [[String: Any]] ?? []).compactMap { $0["expr"] as? String } + of(panel["panels"] as? [[String: Any]] ?? [])
            }
        }
        let filled = [("$__rate_interval", "1m"), ("$__range", "5m"), ("$job", ".+"), ("$primitive", ".+"), ("$instance", ".+")]
        return of(document["panels"] as? [[String: Any]] ?? []).map { query in filled.reduce(query) { $0.replacingOccurrences(of: $1.0, with: $1.1) } }
    }

    private static func result(_ stack: RunningStack, _ query: String) throws -> [[String: Any]] {
        let escaped = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? query
        return (try json(stack.url("prometheus", "/api/v1/query?query=\(escaped)"))["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
    }

    @Test("every panel of both workflow dashboards has something to show, durations are there in both forms, and a trace has a span a primitive")
    func alive() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let demo = Process()
        demo.executableURL = RunningStack.binary
        demo.arguments = ["demo", "--otlp", stack.url("otlpHTTP"), "--history", "8", "--interval", "1"]
        demo.standardOutput = FileHandle.nullDevice
        try demo.run()
        defer {
            kill(demo.processIdentifier, SIGKILL)
            demo.waitUntilExit()
        }
        for dashboard in ["tta-workflows", "primitive-performance"] {
            // Service levels are computed by rules, which this stack has none of.
            for query in try Self.queries(dashboard) where !query.contains("slo:") {
                // The minutes before the start are told first.
                let isAlive = try await eventually(within: 90) { try Self.result(stack, query).contains { ($0["value"] as? [Any])?.last as? String != "NaN" } }
                #expect(isAlive, "\(dashboard): \(query)")
            }
        }
        let native = try Self.result(stack, #"primitive_duration_seconds{primitive="CachePrimitive"}"#)
        let histogram = try #require((native.first?["histogram"] as? [Any])?.last as? [String: Any])
        #expect((histogram["buckets"] as? [Any])?.isEmpty == false)
        // The same observations, by both forms: quantiles differ by a bucket's width at most.
        func quantile(_ query: String) throws -> Double { Double((try Self.result(stack, query).first?["value"] as? [Any])?.last as? String ?? "") ?? .nan }
        let (fine, coarse) = (
            try quantile(#"histogram_quantile(0.5, sum(rate(primitive_duration_seconds{primitive="RetryPrimitive"}[5m])))"#),
            try quantile(#"histogram_quantile(0.5, sum by (le) (rate(primitive_duration_seconds_bucket{primitive="RetryPrimitive"}[5m])))"#))
        #expect(fine > coarse / 2.6 && fine < coarse * 2.6, "\(fine) beside \(coarse)")

        let traces = try json(stack.url("jaeger", "/api/traces?service=workflow-api&operation=workflow.execute&limit=20"))["data"] as? [[String: Any]] ?? []
        let spans = traces.flatMap { $0["spans"] as? [[String: Any]] ?? [] }
        let names = Set(spans.compactMap { $0["operationName"] as? String })
        #expect(names.isSuperset(of: ["workflow.execute", "primitive.cache", "primitive.router", "primitive.retry", "primitive.timeout"]), "\(names)")
    }
}
