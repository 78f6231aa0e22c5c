import Foundation
import Testbed
import Testing

@Suite("Rules over HTTP", .serialized, .ownWaitingThread)
struct RuleAPITests {
    private static let configuration = "global:\n  evaluation_interval: 1s\n  external_labels: {site: home}\nrule_files: [rules.yml]\nscrape_configs: []\n"

    /// Everything that does not depend on what was scraped.
    private static let rules = """
        groups:
        - name: recordings
          limit: 5
          labels: {team: a}
          rules:
          - record: one
            expr: vector( 1 )
          - record: two
            expr: label_replace(one*2, "from", "$1", "team", "(.*)")
            labels: {team: b, kept: "x<y"}
          - record: twice
            expr: label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", "")
            labels: {a: ""}
          - record: text
            expr: '"text"'
        - name: alerts
          interval: 2s
          query_offset: 1s
          rules:
          - alert: Fires
            expr: vector(1234567) > 1
            keep_firing_for: 5m
            labels: {severity: page, where: "{{ $externalLabels.site }}"}
            annotations:
              value: "{{ $value }} {{ $value | humanize }} {{ printf \\"%.1f\\" .Value }}"
              query: "{{ range query \\"vector(5) or label_replace(vector(7), 'a', 'b', '', '')\\" | sortByLabel \\"a\\" }}{{ .Labels.a }}={{ .Value }};{{ end }}"
              broken: "{{ query \\"absent(vector(1))\\" | first }}"
          - alert: Waits
            expr: label_replace(vector(0.5), "a", "1", "", "") or label_replace(vector(3), "a", "2", "", "")
            for: 1h
            labels: {severity: info}
          - alert: Sleeps
            expr: vector(0) > 1
        - name: limited
          limit: 1
          rules:
          - alert: TooMany
            expr: label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", "")
        """

    /// What no two servers have in common taken away, alerts put in order.
    private static func plain(_ value: Any, _ folders: [String]) -> Any {
        if let list = value as? [Any] {
            let plain = list.map { Self.plain($0, folders) }
            return plain.allSatisfy({ ($0 as? [String: Any])?["activeAt"] != nil }) ? plain.sorted { Self.text($0) < Self.text($1) } : plain
        }
        if let object = value as? [String: Any] {
            return object.mapValues { Self.plain($0, folders) }.merging(
                ["evaluationTime", "lastEvaluation", "activeAt"].filter { object[$0] != nil }.map { ($0, "some time") }) { $1 }
        }
        if let text = value as? String { return folders.reduce(text) { $0.replacingOccurrences(of: $1, with: "FOLDER") } }
        return value
    }

