import Foundation
import Server
import Testbed
import Testing

@Suite("The originals' flags and variables", .serialized, .ownWaitingThread)
struct FlagTests {
    private static func options(_ environment: [String: String] = [:], _ set: (inout ServerOptions.Flags) -> Void = { _ in }) throws -> ServerOptions {
        var flags = ServerOptions.Flags()
        set(&flags)
        return try ServerOptions(flags: flags, environment: environment)
    }

    @Test("ports and addresses by flag, by the stack's variable, by Grafana's variable, in that order")
    func doors() throws {
        #expect(try Self.options(["GF_SERVER_HTTP_PORT": "3001"]).port(.grafana) == 3001)
        #expect(try Self.options(["GF_SERVER_HTTP_PORT": "3001", "GRAFANA_PORT": "3002"]).port(.grafana) == 3002)
        #expect(try Self.options(["GRAFANA_PORT": "3002"]) { $0.ports[.grafana] = "3003" }.port(.grafana) == 3003)
        let listening = try Self.options(["PROMETHEUS_PORT": "1"]) { $0.prometheusAddress = ":9099" }
        #expect(listening.port(.prometheus) == 9099 && listening.address(.prometheus) == "0.0.0.0" && listening.address(.jaeger) == "127.0.0.1")
        #expect(try Self.options { $0.prometheusAddress = "[::1]:9099" }.address(.prometheus) == "::1")
        for wrong in ["9090", "::1:9090", "localhost:port", "localhost:"] { #expect(throws: ServerOptions.Invalid.self, "\(wrong)") { try Self.options { $0.prometheusAddress = wrong } } }
        #expect(try Self.options(["COLLECTOR_OTLP_ENABLED": "false"]).closedDoors == [.otlpHTTP, .otlpGRPC])
        #expect(try Self.options(["COLLECTOR_OTLP_ENABLED": "true"]).closedDoors.isEmpty)
    }

    @Test("JAEGER_SAMPLER_* and GF_* that cannot be are refused by name", arguments: [
        ["JAEGER_SAMPLER_TYPE": "sometimes"], ["JAEGER_SAMPLER_TYPE": "probabilistic", "JAEGER_SAMPLER_PARAM": "1.5"], ["JAEGER_SAMPLER_TYPE": "const", "JAEGER_SAMPLER_PARAM": "x"],
        ["JAEGER_SAMPLER_TYPE": "ratelimiting", "JAEGER_SAMPLER_PARAM": "-1"], ["GF_AUTH_ANONYMOUS_ENABLED": "perhaps"], ["GF_AUTH_ANONYMOUS_ORG_ROLE": "Boss"], ["GF_SERVER_ROOT_URL": "grafana"],
        ["GF_SERVER_HTTP_PORT": "http"], ["COLLECTOR_OTLP_ENABLED": "no way"], ["GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION": "long"],
    ])
    func refusals(environment: [String: String]) throws {
        let refusal = #expect(throws: ServerOptions.Invalid.self) { try Self.options(environment) }
        #expect(environment.keys.contains(refusal?.setting ?? ""), "\(refusal?.description ?? "")")
    }

    @Test("variables without effect are named, and only they")
    func remarks() throws {
        let options = try Self.options([
            "GF_INSTALL_PLUGINS": "clock", "GF_SECURITY_ADMIN_USER": "root", "GF_SECURITY_ADMIN_PASSWORD": "word", "GF_USERS_ALLOW_SIGN_UP": "false", "JAEGER_SAMPLER_PARAM": "1", "OTHER": "1",
        ])
        #expect(options.remarks == ["JAEGER_SAMPLER_PARAM has no effect without JAEGER_SAMPLER_TYPE", "GF_INSTALL_PLUGINS has no effect here"])
        #expect(options.grafana.adminLogin == "root" && options.grafana.adminPassword == "word")
        #expect(try Self.options(["GF_SECURITY_ADMIN_PASSWORD": "word", "GRAFANA_ADMIN_PASSWORD": "other"]).grafana.adminPassword == "other")
        #expect(try Self.options(["GF_USERS_ALLOW_SIGN_UP": "true"]).remarks.count == 1)
    }

    @Test("--config.file, --storage.tsdb.path, --web.external-url and --web.enable-lifecycle do what Prometheus's do")
    func prometheusFlags() async throws {
        let elsewhere = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-flags-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: elsewhere.appendingPathComponent("targets"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: elsewhere) }
        try "[{\"targets\": [\"127.0.0.1:1\"]}]".write(to: elsewhere.appendingPathComponent("targets/one.json"), atomically: true, encoding: .utf8)
        let file = elsewhere.appendingPathComponent("mine.yml")
        try "scrape_configs: [{job_name: found, file_sd_configs: [{files: ['targets/*.json']}], proxy_url: 'http://me:hidden@127.0.0.1:2'}]\n".write(to: file, atomically: true, encoding: .utf8)
        let metrics = elsewhere.appendingPathComponent("tsdb").path
        let stack = try await RunningStack(arguments: [
            "--config.file=\(file.path)", "--storage.tsdb.path=\(metrics)", "--web.external-url=https://metrics.example.org/", "--web.enable-lifecycle", "--storage.tsdb.retention.time=3d",
        ])
        defer { stack.stop() }
        func target() throws -> [String: Any]? { ((try json(stack.url("prometheus", "/api/v1/targets"))["data"] as? [String: Any])?["activeTargets"] as? [[String: Any]])?.first }
        #expect(try await eventually(within: 60) { try target()?["scrapePool"] as? String == "found" })
        #expect(try target()?["globalUrl"] as? String == "http://metrics.example.org:1/metrics")
        let flags = try json(stack.url("prometheus", "/api/v1/status/flags"))["data"] as? [String: String]
        #expect(flags?["config.file"] == file.path && flags?["storage.tsdb.path"] == metrics && flags?["web.enable-lifecycle"] == "true" && flags?["storage.tsdb.retention.time"] == "3d")
        #expect(FileManager.default.fileExists(atPath: metrics + "/wal") && !FileManager.default.fileExists(atPath: stack.folder.appendingPathComponent("data/metrics").path))
        let shown = try http(stack.url("prometheus", "/api/v1/status/config")).body
        #expect(shown.contains("me:xxxxx@127.0.0.1") && !shown.contains("hidden"))
        #expect(try http(stack.url("prometheus", "/-/quit")).status == 405)
        let quit = try http(stack.url("prometheus", "/-/quit"), method: "POST")
        #expect(quit.status == 200 && quit.body == "Requesting termination... Goodbye!")
        #expect(stack.waitForExit() == 0)
    }

