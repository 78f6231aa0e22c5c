import Foundation
import Testbed
import Testing

/// What one stack is sent by OTLP and its collector's file passes on to another.
@Suite("Telemetry is passed on to another stack", .serialized, .ownWaitingThread)
struct ForwardingTests {
    /// A stack that is always found at the same two ports.
    private struct Destination {
        let folder: URL
        let (grpc, http): (Int, Int)

        init(_ folder: URL) throws {
            self.folder = folder
            (grpc, http) = (try freePort(), try freePort())
        }

        func start() async throws -> RunningStack {
            try await RunningStack(
                reusing: folder, configuration: ["prometheus.yml": "scrape_configs: []\n"], arguments: ["--otlp-grpc-port", "\(grpc)", "--otlp-http-port", "\(http)"])
        }
    }

    private static func configuration(_ exporter: String) -> String {
        """
        receivers:
          otlp:
            protocols:
              grpc: {endpoint: "0.0.0.0:4317"}
              http:
        processors:
          batch: {timeout: 20ms}
          memory_limiter: {check_interval: 1s, limit_mib: 64}
        exporters:
          \(exporter)
            headers: {x-tenant: "${env:TENANT:-lab}"}
            retry_on_failure: {initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0}
          debug:
        service:
          pipelines:
            traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug, EXPORTER]}
            metrics: {receivers: [otlp], exporters: [EXPORTER]}
        """.replacingOccurrences(of: "EXPORTER", with: String(exporter.prefix { $0 != ":" }))
    }

    private static func send(_ numbers: Range<Int>, to stack: RunningStack) throws -> [String] {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        return try numbers.map { number in
            let id = String(format: "%032x", 0xf00d0000 + number)
            let span = """
                {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"forwarded"}}]},"scopeSpans":[{"spans":[
                {"traceId":"\(id)","spanId":"00000000000000a1","name":"op \(number)","startTimeUnixNano":"\(now)000000","endTimeUnixNano":"\(now + 5)000000"}]}]}]}
                """
            let taken = try http(stack.url("otlpHTTP", "/v1/traces"), method: "POST", headers: ["Content-Type: application/json"], body: Data(span.utf8))
            try #require(taken.status == 200, "\(taken.body)")
            let metric = """
                {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"forwarded"}}]},"scopeMetrics":[{"metrics":[
                {"name":"forwarded_level","gauge":{"dataPoints":[{"timeUnixNano":"\(now)000000","asDouble":\(number),"attributes":[{"key":"number","value":{"stringValue":"\(number)"}}]}]}}]}]}]}
                """
            let counted = try http(stack.url("otlpHTTP", "/v1/metrics"), method: "POST", headers: ["Content-Type: application/json"], body: Data(metric.utf8))
            try #require(counted.status == 200, "\(counted.body)")
            return id
        }
    }