    private static func text(_ value: Any) -> String {
        String(decoding: (try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])) ?? Data(), as: UTF8.self)
    }

    private static func ask(_ base: String, _ path: String, _ folders: [String]) throws -> (status: Int, body: NSDictionary) {
        let answer = try http(base + path)
        let object = try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any], "\(path): \(answer.body)")
        return (answer.status, plain(object, folders) as? NSDictionary ?? [:])
    }

    /// Whether every rule has been evaluated, and the alert that fires has come to fire.
    private static func isSettled(_ base: String) throws -> Bool {
        let body = try http(base + "/api/v1/rules").body
        return !body.contains("\"health\":\"unknown\"") && body.contains("\"health\":\"ok\"") && body.contains("\"state\":\"firing\"")
    }

    static let paths = [
        "/api/v1/rules", "/api/v1/alerts", "/api/v1/alertmanagers", "/api/v1/rules?type=alert", "/api/v1/rules?type=Record", "/api/v1/rules?type=other", "/api/v1/rules?rule_name[]=one&rule_name[]=Fires",
        "/api/v1/rules?rule_group[]=limited", "/api/v1/rules?rule_group[]=none", "/api/v1/rules?file[]=none", "/api/v1/rules?exclude_alerts=true", "/api/v1/rules?exclude_alerts=F", "/api/v1/rules?exclude_alerts=x",
        "/api/v1/rules?match[]={team=\"b\"}", "/api/v1/rules?match[]={severity=~\"p.*\"}&match[]={kept!=\"\"}", "/api/v1/rules?match[]={", "/api/v1/rules?group_limit=1", "/api/v1/rules?group_limit=2&type=record",
        "/api/v1/rules?group_limit=0", "/api/v1/rules?group_limit=x", "/api/v1/rules?group_next_token=x", "/api/v1/rules?group_limit=1&group_next_token=x",
    ]

    @Test("rules, alerts, their errors and texts are Prometheus's", .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": Self.configuration, "rules.yml": Self.rules])
        defer { stack.stop() }
        let folder = stack.folder.appendingPathComponent("prometheus")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Self.rules.write(to: folder.appendingPathComponent("rules.yml"), atomically: true, encoding: .utf8)
        let prometheus = try await RunningPrometheus(configuration: Self.configuration, folder: folder)
        let ours = stack.url("prometheus")
        try #require(try await eventually(within: 90) { try Self.isSettled(ours) && Self.isSettled(prometheus.url()) })
        let folders = [stack.folder.appendingPathComponent("config").path, folder.path]
        for path in Self.paths {
            let (mine, theirs) = (try Self.ask(ours, path, folders), try Self.ask(prometheus.url(), path, folders))
            #expect(mine.status == theirs.status, "\(path): \(mine.body)")
            // Tokens mean something to the server alone that made them.
            if path.hasSuffix("group_limit=1") || path.contains("group_limit=2") {
                let (ours, theirs) = (mine.body["data"] as? NSDictionary, theirs.body["data"] as? NSDictionary)
                #expect(ours?["groups"] as? NSArray == theirs?["groups"] as? NSArray, "\(path)")
                #expect((ours?["groupNextToken"] == nil) == (theirs?["groupNextToken"] == nil), "\(path)")
            } else {
                #expect(mine.body == theirs.body, "\(path): \(mine.body) \(theirs.body)")
            }
        }
        // The series that say how alerts stand, without the times in their values.
        for metric in ["ALERTS", "ALERTS_FOR_STATE", "{__name__=~\"one|two|twice\"}"] {
            func series(_ base: String) throws -> [String] {
                let answer = try json(base + "/api/v1/query?query=" + (metric.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""))
                let result = (answer["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
                return result.map { (($0["metric"] as? [String: String]) ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",") }.sorted()
            }
            #expect(try await eventually(within: 60) { try !series(ours).isEmpty && series(ours) == series(prometheus.url()) }, "\(metric)")
        }
    }

    @Test("a page of groups leads to the next by its token")
    func pages() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": Self.configuration, "rules.yml": Self.rules])
        defer { stack.stop() }
        var names: [String] = []
        var token: String?
        repeat {
            let answer = try json(stack.url("prometheus", "/api/v1/rules?group_limit=2" + (token.map { "&group_next_token=\($0)" } ?? "")))
            let data = try #require(answer["data"] as? [String: Any])
            names += (data["groups"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
            token = data["groupNextToken"] as? String
        } while token != nil && names.count < 10
        #expect(names == ["alerts", "limited", "recordings"])
    }

    @Test("a broken rule file refuses the reload and leaves everything as it was; what is taken away ends")
    func reload() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": Self.configuration, "rules.yml": "groups: [{name: g, rules: [{record: a, expr: vector(1)}, {record: b, expr: vector(2)}]}]\n"])
        defer { stack.stop() }
        let file = stack.folder.appendingPathComponent("config/rules.yml")
        func value(_ query: String) throws -> Int { ((try json(stack.url("prometheus", "/api/v1/query?query=\(query)"))["data"] as? [String: Any])?["result"] as? [Any] ?? []).count }
        try #require(try await eventually(within: 60) { try value("a") == 1 && value("b") == 1 })
        try "groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n".write(to: file, atomically: true, encoding: .utf8)
        let refused = try http(stack.url("prometheus", "/-/reload"), method: "POST")
        #expect(refused.status == 500)
        #expect(refused.body.contains("rules.yml:5: group \"g\", rule 1, \"a\": could not parse expression: 1:5: parse error: "), "\(refused.body)")
        #expect(try http(stack.url("prometheus", "/api/v1/rules")).body.contains("\"query\":\"vector(2)\""))
        try "groups: [{name: g, rules: [{record: a, expr: vector(3)}]}]\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 200)
        // One series goes on with another value, the other ends long before the lookback is over.
        #expect(try await eventually(within: 60) { try value("a==3") == 1 && value("b") == 0 })
        try "groups: []\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(try http(stack.url("prometheus", "/-/reload"), method: "POST").status == 200)
        #expect(try await eventually(within: 60) { try value("a") == 0 })
        let metrics = try http(stack.url("prometheus", "/metrics")).body
        #expect(metrics.contains("prometheus_rule_group_duration_seconds_count") && !metrics.contains("rule_group=\""))
    }

    @Test("a broken rule file at the start is refused before anything stands")
    func start() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-rules-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "rule_files: ['*.rules']\n".write(to: folder.appendingPathComponent("prometheus.yml"), atomically: true, encoding: .utf8)
        try "groups:\n- nome: g\n".write(to: folder.appendingPathComponent("a.rules"), atomically: true, encoding: .utf8)
        let refused = try run(RunningStack.binary.path, ["serve", "--config", folder.path, "--data", folder.path + "/data", "--prometheus-port", "0"])
        #expect(refused.status == 2)
        #expect(refused.error.contains("a.rules:2: field nome not found in type rulefmt.RuleGroup"), "\(refused.error)")
    }

    @Test("an alert that waited goes on waiting behind a restart")
    func restart() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": Self.configuration, "rules.yml": "groups: []\n"])
        // As it was left behind: half a minute ago, having waited for half an hour.
        let now = Date().timeIntervalSince1970
        let body = remoteWriteBody([([("__name__", "ALERTS_FOR_STATE"), ("alertname", "Waits"), ("severity", "page")], [(Int64(now * 1_000) - 30_000, (now - 1_830).rounded())])])
        let written = try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body)
        try #require(written.status == 204, "\(written.body)")
        stack.stop(removing: false)
        let rules = "groups: [{name: g, rules: [{alert: Waits, expr: vector(1), for: 1h, labels: {severity: page}}]}]\n"
        let again = try await RunningStack(reusing: stack.folder, configuration: ["prometheus.yml": Self.configuration, "rules.yml": rules])
        defer { again.stop() }
        func activeAt() throws -> Double? {
            let alerts = (try json(again.url("prometheus", "/api/v1/alerts"))["data"] as? [String: Any])?["alerts"] as? [[String: Any]]
            let format = ISO8601DateFormatter()
            return (alerts?.first?["activeAt"] as? String).flatMap { text in
                // Fractions of seconds are of no interest.
                format.date(from: String(text.prefix(19)) + "Z")?.timeIntervalSince1970
            }
        }
        // The time that nobody looked does not count: it is active since half an hour before it was looked up.
        #expect(try await eventually(within: 90) { try activeAt().map { $0 < now - 1_500 } ?? false })
        let restored = try #require(try activeAt())
        #expect(restored >= now - 1_830)
        // From then on its series are written, too.
        #expect(try await eventually(within: 60) { try http(again.url("prometheus", "/api/v1/query?query=ALERTS")).body.contains("\"alertstate\":\"pending\"") })
    }

    // MARK: What comes with the product

    @Test("without any configuration the product's alerts are loaded, and config/prometheus.yml says the same in writing")
    func embedded() async throws {
        let bare = try await RunningStack()
        defer { bare.stop() }
        let written = try await RunningStack(arguments: ["--config", RunningStack.packageRoot.appendingPathComponent("config").path])
        defer { written.stop() }
        func rules(_ stack: RunningStack) throws -> [String] {
            let groups = (try json(stack.url("prometheus", "/api/v1/rules"))["data"] as? [String: Any])?["groups"] as? [[String: Any]] ?? []
            return groups.flatMap { group in
                (group["rules"] as? [[String: Any]] ?? []).map { "\(group["name"] ?? "") \(group["interval"] ?? "") \($0["name"] ?? "") \($0["query"] ?? "") \($0["duration"] ?? "") \($0["labels"] ?? "")" }
            }
        }
        func targets(_ stack: RunningStack) throws -> [String] {
            let active = (try json(stack.url("prometheus", "/api/v1/targets"))["data"] as? [String: Any])?["activeTargets"] as? [[String: Any]] ?? []
            return active.map { target in
                var url = "\(target["scrapeUrl"] ?? "")"
                for (door, port) in [("prometheus", 9090), ("pushgateway", 9091)] { url = url.replacingOccurrences(of: ":\(stack.ports[door] ?? 0)/", with: ":\(port)/") }
                return "\(target["scrapePool"] ?? "") \(url) \(target["scrapeInterval"] ?? "") \(target["scrapeTimeout"] ?? "")"
            }.sorted()
        }
        #expect(try await eventually(within: 60) { try rules(bare).count == 2 && rules(bare) == rules(written) && targets(bare).count == 4 && targets(bare) == targets(written) })
        #expect(try rules(bare) == rules(written))
        #expect(try targets(bare) == targets(written))
        #expect(try rules(bare).allSatisfy { $0.hasPrefix("primitives 15 ") })
        #expect(try rules(bare).map { $0.split(separator: " ")[2] } == ["HighErrorRate", "SlowPrimitive"])
    }

    @Test("service levels become rules with the next reload, and a broken one refuses it")
    func serviceLevels() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let folder = stack.folder.appendingPathComponent("config/slo")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func reload() throws -> (status: Int, body: String) { try http(stack.url("prometheus", "/-/reload"), method: "POST") }
        func groups() throws -> [String] {
            (((try json(stack.url("prometheus", "/api/v1/rules"))["data"] as? [String: Any])?["groups"] as? [[String: Any]]) ?? []).compactMap { $0["name"] as? String }
        }
        #expect(try groups().isEmpty)
        try "name: fast\ntarget: 0.95\nthreshold_ms: 1000\n".write(to: folder.appendingPathComponent("fast.yml"), atomically: true, encoding: .utf8)
        #expect(try reload().status == 200)
        #expect(try groups() == ["slo:fast", "slo:fast:budget"])
        try "name: other\ntarget: 95\nthreshold_ms: 1000\n".write(to: folder.appendingPathComponent("other.yml"), atomically: true, encoding: .utf8)
        let refused = try reload()
        #expect(refused.status == 500 && refused.body.contains("slo/other.yml:2: target: 95.0 is not a share between 0 and 1"), "\(refused.body)")
        #expect(try groups() == ["slo:fast", "slo:fast:budget"])
    }

    private static let conformance = RunningStack.packageRoot.deletingLastPathComponent().appendingPathComponent("shared/conformance")

    @Test("the checks have promtool's exit statuses and words", .enabled(if: peer("promtool") != nil, "the peers are not here: run scripts/get-peers.sh"),
          .enabled(if: FileManager.default.fileExists(atPath: conformance.path), "the conformance data is not beside the package"))
    func checks() throws {
        let promtool = try #require(peer("promtool"))
        let folder = Self.conformance
        for arguments in [
            ["check", "rules", "rules/rules.yaml"], ["check", "rules", "rules/bad_expr.bad.yaml", "rules/test.yaml"], ["check", "rules", "--lint-fatal", "promtool/rules_duplicates.yml"],
            ["check", "rules", "--lint=none", "promtool/rules_duplicates.yml"], ["check", "rules", "--ignore-unknown-fields", "promtool/rules_extrafields.yml"],
            ["check", "config", "promtool/prometheus-config.lint.yml"], ["test", "rules", "promtool/unittest.yml", "promtool/failing.yml"],
            ["test", "rules", "--run", "^correct", "promtool/rules_run.yml"], ["test", "rules", "--run", "wrong", "--run", "nothing", "promtool/rules_run_fuzzy.yml"],
            ["test", "rules", "--ignore-unknown-fields", "promtool/rules_run_extrafields.yml"],
        ] {
            let (ours, theirs) = (try run(RunningStack.binary.path, arguments, in: folder), try run(promtool, arguments, in: folder))
            #expect(ours.status == theirs.status, "\(arguments)")
            #expect(ours.output == theirs.output, "\(arguments)")
            #expect(ours.error == theirs.error, "\(arguments)")
        }
    }
}
