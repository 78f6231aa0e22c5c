import Bytes
import HTTPSurface
import Hummingbird
import MetricModel
import Platform
import PromQL
import Rules

extension PrometheusAPI {
    /// `/api/v1/rules`, `/api/v1/alerts`, `/api/v1/alertmanagers`.
    func addRuleRoutes(to router: Router<SurfaceContext>) {
        router.get("/api/v1/rules") { request, _ -> Response in
            let choice = try RuleChoice(try await FormParameters(request, limits: limits))
            let (chosen, next) = try choice.page(of: rules.groups)
            return Self.success(for: request, capacity: 1 << 14) { json in
                json.object { json in
                    json.key("groups")
                    json.array { json in for group in chosen { json.group(group.state, group.rules, withAlerts: !choice.excludesAlerts) } }
                    if let next { json.member("groupNextToken", next) }
                }
            }
        }
        router.get("/api/v1/alerts") { request, _ -> Response in
            let alerts = rules.groups.flatMap { $0.rules.flatMap(\.alerts.active) }
            return Self.success(for: request) { json in
                json.object { json in
                    json.key("alerts")
                    json.array { json in for alert in alerts { json.alert(alert) } }
                }
            }
        }
        router.get("/api/v1/alertmanagers") { request, _ -> Response in
            let known = server.alertmanagers()
            return Self.success(for: request) { json in
                json.object { json in
                    for (name, urls) in [("activeAlertmanagers", known.active), ("droppedAlertmanagers", known.dropped)] {
                        json.key(name)
                        json.array { json in for url in urls { json.object { json in json.member("url", url) } } }
                    }
                }
            }
        }
    }
}

/// Which rules a request wants (upstream web/api/v1/api.go `rules`).
struct RuleChoice {
    private let type: String
    private let names: Set<String>
    private let groups: Set<String>
    private let files: Set<String>
    private let selectors: [[Matcher]]
    let excludesAlerts: Bool
    /// At most so many groups; 0 for all.
    private let groupsMax: Int
    private let token: String

    init(_ parameters: FormParameters) throws(SurfaceError) {
        names = Set(parameters.all("rule_name[]"))
        groups = Set(parameters.all("rule_group[]"))
        files = Set(parameters.all("file[]"))
        selectors = try Self.selectors(parameters.all("match[]"))
        type = parameters["type"]?.lowercased() ?? ""
        guard ["", "alert", "record"].contains(type) else { throw Self.invalid("type", "not supported value \"\(type)\"") }
        let exclusion = parameters["exclude_alerts"]?.lowercased() ?? ""
        switch exclusion {
        case "", "0", "f", "false": excludesAlerts = false
        case "1", "t", "true": excludesAlerts = true
        default: throw Self.invalid("exclude_alerts", "error converting exclude_alerts: strconv.ParseBool: parsing \"\(exclusion)\": invalid syntax")
        }
        let limit = parameters["group_limit"] ?? ""
        token = parameters["group_next_token"] ?? ""
        if limit.isEmpty {
            guard token.isEmpty else { throw Self.invalid("group_next_token", "group_limit needs to be present in order to paginate over the groups") }
            groupsMax = 0
        } else {
            guard let count = Int32(limit) else { throw Self.invalid("group_limit", "group_limit needs to be a valid number: strconv.ParseInt: parsing \"\(limit)\": invalid syntax") }
            guard count > 0 else { throw Self.invalid("group_limit", "group_limit needs to be greater than 0") }
            groupsMax = Int(count)
        }
    }

    /// Upstream's words for a broken selector name no parameter here.
    private static func selectors(_ texts: [String]) throws(SurfaceError) -> [[Matcher]] {
        var selectors: [[Matcher]] = []
        for text in texts { do { selectors.append(try PromQL.parseSelector(text)) } catch { throw SurfaceError(.badRequest, "\(error)") } }
        guard selectors.allSatisfy({ $0.contains { !$0.matchesEmpty } }) else { throw SurfaceError(.badRequest, "match[] must contain at least one non-empty matcher") }
        return selectors
    }

    private static func invalid(_ name: String, _ reason: String) -> SurfaceError { SurfaceError(.badRequest, "invalid parameter \"\(name)\": \(reason)") }

