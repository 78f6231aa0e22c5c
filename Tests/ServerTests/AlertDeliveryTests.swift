import Foundation
import Testbed
import Testing

/// Alerts from rule to receiver: the real stack, the real Alertmanager beside it, and a server that catches what both send.
@Suite("Delivery of alerts", .serialized, .ownWaitingThread)
struct AlertDeliveryTests {
    private static func alertmanager(_ prefix: String, _ port: Int) -> String {
        """
        global:
          resolve_timeout: 5m
        route:
          receiver: all
          group_by: [alertname]
          group_wait: 2s
          group_interval: 2s
          repeat_interval: 1h
          routes:
          - matchers: ['severity="critical"']
            receiver: pager.team
            group_by: ['...']
            continue: true
          - match: {alertname: Slow}
            group_by: []
          - match_re: {severity: critical|page}
        inhibit_rules:
        - source_matchers: [alertname="Down"]
          target_matchers: [alertname="Slow"]
          equal: [service]
        receivers:
        - name: all
          webhook_configs:
          - url: http://127.0.0.1:\(port)/\(prefix)/all
          - url: http://127.0.0.1:\(port)/\(prefix)/firing
            send_resolved: false
        - name: pager.team
          webhook_configs:
          - url: http://127.0.0.1:\(port)/\(prefix)/pager
            max_alerts: 1
            http_config:
              basic_auth: {username: u, password: p}

        """
    }

    private static let rules = """
        groups:
        - name: g
          interval: 1s
          rules:
          - alert: Down
            expr: fault{kind="down"} > 0
            labels: {severity: critical}
            annotations: {summary: "{{ $labels.instance }} is <down> & out", runbook: "http://x/y?a=b&c"}
          - alert: Slow
            expr: fault{kind="slow"} > 0
            labels: {severity: warning}
            annotations: {summary: "{{ $value }}"}

        """

