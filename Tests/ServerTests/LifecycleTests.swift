import Foundation
import Testing

@Suite("Lifecycle of the process", .serialized)
struct LifecycleTests {
    @Test("the ready line lists every door; SIGTERM drains and exits 0; run.json is gone afterwards")
    func startsAndDrains() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        for door in ["prometheus", "pushgateway", "otlpGRPC", "otlpHTTP", "jaeger", "grafana", "collectorMetrics", "health"] {
            let port = try #require(stack.ports[door])
            #expect(stack.log.contains(":\(port)"), "the ready lines do not name \(door)")
        }
        stack.signal(SIGTERM)
        #expect(stack.waitForExit() == 0)
        #expect(!FileManager.default.fileExists(atPath: stack.folder.appendingPathComponent("data/run.json").path))
    }

    @Test("obstack check says that every service is healthy, and fails when the stack is gone")
    func check() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let data = stack.folder.appendingPathComponent("data").path
        let healthy = try run(RunningStack.binary.path, ["check", "--data", data])
        #expect(healthy.status == 0, "\(healthy.output)")
        #expect(healthy.output.split(separator: "\n").count == 8)
        let document = try run(RunningStack.binary.path, ["check", "--data", data, "--json"])
        let parsed = try #require(JSONSerialization.jsonObject(with: Data(document.output.utf8)) as? [String: Any])
        #expect(parsed["healthy"] as? Bool == true)
        let ports = stack.ports
        stack.stop(removing: false)
        let gone = try run(RunningStack.binary.path, ["check", "--data", data, "--prometheus-port", "\(ports["prometheus"] ?? 1)"])
        #expect(gone.status == 1)
        #expect(gone.output.contains("FAIL"))
    }

    @Test("a data folder in use, a port in use, a bad flag and a bad file are one line on standard error and a status")
    func refusals() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let zeroPorts = ["prometheus", "pushgateway", "otlp-grpc", "otlp-http", "jaeger", "grafana", "collector-metrics", "health"].flatMap { ["--\($0)-port", "0"] }
        let data = stack.folder.appendingPathComponent("data").path
        let locked = try run(RunningStack.binary.path, ["serve", "--data", data] + zeroPorts)
        #expect(locked.status == 1)
        #expect(locked.error.contains("in use"), "\(locked.error)")

        let other = stack.folder.appendingPathComponent("other").path
        let port = "\(stack.ports["prometheus"] ?? 0)"
        let taken = try run(RunningStack.binary.path, ["serve", "--data", other, "--prometheus-port", port] + zeroPorts.dropFirst(2))
        #expect(taken.status == 1)
        #expect(taken.error.contains("port is in use") && taken.error.contains(port), "\(taken.error)")
        #expect(!FileManager.default.fileExists(atPath: other), "something was half-started")

        let flag = try run(RunningStack.binary.path, ["serve", "--data", other, "--prometheus-port", "99999"])
        #expect(flag.status == 2)
        #expect(flag.error.contains("--prometheus-port") && flag.error.contains("99999"), "\(flag.error)")

        let config = stack.folder.appendingPathComponent("bad-config")
        try FileManager.default.createDirectory(at: config, withIntermediateDirectories: true)
        try "scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n".write(to: config.appendingPathComponent("prometheus.yml"), atomically: true, encoding: .utf8)
        let file = try run(RunningStack.binary.path, ["serve", "--data", other, "--config", config.path] + zeroPorts)
        #expect(file.status == 2)
        #expect(file.error.contains("prometheus.yml:3") && file.error.contains("scrape_intervall"), "\(file.error)")
        for refusal in [locked, taken, flag, file] {
            #expect(refusal.error.split(separator: "\n").count == 1, "more than one line: \(refusal.error)")
        }
    }

    @Test("an unwritable folder is one line and exit status 1")
    func unwritable() throws {
        let zeroPorts = ["prometheus", "pushgateway", "otlp-grpc", "otlp-http", "jaeger", "grafana", "collector-metrics", "health"].flatMap { ["--\($0)-port", "0"] }
        let refused = try run(RunningStack.binary.path, ["serve", "--data", "/proc/obstack"] + zeroPorts)
        #expect(refused.status == 1)
        #expect(refused.error.contains("/proc/obstack"), "\(refused.error)")
        #expect(refused.error.split(separator: "\n").count == 1, "\(refused.error)")
    }

    @Test("SIGHUP reloads: a new scrape job appears, and a broken file changes nothing")
    func reload() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs:\n  - job_name: first\n    static_configs: [{targets: ['127.0.0.1:1']}]\n"])
        defer { stack.stop() }
        func pools() throws -> Set<String> {
            let data = try json(stack.url("prometheus", "/api/v1/targets"))["data"] as? [String: Any]
            return Set((data?["activeTargets"] as? [[String: Any]] ?? []).compactMap { $0["scrapePool"] as? String })
        }
        #expect(try await eventually(within: 10) { try pools() == ["first"] })
        let file = stack.folder.appendingPathComponent("config/prometheus.yml")
        try "scrape_configs:\n  - job_name: second\n    static_configs: [{targets: ['127.0.0.1:1']}]\n".write(to: file, atomically: true, encoding: .utf8)
        stack.signal(SIGHUP)
        #expect(try await eventually(within: 10) { try pools() == ["second"] })
        try "scrape_configs: [".write(to: file, atomically: true, encoding: .utf8)
        stack.signal(SIGHUP)
        #expect(try await eventually(within: 10) { stack.log.contains("prometheus.yml") })
        #expect(try pools() == ["second"])
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 500)

        // What comes last refuses before anything is changed, too.
        try "scrape_configs:\n  - job_name: third\n    static_configs: [{targets: ['127.0.0.1:1']}]\n".write(to: file, atomically: true, encoding: .utf8)
        try "receivers: {otlp: {}}\nexporters: {otlp: {endpoint: '127.0.0.1:1', tls: {ca_file: missing.pem}}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}\n"
            .write(to: stack.folder.appendingPathComponent("config/otel-collector.yml"), atomically: true, encoding: .utf8)
        let refused = try http(stack.url("prometheus", "/-/reload"), method: "POST")
        #expect(refused.status == 500 && refused.body.contains("otel-collector.yml"), "\(refused.body)")
        #expect(try pools() == ["second"])
    }

    @Test("prometheus.yml opens the out-of-order window, at the start, and closes it at a reload")
    func outOfOrderWindow() async throws {
        let jobs = "scrape_configs: []\n"
        let stack = try await RunningStack(configuration: ["prometheus.yml": jobs + "storage: {tsdb: {out_of_order_time_window: 5m}}\n"])
        defer { stack.stop() }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        func write(_ secondsAgo: Int64) throws -> (status: Int, body: String) {
            let body = remoteWriteBody([(labels: [("__name__", "late")], samples: [(millis: now - secondsAgo * 1000, value: Double(secondsAgo))])])
            return try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body)
        }
        for secondsAgo in [0, 60, 200] as [Int64] { #expect(try write(secondsAgo).status == 204) }
        let old = try write(400)
        #expect(old.status == 400 && old.body.contains("too old sample"), "\(old.body)")
        let file = stack.folder.appendingPathComponent("config/prometheus.yml")
        try jobs.write(to: file, atomically: true, encoding: .utf8)
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 200)
        let late = try write(90)
        #expect(late.status == 400 && late.body.contains("out of order sample"), "\(late.body)")
        let answer = try http(stack.url("prometheus", "/api/v1/query?query=count_over_time(late%5B10m%5D)")).body
        #expect(answer.contains("\"3\"]"), "\(answer)")
    }
}