    @Test("without --web.enable-lifecycle nobody ends the stack over HTTP, and it is reloaded from this machine; a file that was named must be there")
    func withoutLifecycle() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        for door in ["prometheus", "pushgateway"] {
            let answer = try http(stack.url(door, "/-/quit"), method: "POST")
            #expect(answer.status == 403 && answer.body == "Lifecycle API is not enabled.")
        }
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 200)
        for flag in ["--config.file", "--web.config.file"] {
            let refused = try run(RunningStack.binary.path, ["serve", "--data", stack.folder.appendingPathComponent("other").path, flag, "/nowhere/x.yml"])
            #expect(refused.status == 2 && refused.error.contains("/nowhere/x.yml") && refused.error.split(separator: "\n").count == 1, "\(refused.error)")
        }
    }

    @Test("Grafana's variables: an administrator of another name, and viewers who need not sign in")
    func grafanaVariables() async throws {
        let stack = try await RunningStack(environment: [
            "GF_SECURITY_ADMIN_USER": "root", "GF_SECURITY_ADMIN_PASSWORD": "word", "GF_AUTH_ANONYMOUS_ENABLED": "true", "GF_SERVER_ROOT_URL": "https://grafana.example.org", "GF_LOG_MODE": "console",
        ])
        defer { stack.stop() }
        #expect(stack.log.contains("GF_LOG_MODE has no effect here"))
        func login(_ user: String, _ password: String) throws -> Int {
            try http(stack.url("grafana", "/login"), method: "POST", headers: ["Content-Type: application/json"], body: Data(#"{"user":"\#(user)","password":"\#(password)"}"#.utf8)).status
        }
        #expect(try login("root", "word") == 200)
        #expect(try login("admin", "admin") == 401)
        #expect(try http(stack.url("grafana", "/api/search")).status == 200)
        #expect(try http(stack.url("grafana", "/")).status == 200)
        #expect(try http(stack.url("grafana", "/api/user")).status == 401)
        let settings = try json(stack.url("grafana", "/api/frontend/settings"))
        #expect(settings["anonymousEnabled"] as? Bool == true && settings["appUrl"] as? String == "https://grafana.example.org/")
        let save = try http(stack.url("grafana", "/api/dashboards/db"), method: "POST", headers: ["Content-Type: application/json"], body: Data(#"{"dashboard":{"title":"x"}}"#.utf8))
        #expect(save.status == 403, "\(save.body)")
    }

    @Test("JAEGER_SAMPLER_TYPE keeps or drops what arrives, and says how much; COLLECTOR_OTLP_ENABLED=false leaves the doors closed")
    func samplingAndClosedDoors() async throws {
        let stack = try await RunningStack(environment: ["JAEGER_SAMPLER_TYPE": "const", "JAEGER_SAMPLER_PARAM": "0"])
        defer { stack.stop() }
        let spans = #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"n","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#
        let sent = try http(stack.url("otlpHTTP", "/v1/traces"), method: "POST", headers: ["Content-Type: application/json"], body: Data(spans.utf8))
        #expect(sent.status == 200 && !sent.body.contains("rejected"), "\(sent.body)")
        #expect(try http(stack.url("jaeger", "/api/traces/0102030405060708090a0b0c0d0e0f10")).status == 404)
        #expect(try http(stack.url("collectorMetrics", "/metrics")).body.contains("obstack_spans_sampled_total{sampled=\"false\"} 1"))

        let closed = try await RunningStack(environment: ["COLLECTOR_OTLP_ENABLED": "false"])
        defer { closed.stop() }
        #expect(closed.ports["otlpHTTP"] == nil && closed.ports["otlpGRPC"] == nil && closed.ports["jaeger"] != nil)
        let check = try run(RunningStack.binary.path, ["check", "--data", closed.folder.appendingPathComponent("data").path])
        #expect(check.status == 0 && !check.output.contains("OTLP"), "\(check.output)")
    }
}