    /// The groups of the page with the rules that are wanted, and the token of the page behind it.
    func page(of states: [GroupState]) throws(SurfaceError) -> (groups: [(state: GroupState, rules: [RuleState])], next: String?) {
        var rest = states[...]
        if !token.isEmpty {
            rest = rest.drop { Self.token(of: $0) != token }
            guard !rest.isEmpty else { throw Self.invalid("group_next_token", "invalid group_next_token '\(token)'. were rule groups changed?") }
        }
        var chosen: [(state: GroupState, rules: [RuleState])] = []
        for state in rest where (groups.isEmpty || groups.contains(state.group.name)) && (files.isEmpty || files.contains(state.group.file)) {
            let rules = state.rules.filter(wants)
            if rules.isEmpty { continue }
            if groupsMax > 0, chosen.count == groupsMax { return (chosen, Self.token(of: state)) }
            chosen.append((state, rules))
        }
        return (chosen, nil)
    }

    private func wants(_ state: RuleState) -> Bool {
        let rule = state.rule
        return (names.isEmpty || names.contains(rule.name)) && (type.isEmpty || type == (rule.alerting == nil ? "record" : "alert"))
            && (selectors.isEmpty || selectors.contains { $0.allSatisfy { $0.matches(rule.labels[$0.name] ?? "") } })
    }

    private static func token(of state: GroupState) -> String {
        SHA256.digest(Array(state.group.key.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension JSONWriter {
    fileprivate mutating func group(_ state: GroupState, _ rules: [RuleState], withAlerts: Bool) {
        beginObject()
        member("name", state.group.name)
        member("file", state.group.file)
        key("rules")
        array { json in for rule in rules { json.rule(rule, withAlerts: withAlerts) } }
        seconds("interval", state.group.intervalMillis)
        member("limit", state.group.limit)
        key("evaluationTime")
        double(state.evaluationSeconds)
        moment("lastEvaluation", nanos: state.evaluatedAtNanos)
        endObject()
    }

    private mutating func rule(_ state: RuleState, withAlerts: Bool) {
        beginObject()
        if let alerting = state.rule.alerting {
            member("state", state.alerts.state.text)
            member("name", state.rule.name)
            safeMember("query", state.rule.query)
            seconds("duration", alerting.holdMillis)
            seconds("keepFiringFor", alerting.keepFiringMillis)
            texts("labels", state.rule.labels)
            texts("annotations", alerting.annotations)
            key("alerts")
            if withAlerts {
                array { json in for alert in state.alerts.active { json.alert(alert) } }
            } else {
                null()
            }
        } else {
            member("name", state.rule.name)
            safeMember("query", state.rule.query)
            texts("labels", state.rule.labels)
        }
        member("health", state.health.rawValue)
        if let error = state.lastError, !error.isEmpty { safeMember("lastError", error) }
        key("evaluationTime")
        double(state.evaluationSeconds)
        moment("lastEvaluation", nanos: state.evaluatedAtNanos)
        member("type", state.rule.alerting == nil ? "recording" : "alerting")
        endObject()
    }

    fileprivate mutating func alert(_ alert: Alert) {
        beginObject()
        key("labels")
        labels(alert.labels)
        texts("annotations", alert.annotations)
        member("state", alert.state.text)
        member("activeAt", RFC3339.text(millis: alert.activeAtMillis))
        if let since = alert.keepFiringSinceMillis { member("keepFiringSince", RFC3339.text(millis: since)) }
        member("value", ScientificText.text(alert.value))
        endObject()
    }

    private mutating func texts(_ name: String, _ texts: [String: String]) {
        key(name)
        object { json in for (name, text) in texts.sorted(by: { $0.key < $1.key }) { json.safeMember(name, text) } }
    }

    private mutating func safeMember(_ name: String, _ text: String) {
        key(name)
        htmlSafeString(text)
    }

    private mutating func seconds(_ name: String, _ millis: Int64) {
        key(name)
        double(Double(millis) / 1_000)
    }

    private mutating func moment(_ name: String, nanos: Int64?) { member(name, nanos.map { RFC3339.text(millis: $0 / 1_000_000) } ?? "0001-01-01T00:00:00Z") }
}
