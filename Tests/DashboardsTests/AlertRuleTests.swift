import Bytes
import Dashboards
import Foundation
import GrafanaAPI
import HTTPSurface
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import PromQL
import Synchronization
import Testing

/// Alert rules: what their forms become, the store, and the routes.
struct AlertRuleTests {
    private static func rule(_ json: String) throws -> AlertRule { try AlertRuleReader().rule(try JSONParser.parse(Array(json.utf8))).rule }

    @Test("the simple form, with a threshold in each of the ways to write one", arguments: [
        (#"{"name": "A", "expr": "up == 0"}"#, "up == 0"),
        (#"{"title": "A", "query": "rate(x[1m])", "threshold": 5}"#, "(rate(x[1m])) > 5"),
        (#"{"name": "A", "expr": "x", "condition": "< 0.05"}"#, "(x) < 0.05"),
        (#"{"name": "A", "expr": "x", "threshold": "3", "operator": "lte"}"#, "(x) <= 3"),
        (#"{"name": "A", "expr": "x", "threshold": 3, "condition": "below"}"#, "(x) < 3"),
        (#"{"name": "A", "expr": "x", "condition": {"type": "gt", "threshold": 0.5}}"#, "(x) > 0.5"),
        (#"{"name": "A", "expr": "x", "condition": {"evaluator": {"type": "outside_range", "params": [9, 1]}}}"#, "(x) < 1 or (x) > 9"),
        (#"{"alert": {"name": "A", "expr": "rate(x[$__rate_interval])"}}"#, "rate(x[1m0s])"),
    ])
    func simpleForm(json: String, expression: String) throws {
        let rule = try Self.rule(json)
        #expect(rule.expression == expression && rule.title == "A" && rule.group == "A")
    }

    @Test("times, labels and annotations of the simple form; what has no effect is named")
    func simpleParts() throws {
        let text = #"""
            {"name": "High", "expr": "x > 1", "for": "2m", "frequency": "30s", "keep_firing_for": 90, "labels": {"team": "web", "level": 3}, "severity": "page",
             "annotations": {"summary": "{{ $labels.job }} {{ $values.B.Value }} {{ $values.A }}"}, "message": "hello", "notifications": [], "id": 7}
            """#
        let (rule, ignored) = try AlertRuleReader().rule(try JSONParser.parse(Array(text.utf8)))
        #expect(rule.holdMillis == 120_000 && rule.intervalMillis == 30_000 && rule.keepFiringMillis == 90_000)
        #expect(rule.labels == ["team": "web", "level": "3", "severity": "page"])
        #expect(rule.annotations == ["summary": "{{ $labels.job }} {{ $value }} {{ $value }}", "description": "hello"] && ignored == ["notifications"])
    }

    @Test("an old dashboard's alert: conditions, reduced over their time and joined")
    func legacyForm() throws {
        func condition(_ expr: String, _ evaluator: String, _ reducer: String, _ join: String, _ from: String = "5m") -> String {
            #"{"type": "query", "query": {"params": ["A", "\#(from)", "now"], "model": {"expr": "\#(expr)", "refId": "A"}}, "reducer": {"type": "\#(reducer)", "params": []}, "evaluator": \#(evaluator), "operator": {"type": "\#(join)"}}"#
        }
        func expression(_ conditions: String...) throws -> String {
            try Self.rule(#"{"name": "A", "message": "m", "frequency": "1m", "for": "5m", "conditions": [\#(conditions.joined(separator: ","))]}"#).expression
        }
        let gt = #"{"type": "gt", "params": [3]}"#
        #expect(try expression(condition("a", gt, "avg", "and")) == "avg_over_time((a)[5m:]) > 3")
        #expect(try expression(condition("a", gt, "last", "and"), condition("b", #"{"type": "within_range", "params": [1, 2]}"#, "median", "and", "1h"))
            == "(last_over_time((a)[5m:]) > 3) and on() ((quantile_over_time(0.5, (b)[1h:]) > 1) < 2)")
        #expect(try expression(condition("a", gt, "max", "and"), condition("b", #"{"type": "no_value", "params": []}"#, "count", "or"))
            == "(max_over_time((a)[5m:]) > 3) or on() (absent(count_over_time((b)[5m:])))")
        #expect(throws: DashboardsError.self) { try expression(condition("a", gt, "percent_diff", "and")) }
    }

    @Test("today's form: queries, reduce, threshold, math and classic conditions become one expression", arguments: [
        ("A", #""expr": "up", "instant": true"#, "", "(up) != 0"),
        ("B", #""expr": "up", "instant": true"#, #"{"refId": "B", "datasourceUid": "__expr__", "model": {"type": "threshold", "expression": "A", "conditions": [{"evaluator": {"type": "lt", "params": [1]}}]}}"#, "(up) < 1"),
        ("C", #""expr": "a or b""#, #"{"refId": "B", "datasourceUid": "__expr__", "model": {"type": "reduce", "expression": "A", "reducer": "mean"}}, {"refId": "C", "datasourceUid": "-100", "model": {"type": "threshold", "expression": "$B", "conditions": [{"evaluator": {"type": "gt", "params": [5]}}]}}"#, "avg_over_time((a or b)[10m:]) > 5"),
        ("B", #""expr": "x", "instant": true"#, #"{"refId": "B", "datasourceUid": "__expr__", "model": {"type": "math", "expression": "${A} * 2 > 10"}}"#, "((x) * 2 > bool 10) != 0"),
        ("B", #""expr": "x", "instant": true"#, #"{"refId": "B", "datasourceUid": "__expr__", "model": {"type": "classic_conditions", "conditions": [{"evaluator": {"type": "gt", "params": [1]}, "query": {"params": ["A"]}, "reducer": {"type": "last"}}]}}"#, "(x) > 1"),
    ])
    func provisionedForm(condition: String, model: String, more: String, expression: String) throws {
        let rule = try Self.rule(
            #"{"title": "T", "ruleGroup": "g", "condition": "\#(condition)", "for": "1m", "data": [{"refId": "A", "datasourceUid": "prometheus", "relativeTimeRange": {"from": 600, "to": 0}, "model": {\#(model), "refId": "A"}}\#(more.isEmpty ? "" : ", " + more)]}"#)
        #expect(rule.expression == expression && rule.group == "g" && rule.holdMillis == 60_000)
    }

    @Test("what cannot be evaluated is refused, by the key and with the position in the expression", arguments: [
        (#"{"expr": "up"}"#, "name: a name"), (#"{"name": "A"}"#, "expr: a PromQL expression is needed"), (#"{"name": "A", "expr": "up ==="}"#, "expr: 1:6: parse error"),
        (#"{"name": "A", "expr": "up[5m]"}"#, "not a range vector"), (#"{"name": "A", "expr": "x", "for": "soon"}"#, "for: a duration"),
        (#"{"name": "A", "expr": "x", "frequency": "1ms"}"#, "interval: rules are evaluated"), (#"{"name": "A", "expr": "x", "condition": "sometimes"}"#, "condition: \"sometimes\" is not a comparison"),
        (#"{"name": "A", "expr": "x", "labels": {"__name__": "x"}}"#, "labels: \"__name__\""), (#"[]"#, "a JSON object is needed"), (#"{"name": "A", "conditions": []}"#, "at least one condition"),
        (#"{"title": "T", "condition": "B", "data": [{"refId": "A", "model": {"expr": "x"}}]}"#, "condition: there is no query or expression with refId \"B\""),
        (#"{"title": "T", "condition": "A", "data": [{"refId": "A", "datasourceUid": "loki", "model": {"expr": "x"}}]}"#, "data[0].datasourceUid: there is no Prometheus data source \"loki\""),
        (#"{"title": "T", "condition": "A", "data": [{"refId": "A", "datasourceUid": "__expr__", "model": {"type": "resample", "expression": "A"}}]}"#, "data[0].model.type"),
        (#"{"title": "T", "condition": "A", "data": [{"refId": "A", "datasourceUid": "__expr__", "model": {"type": "math", "expression": "$A"}}]}"#, "in a circle"),
    ])
    func refusals(json: String, words: String) {
        do {
            _ = try Self.rule(json)
            Issue.record("\(json) was taken")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test("rules are kept with their versions, found by uid and by number, and survive the database's closing")
    func store() async throws {
        let store = try TemporaryStore()
        var made = try await store.store.createAlertRule(try Self.rule(#"{"name": "A", "expr": "up == 0", "labels": {"a": "b"}}"#), author: "admin")
        #expect(made.id == 1 && !made.uid.isEmpty && made.version == 1 && made.createdBy == "admin" && made.labels == ["a": "b"])
        await #expect(throws: DashboardsError.alertRuleTitleTaken("A")) { try await store.store.createAlertRule(try Self.rule(#"{"name": "A", "expr": "x"}"#), author: "admin") }
        await #expect(throws: DashboardsError.folderNotFound(uid: "nope")) {
            try await store.store.createAlertRule(try Self.rule(#"{"name": "B", "expr": "x", "folderUID": "nope"}"#), author: "admin")
        }
        made.holdMillis = 5_000
        let changed = try await store.store.updateAlertRule(made, author: "eve")
        #expect(changed.version == 2 && changed.updatedBy == "eve" && changed.createdBy == "admin" && changed.id == 1)
        #expect(try await store.store.alertRule("1") == changed)
        #expect(try await store.store.alertRule(made.uid) == changed)
        try store.store.close()
        let again = try DashboardStore(path: store.folder + "/dashboards.db")
        #expect(try await again.alertRules() == [changed])
        #expect(try await again.deleteAlertRule("1").uid == made.uid)
        await #expect(throws: DashboardsError.alertRuleNotFound("1")) { try await again.alertRule("1") }
        try again.close()
    }

    /// A door with a host that says that every rule fires, and counts how often it was told of changes.
    private static func open(_ body: @Sendable (Door, @Sendable () -> Int) async throws -> Void) async throws {
        let store = try TemporaryStore()
        try await store.store.provision(dataSources: [.prometheus(url: "http://127.0.0.1:9090", scrapeInterval: "15s")])
        let rules = Mutex<[AlertRule]>([])
        let changes = Mutex(0)
        let host = AlertRuleHost(
            parser: ParserOptions(), templateProblem: { name, text in text.contains("{{ nonsense") ? "\(name) is no template" : nil },
            rulesHaveChanged: {
                let all = try? await store.store.alertRules()
                rules.withLock { $0 = all ?? [] }
                changes.withLock { $0 += 1 }
            },
            statuses: {
                Dictionary(uniqueKeysWithValues: rules.withLock { $0 }.map {
                    let instance = AlertRuleStatus.Instance(labels: ["alertname": $0.title], annotations: [:], state: "firing", activeAtMillis: 1_700_000_000_000, value: 2.5)
                    return ($0.uid, AlertRuleStatus(state: "firing", health: "ok", lastError: nil, evaluatedAtMillis: 1_700_000_001_000, evaluationSeconds: 0.5, instances: [instance]))
                })
            })
        let api = GrafanaAPI(
            dashboards: store.store, queries: PanelQueries(store: store.store, engine: HandMadeReader([]).engine), options: .init(version: "1", commit: ""), alertRules: host)
        let router = SurfaceRouter.make(envelope: GrafanaAPI.envelope)
        api.addRoutes(to: router)
        SurfaceRouter.closeMethods(of: router)
        try await Application(router: router).test(.router) { try await body(Door(store: store, client: $0)) { changes.withLock { $0 } } }
    }

    @Test("POST /api/alerts makes a rule that is listed, told to whoever evaluates, paused and deleted")
    func oldRoutes() async throws {
        try await Self.open { door, changes in
            #expect(try await door.ask(.get, "/api/alerts", headers: [:]).status == 401)
            let made = try await door.ask(.post, "/api/alerts", #"{"name": "High error rate", "expr": "rate(errors_total[5m]) > 0.1", "for": "5m", "channels": ["x"]}"#)
            #expect(made.status == 200 && made.json["id"] == 1 && made.message == "Alert rule created; without effect: channels" && changes() == 1)
            let refused = try await door.ask(.post, "/api/alerts", #"{"name": "B", "expr": "rate(errors_total) > 0.1"}"#)
            #expect(refused.status == 400 && refused.message?.hasPrefix("invalid alert rule: expr: 1:6: parse error: expected type range vector") == true, "\(refused.text)")
            #expect(try await door.ask(.post, "/api/alerts", #"{"name": "High error rate", "expr": "x"}"#).status == 409)
            #expect(try await door.ask(.post, "/api/alerts", "nonsense").status == 400)
            let template = try await door.ask(.post, "/api/alerts", #"{"name": "B", "expr": "x", "annotations": {"summary": "{{ nonsense"}}"#)
            #expect(template.message == "invalid alert rule: annotations.summary: summary is no template")

            let list = try await door.ask(.get, "/api/alerts").json.array ?? []
            #expect(list.count == 1 && list[0]["name"] == "High error rate" && list[0]["state"] == "alerting" && list[0]["for"] == "5m")
            #expect(list[0]["evalData"]?["evalMatches"]?.array?[0]["value"] == JSONValue(2.5))
            #expect(try await door.ask(.get, "/api/alerts?state=ok").json.array?.isEmpty == true)
            #expect(try await door.ask(.get, "/api/alerts/1").json["uid"] == made.json["uid"])
            #expect(try await door.ask(.get, "/api/alerts/2").status == 404)
            #expect(try await door.ask(.post, "/api/alerts/1/pause", #"{"paused": true}"#).json["state"] == "Paused")
            #expect(try await door.ask(.get, "/api/alerts/1").json["state"] == "paused")
            #expect(try await door.ask(.delete, "/api/alerts/1").status == 200 && changes() == 3)
            #expect(try await door.ask(.delete, "/api/alerts/1").status == 404)
        }
    }

    @Test("provisioned rules are made, read, replaced and deleted in today's API, and listed with how they stand")
    func provisioningRoutes() async throws {
        try await Self.open { door, changes in
            let path = "/api/v1/provisioning/alert-rules"
            func body(_ title: String, _ expr: String) -> String {
                #"{"uid": "r1", "title": "\#(title)", "ruleGroup": "g", "folderUID": "", "condition": "C", "for": "1m", "noDataState": "OK", "data": [{"refId": "A", "datasourceUid": "prometheus", "relativeTimeRange": {"from": 300, "to": 0}, "model": {"expr": "\#(expr)", "instant": true}}, {"refId": "C", "datasourceUid": "__expr__", "model": {"type": "threshold", "expression": "A", "conditions": [{"evaluator": {"type": "gt", "params": [1]}}]}}]}"#
            }
            let made = try await door.ask(.post, path, body("One", "x"))
            #expect(made.status == 201 && made.json["uid"] == "r1" && made.json["noDataState"] == "OK" && made.json["condition"] == "C" && made.json["for"] == "1m")
            #expect(made.json["data"]?.array?.count == 2)
            #expect(try await door.ask(.post, path, body("Two", "x")).status == 409)
            #expect(try await door.ask(.put, path + "/r1", body("Renamed", "y")).json["title"] == "Renamed")
            #expect(try await door.ask(.put, path + "/other", body("Renamed", "y")).status == 404)
            #expect(try await door.ask(.get, path + "/r1").json["title"] == "Renamed")
            #expect(try await door.ask(.get, path).json.array?.count == 1)
            let groups = try await door.ask(.get, "/api/prometheus/grafana/api/v1/rules").json["data"]?["groups"]?.array ?? []
            let rule = groups.first?["rules"]?.array?.first
            #expect(groups.count == 1 && groups[0]["name"] == "g" && groups[0]["file"] == "General" && rule?["state"] == "firing" && rule?["query"] == "(y) > 1" && rule?["health"] == "ok")
            let before = changes()
            #expect(try await door.ask(.delete, path + "/r1").status == 204 && changes() == before + 1)
            #expect(try await door.ask(.delete, path + "/r1").status == 204)
        }
    }
}