    /// A body in which times and the manager's own address are blanked; all else stays as it was sent.
    private static func blanked(_ body: String) -> String { body.replacing(/"(startsAt|endsAt|externalURL)":"[^"]*"/) { "\"\($0.output.1)\":\"\"" } }

    private static func push(_ stack: RunningStack, down: Int, slow: Int) throws {
        let text = """
            # TYPE fault gauge
            fault{kind="down",service="web",instance="a"} \(down)
            fault{kind="down",service="cache",instance="b"} \(down)
            fault{kind="slow",service="web",instance="c"} \(slow)
            fault{kind="slow",service="db",instance="d"} \(slow)

            """
        #expect(try http(stack.url("pushgateway", "/metrics/job/faults"), method: "PUT", body: Data(text.utf8)).status == 200)
    }

    private static func reload(_ stack: RunningStack, _ files: [String: String]) throws -> (status: Int, body: String) {
        for (name, text) in files { try text.write(to: stack.folder.appendingPathComponent("config/\(name)"), atomically: true, encoding: .utf8) }
        return try http(stack.url("prometheus", "/-/reload"), method: "POST")
    }

    @Test("what rules raise reaches Alertmanager and this stack's receivers; both send the same bodies", .enabled(if: peer("prometheus-alertmanager") != nil, "alertmanager is not here: run scripts/get-peers.sh"))
    func besideAlertmanager() async throws {
        let catcher = try WebhookCatcher()
        defer { catcher.stop() }
        let stack = try await RunningStack()
        defer { stack.stop() }
        let original = try await RunningAlertmanager(configuration: Self.alertmanager("original", catcher.port), folder: stack.folder.appendingPathComponent("alertmanager"))
        defer { original.stop() }
        let prometheus = """
            global:
              scrape_interval: 1s
              external_labels: {cluster: test, region: eu}
            rule_files: [rules.yml]
            alerting:
              alert_relabel_configs:
              - {regex: region, action: labeldrop}
              alertmanagers:
              - static_configs: [{targets: ["127.0.0.1:\(original.port)"]}]
            scrape_configs:
            - job_name: push
              honor_labels: true
              static_configs: [{targets: ["127.0.0.1:\(stack.ports["pushgateway"] ?? 0)"]}]

            """
        let reloaded = try Self.reload(stack, ["prometheus.yml": prometheus, "rules.yml": Self.rules, "alertmanager.yml": Self.alertmanager("ours", catcher.port)])
        try #require(reloaded.status == 200, "\(reloaded.body)")
        let known = try json(stack.url("prometheus", "/api/v1/alertmanagers"))
        #expect("\(known)".contains("http://127.0.0.1:\(original.port)/api/v2/alerts"))

        func bodies(_ path: String) -> [[String]] {
            ["original", "ours"].map { side in catcher.bodies("/\(side)/\(path)").map { Self.blanked($0.body) }.sorted() }
        }
        func count(_ path: String, _ wanted: Int) -> Bool { bodies(path).allSatisfy { $0.count >= wanted } }
        // Everything fires: two faults for the pager, one group of them, and the slow database; the slow web is inhibited.
        try Self.push(stack, down: 1, slow: 2)
        #expect(try await eventually(within: 120) { count("pager", 2) && count("all", 2) && count("firing", 2) }, "\(bodies("all")) \(bodies("pager"))\n\(stack.log)")
        // Then slowness ends, and then the faults.
        try Self.push(stack, down: 1, slow: 0)
        #expect(try await eventually(within: 120) { count("all", 3) }, "\(bodies("all"))\n\(stack.log)")
        try Self.push(stack, down: 0, slow: 0)
        #expect(try await eventually(within: 120) { count("pager", 4) && count("all", 4) }, "\(bodies("all")) \(bodies("pager"))\n\(stack.log)")
        for path in ["all", "firing", "pager"] {
            let both = bodies(path)
            #expect(both[0] == both[1])
        }
        #expect(bodies("pager")[1].count == 4 && bodies("firing")[1].count == 2)
        let all = bodies("all")[1].joined()
        #expect(all.contains(#"\u003cdown\u003e \u0026 out"#) && all.contains(#""cluster":"test""#) && !all.contains(#""region""#) && !all.contains(#""service":"web","severity":"warning""#))
        let pager = try #require(catcher.bodies("/ours/pager").first)
        #expect(pager.headers["authorization"] == "Basic dTpw" && pager.headers["content-type"] == "application/json" && pager.body.contains(#""receiver":"pager\\.team""#))

        let theirs = try http(original.url("/api/v2/alerts?filter=cluster=test"))
        #expect(theirs.status == 200)
        let metrics = try http(stack.url("prometheus", "/metrics")).body
        #expect(metrics.contains("prometheus_notifications_alertmanagers_discovered 1") && metrics.contains("prometheus_notifications_queue_capacity 10000"))
        #expect(metrics.contains(/prometheus_notifications_sent_total\{alertmanager="[^"]*"\} [1-9]/) && metrics.contains(/prometheus_notifications_errors_total\{alertmanager="[^"]*"\} 0/))
        #expect(metrics.contains(#"alertmanager_notifications_failed_total{integration="webhook"} 0"#))
    }

    @Test("a rule that is posted to Grafana's API fires, is listed, is told of once over a restart, and can be deleted")
    func postedRule() async throws {
        let catcher = try WebhookCatcher()
        defer { catcher.stop() }
        let configuration = """
            route: {receiver: hook, group_by: [alertname], group_wait: 0s}
            receivers:
            - name: hook
              webhook_configs: [{url: "http://127.0.0.1:\(catcher.port)/hook"}]

            """
        func told(_ name: String) -> Int { catcher.bodies("/hook").count { $0.body.contains("\"groupLabels\":{\"alertname\":\"\(name)\"}") } }
        func post(_ stack: RunningStack, _ rule: String) throws -> (status: Int, body: String) {
            try http(stack.url("grafana", "/api/alerts").replacingOccurrences(of: "http://", with: "http://admin:admin@"), method: "POST", headers: ["Content-Type: application/json"], body: Data(rule.utf8))
        }
        func list(_ stack: RunningStack) throws -> [[String: Any]] {
            let answer = try http(stack.url("grafana", "/api/alerts").replacingOccurrences(of: "http://", with: "http://admin:admin@"))
            return try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [[String: Any]], "\(answer.body)")
        }
        func isAlerting(_ stack: RunningStack, _ name: String) throws -> Bool { try list(stack).contains { $0["name"] as? String == name && $0["state"] as? String == "alerting" } }

        let first = try await RunningStack(configuration: ["alertmanager.yml": configuration, "prometheus.yml": "global: {scrape_interval: 1s}\n"])
        defer { first.stop() }
        let refused = try post(first, #"{"name": "Broken", "expr": "rate(up) > 1"}"#)
        #expect(refused.status == 400 && refused.body.contains("1:6: parse error"), "\(refused.body)")
        let made = try post(first, #"{"name": "Always", "expr": "vector(7)", "threshold": 5, "frequency": "1s", "labels": {"severity": "page"}, "annotations": {"summary": "it is {{ $value }}"}}"#)
        try #require(made.status == 200, "\(made.body)")
        #expect(try await eventually(within: 60) { told("Always") == 1 }, "\(first.log)")
        #expect(try await eventually(within: 60) { try isAlerting(first, "Always") })
        let body = try #require(catcher.bodies("/hook").first?.body)
        #expect(body.contains(#""summary":"it is 7""#) && body.contains(#""severity":"page""#), "\(body)")
        #expect(try http(first.url("prometheus", "/api/v1/rules")).body.contains("\"Always\""))
        first.stop(removing: false)

        let second = try await RunningStack(reusing: first.folder)
        defer { second.stop() }
        #expect(try await eventually(within: 60) { try isAlerting(second, "Always") }, "\(second.log)")
        #expect(try await eventually(within: 60) { try http(second.url("prometheus", "/metrics")).body.contains(#"alertmanager_alerts{state="active"} 1"#) })
        #expect(try post(second, #"{"name": "Later", "message": "m", "frequency": "1s", "conditions": [{"type": "query", "query": {"params": ["A", "1m", "now"], "model": {"expr": "vector(1)"}}, "reducer": {"type": "last"}, "evaluator": {"type": "gt", "params": [0]}}]}"#).status == 200)
        #expect(try await eventually(within: 90) { told("Later") == 1 }, "\(second.log)")
        #expect(told("Always") == 1, "a restart repeated a notification")
        let deleted = try http(second.url("grafana", "/api/alerts/1").replacingOccurrences(of: "http://", with: "http://admin:admin@"), method: "DELETE")
        #expect(deleted.status == 200)
        #expect(try list(second).map { $0["name"] as? String } == ["Later"])
        #expect(try await eventually(within: 60) { try !http(second.url("prometheus", "/api/v1/rules")).body.contains("\"Always\"") })
    }

    @Test("a configuration with an error is refused by file and line, at the start and when it is reloaded", arguments: [
        ("route: {receiver: nobody}\nreceivers: []\n", "alertmanager.yml: undefined receiver \"nobody\" used in route"),
        ("route:\n  receiver: a\n  group_wate: 5s\nreceivers: [{name: a}]\n", "alertmanager.yml:3: field group_wate is not known in route"),
        ("route:\n  receiver: a\n  routes:\n  - matchers: ['a===\"b\"x']\nreceivers: [{name: a}]\n", "alertmanager.yml:4: route.routes[0].matchers: the matcher"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  webhook_configs:\n  - send_resolved: true\n", "alertmanager.yml:5: receivers[0].webhook_configs[0].url: one of url or url_file"),
        ("receivers: []\n", "alertmanager.yml: no route provided in config"),
        ("route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals:\n- name: t\n  time_intervals:\n  - location: Europe/Nowhere\n", "alertmanager.yml:6: time_intervals[0].time_intervals[0].location: unknown time zone Europe/Nowhere"),
    ])
    func refusals(text: String, words: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-alerting-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try text.write(to: folder.appendingPathComponent("alertmanager.yml"), atomically: true, encoding: .utf8)
        let refused = try run(RunningStack.binary.path, ["serve", "--config", folder.path, "--data", folder.appendingPathComponent("data").path])
        #expect(refused.status == 2 && refused.error.contains(words), "\(refused.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("data").path))
    }

    @Test("a reload with an error changes nothing; the platform's own files load, and what is not delivered is named")
    func reloading() async throws {
        let good = "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: x}], webhook_configs: [{url: 'http://{{ .X }}/'}]}]\ntemplates: ['*.tmpl']\n"
        let stack = try await RunningStack(configuration: ["alertmanager.yml": good])
        defer { stack.stop() }
        for words in ["receivers[0].email_configs of receiver \"a\"", "webhook_configs[0].url is a template", "templates"] {
            #expect(try await eventually(within: 30) { stack.log.contains(words) }, "\(stack.log)")
        }
        let refused = try Self.reload(stack, ["alertmanager.yml": "route: {}\n"])
        #expect(refused.status == 500 && refused.body.contains("root route must specify a default receiver"), "\(refused.body)")
        #expect(try http(stack.url("prometheus", "/metrics")).body.contains("alertmanager_dispatcher_aggregation_groups"))
        try FileManager.default.removeItem(at: stack.folder.appendingPathComponent("config/alertmanager.yml"))
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 200)
        #expect(try !http(stack.url("prometheus", "/metrics")).body.contains("alertmanager_dispatcher_aggregation_groups"), "without the file nobody is told anything")

        let targets = stack.folder.appendingPathComponent("alertmanagers.json")
        try #"[{"targets": ["127.0.0.1:1", "drop:1"]}]"#.write(to: targets, atomically: true, encoding: .utf8)
        let discovering = """
            alerting:
              alertmanagers:
              - path_prefix: /am/
                file_sd_configs: [{files: ["\(targets.path)"]}]
                relabel_configs: [{source_labels: [__address__], regex: "drop:.*", action: drop}]

            """
        #expect(try Self.reload(stack, ["prometheus.yml": discovering]).status == 200)
        func alertmanagers() throws -> [String: [[String: String]]]? { try json(stack.url("prometheus", "/api/v1/alertmanagers"))["data"] as? [String: [[String: String]]] }
        #expect(try await eventually(within: 60) { try alertmanagers()?["activeAlertmanagers"]?.first?["url"] == "http://127.0.0.1:1/am/api/v2/alerts" })
        #expect(try alertmanagers()?["droppedAlertmanagers"]?.first?["url"] == "http://drop:1/am/api/v2/alerts")
        try #"[{"targets": ["127.0.0.1:2"]}]"#.write(to: targets, atomically: true, encoding: .utf8)
        #expect(try await eventually(within: 60) { try alertmanagers()?["activeAlertmanagers"]?.first?["url"] == "http://127.0.0.1:2/am/api/v2/alerts" })

        let platform = RunningStack.packageRoot.deletingLastPathComponent().appendingPathComponent("shared/conformance/tta")
        guard FileManager.default.fileExists(atPath: platform.path) else { return }
        var files: [String: String] = [:]
        for name in ["alertmanager.yml", "prometheus.yml"] { files[name] = try String(contentsOf: platform.appendingPathComponent(name), encoding: .utf8) }
        let loaded = try Self.reload(stack, files)
        #expect(loaded.status == 200, "\(loaded.body)")
        #expect(stack.log.contains("templates_dir") && stack.log.contains("email_configs of receiver \"critical-alerts\""), "\(stack.log)")
        #expect(try http(stack.url("prometheus", "/api/v1/alertmanagers")).body.contains("http://alertmanager:9093/api/v2/alerts"))
    }
}