    @Test("spans and metrics arrive over gRPC and over HTTP, those too that came while the destination was away; both stacks have them", arguments: ["grpc", "http"])
    func forwarding(transport: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let destination = try Destination(folder.appendingPathComponent("second"))
        var second = try await destination.start()
        defer { second.stop() }
        let exporter = transport == "grpc"
            ? "otlp/second:\n    endpoint: localhost:\(destination.grpc)\n    tls: {insecure: true}" : "otlphttp/second:\n    endpoint: http://localhost:\(destination.http)\n    compression: none"
        let name = exporter.prefix { $0 != ":" }
        let first = try await RunningStack(
            reusing: folder.appendingPathComponent("first"), configuration: ["prometheus.yml": "scrape_configs: []\n", "otel-collector.yml": Self.configuration(exporter)])
        defer { first.stop() }
        var ids = try Self.send(0..<5, to: first)
        #expect(try await eventually(within: 60) { try ids.allSatisfy { try http(second.url("jaeger", "/api/traces/\($0)")).status == 200 } }, "\(first.log.suffix(2_000))")
        second.killNow()
        ids += try Self.send(5..<10, to: first)
        second = try await destination.start()
        ids += try Self.send(10..<12, to: first)
        for id in ids {
            #expect(try await eventually(within: 60) { try http(second.url("jaeger", "/api/traces/\(id)")).status == 200 }, "trace \(id) is missing; \(first.log.suffix(2_000))")
            #expect(try http(first.url("jaeger", "/api/traces/\(id)")).status == 200)
        }
        let query = "/api/v1/query?query=count(last_over_time(forwarded_level%5B10m%5D))"
        #expect(try await eventually(within: 60) { try http(second.url("prometheus", query)).body.contains("\"12\"") }, "\(first.log.suffix(2_000))")
        var metrics = ""
        #expect(try await eventually(within: 60) {
            metrics = try http(first.url("collectorMetrics", "/metrics")).body
            return metrics.contains("otelcol_exporter_sent_spans{exporter=\"\(name)\"} 12\n") && metrics.contains("otelcol_exporter_sent_metric_points{exporter=\"\(name)\"} 12\n")
                && metrics.contains("otelcol_exporter_send_failed_spans{exporter=\"\(name)\"} 0\n") && metrics.contains("otelcol_exporter_queue_size{data_type=\"traces\",exporter=\"\(name)\"} 0\n")
                && metrics.contains("otelcol_exporter_sent_spans{exporter=\"trace_store\"} 12\n")
        }, "\(metrics)")
        #expect(first.log.contains("receivers.otlp.protocols.grpc.endpoint has no effect here: ports are moved by --otlp-grpc-port"))
    }

    @Test("a queue that is full drops and counts, and what it dropped is still here; a reload takes the exporter away")
    func fullQueue() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let nobody = try freePort()
        let exporter = "otlp:\n    endpoint: localhost:\(nobody)\n    tls: {insecure: true}\n    sending_queue: {queue_size: 2, num_consumers: 1}"
        let stack = try await RunningStack(
            reusing: folder,
            configuration: ["prometheus.yml": "scrape_configs: []\n", "otel-collector.yml": Self.configuration(exporter).replacingOccurrences(of: "processors: [memory_limiter, batch], ", with: "")])
        defer { stack.stop() }
        let ids = try Self.send(0..<10, to: stack)
        for id in ids { #expect(try http(stack.url("jaeger", "/api/traces/\(id)")).status == 200) }
        func value(_ name: String) throws -> Int {
            let line = try http(stack.url("collectorMetrics", "/metrics")).body.split(separator: "\n").first { $0.hasPrefix(name) }
            return Int(line?.split(separator: " ").last ?? "") ?? -1
        }
        // One is under way at most and two wait.
        #expect((7...8).contains(try value("otelcol_exporter_enqueue_failed_spans{exporter=\"otlp\"}")))
        #expect((1...2).contains(try value("otelcol_exporter_queue_size{data_type=\"traces\"")))
        try FileManager.default.removeItem(at: folder.appendingPathComponent("config/otel-collector.yml"))
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 200)
        #expect(try value("otelcol_exporter_queue_size") == -1)
    }

    @Test("an exporter that leads back to the stack itself is named and not followed", arguments: ["otlp:\n    endpoint: localhost:4317\n    tls: {insecure: true}", "otlphttp:\n    endpoint: http://127.0.0.1:4318/"])
    func loops(exporter: String) async throws {
        let ports = (try freePort(), try freePort())
        let text = Self.configuration(exporter).replacingOccurrences(of: "localhost:4317", with: "localhost:\(ports.0)").replacingOccurrences(of: "127.0.0.1:4318", with: "127.0.0.1:\(ports.1)")
        let stack = try await RunningStack(configuration: ["otel-collector.yml": text], arguments: ["--otlp-grpc-port", "\(ports.0)", "--otlp-http-port", "\(ports.1)"])
        defer { stack.stop() }
        #expect(stack.log.contains("leads back to this stack"))
        #expect(!(try http(stack.url("collectorMetrics", "/metrics")).body.contains("otelcol_exporter_queue_size")))
    }

    @Test("what is wrong in the file is named with its line and key", arguments: [
        ("exporters:\n  oltp: {endpoint: x:1}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [oltp]}}}", ":2", "exporters.oltp: unknown type for exporter \"oltp\""),
        ("receivers: {otlp: }\nexporters:\n  otlp:\n    endpoint: nowhere\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}", ":4", "not a host and a port"),
        ("receivers: {otlp: }\nexporters:\n  otlp:\n    endpoint: x:1\n    compresion: gzip\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}", ":5", "compresion"),
        ("receivers: {otlp: }\nexporters: {debug: }\nservice:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [otlp]", ":7", "references exporter \"otlp\" which is not configured"),
        ("receivers: {otlp: }\nprocessors:\n  batsh:\nexporters: {debug: }\nservice: {pipelines: {traces: {receivers: [otlp], processors: [batsh], exporters: [debug]}}}", ":3", "unknown type for processor"),
        ("receivers: {otlp: }\nexporters: {debug: }\nservice: {pipelines: }", ":3", "at least one pipeline"),
    ])
    func mistakes(text: String, line: String, words: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("config"), withIntermediateDirectories: true)
        try text.write(to: folder.appendingPathComponent("config/otel-collector.yml"), atomically: true, encoding: .utf8)
        let result = try run(RunningStack.binary.path, ["serve", "--config", folder.path + "/config", "--data", folder.path + "/data"])
        #expect(result.status != 0)
        #expect(result.error.contains("otel-collector.yml\(line): ") && result.error.contains(words), "\(result.error)")
    }

    @Test("what the real OpenTelemetry SDK sends comes to the second stack whole", .enabled(if: clientsPython != nil, "the Python clients are not here: run scripts/test.sh"))
    func realSDK() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let destination = try Destination(folder.appendingPathComponent("second"))
        let second = try await destination.start()
        defer { second.stop() }
        let first = try await RunningStack(
            reusing: folder.appendingPathComponent("first"),
            configuration: ["otel-collector.yml": Self.configuration("otlp:\n    endpoint: 127.0.0.1:\(destination.grpc)\n    tls: {insecure: true}")])
        defer { first.stop() }
        let script = RunningStack.packageRoot.appendingPathComponent("Tests/Clients/otel_sdk.py").path
        let client = try run(try #require(clientsPython), [script, "--protocol", "grpc", "--endpoint", first.url("otlpGRPC"), "--service", "sdk-forwarded", "--spans", "25"])
        try #require(client.status == 0, "\(client.error)")
        let sent = try #require(JSONSerialization.jsonObject(with: Data(client.output.utf8)) as? [String: Any])
        let path = "/api/traces/\(try #require(sent["trace_id"] as? String))"
        func spans(_ stack: RunningStack) throws -> NSArray? {
            guard let answer = try? json(stack.url("jaeger", path)) else { return nil }
            return ((answer["data"] as? [[String: Any]])?.first?["spans"] as? [[String: Any]]).map { NSArray(array: $0.sorted { "\($0["spanID"] ?? "")" < "\($1["spanID"] ?? "")" }) }
        }
        let ours = try #require(try spans(first))
        #expect(ours.count == (sent["spans"] as? [Any])?.count)
        #expect(try await eventually(within: 60) { try spans(second) == ours }, "the second stack does not answer as the first does")
    }
}
