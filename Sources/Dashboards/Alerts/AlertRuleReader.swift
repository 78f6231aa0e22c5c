import Bytes
import MetricModel
import PromQL

/// Reads alert rules in JSON, in each of the forms in which Grafana's users write them, and refuses what cannot be evaluated: at which key, and why.
package struct AlertRuleReader: Sendable {
    /// How expressions are parsed.
    package var parser = ParserOptions()
    /// Uids of data sources that mean this stack's Prometheus.
    package var dataSources: Set<String> = ["prometheus"]
    /// How often its data is scraped, as text.
    package var scrapeInterval = "15s"

    /// What is wrong with the template of a label or an annotation of this name; nil for nothing.
    package var templateProblem: @Sendable (_ name: String, _ text: String) -> String? = { _, _ in nil }

    package init() {}

    private static let textBytesMax = 64 << 10

    /// A rule as `POST /api/alerts` takes it: `{"name", "expr", "for", "labels", "annotations", "threshold"}`, or an alert as old dashboards hold it, with `conditions`.
    /// What else stands there has no effect, and is named in `ignored`.
    package func rule(_ body: JSONValue) throws(DashboardsError) -> (rule: AlertRule, ignored: [String]) {
        let json = body["alert"]?.object == nil ? body : body["alert"] ?? body
        guard let members = json.object else { throw .invalidAlertRule(key: "(document)", reason: "a JSON object is needed") }
        if json["data"]?.array != nil { return (try provisioned(json), []) }
        var keys = Set(members.map(\.key))
        func take(_ names: String...) -> (key: String, value: JSONValue?) {
            var found: (key: String, value: JSONValue?) = (names[0], nil)
            for name in names where keys.remove(name) != nil && found.value == nil {
                if let value = json[name], !value.isNull { found = (name, value) }
            }
            return found
        }
        let title = try text(take("name", "title", "alert"), needs: "a name, such as \"High error rate\", is needed") ?? ""
        let interval = try duration(take("frequency", "interval")) ?? 60_000
        let conditions = take("conditions")
        let query = take("expr", "expression", "query")
        let expression: String
        if let list = conditions.value {
            guard let list = list.array else { throw .invalidAlertRule(key: "conditions", reason: "a list is needed") }
            expression = try legacy(list, interval: interval)
        } else {
            let text = try text(query, needs: "a PromQL expression is needed") ?? ""
            expression = try compared(interpolation(rangeMillis: 300_000)(text), take("threshold"), take("operator", "comparison", "condition"))
        }
        var rule = AlertRule(title: title, group: try text(take("ruleGroup", "group", "rule_group"), needs: nil) ?? title, expression: expression, document: json)
        rule.uid = try text(take("uid"), needs: nil) ?? ""
        rule.folderUID = try text(take("folderUID", "folderUid", "folder_uid"), needs: nil) ?? ""
        rule.intervalMillis = interval
        rule.holdMillis = try duration(take("for", "duration")) ?? 0
        rule.keepFiringMillis = try duration(take("keep_firing_for", "keepFiringFor")) ?? 0
        rule.labels = try texts(take("labels", "alertRuleTags", "tags"))
        rule.annotations = try texts(take("annotations"))
        if let severity = try text(take("severity"), needs: nil), rule.labels["severity"] == nil { rule.labels["severity"] = severity }
        if let message = try text(take("message", "description"), needs: nil), rule.annotations["description"] == nil { rule.annotations["description"] = message }
        if let summary = try text(take("summary"), needs: nil), rule.annotations["summary"] == nil { rule.annotations["summary"] = summary }
        rule.isPaused = take("isPaused", "paused").value?.bool ?? false
        return (try checked(rule), keys.subtracting(["id", "version", "orgId", "orgID"]).sorted())
    }

    /// A rule as `/api/v1/provisioning/alert-rules` takes it, with `data` and `condition`.
    package func provisioned(_ json: JSONValue) throws(DashboardsError) -> AlertRule {
        guard json.object != nil else { throw .invalidAlertRule(key: "(document)", reason: "a JSON object is needed") }
        guard let title = json["title"]?.string, !title.isEmpty else { throw .invalidAlertRule(key: "title", reason: "no title") }
        if let record = json["record"], !record.isNull { throw .invalidAlertRule(key: "record", reason: "recording rules are made in rule files, not here") }
        guard let data = json["data"]?.array, !data.isEmpty else { throw .invalidAlertRule(key: "data", reason: "no queries or expressions are found") }
        guard let condition = json["condition"]?.string, !condition.isEmpty else { throw .invalidAlertRule(key: "condition", reason: "no condition is found") }
        let range = Int64(min(max(data[0]["relativeTimeRange"]?["from"]?.double ?? 600, 1), 31_536_000) * 1_000)
        let expression = try AlertExpression(data, dataSources: dataSources, interpolate: interpolation(rangeMillis: range))
        var rule = AlertRule(
            title: title, group: json["ruleGroup"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? title, expression: try expression.condition(condition), document: json)
        rule.uid = json["uid"]?.string ?? ""
        rule.folderUID = json["folderUID"]?.string ?? ""
        rule.intervalMillis = try duration(("interval", json["interval"])) ?? 60_000
        rule.holdMillis = try duration(("for", json["for"])) ?? 0
        rule.keepFiringMillis = try duration(("keep_firing_for", json["keep_firing_for"])) ?? 0
        rule.labels = try texts(("labels", json["labels"]))
        rule.annotations = try texts(("annotations", json["annotations"]))
        rule.isPaused = json["isPaused"]?.bool ?? false
        return try checked(rule)
    }

    // MARK: - Forms

    /// `conditions` of a dashboard's old alert: each brings its query, reduced over the time that `query.params` names.
    private func legacy(_ conditions: [JSONValue], interval: Int64) throws(DashboardsError) -> String {
        try AlertExpression.classic(conditions, at: "conditions") { condition, key throws(DashboardsError) in
            guard let text = condition["query"]?["model"]?["expr"]?.string ?? condition["query"]?["expr"]?.string, text.contains(where: { !$0.isWhitespace }) else {
                throw .invalidAlertRule(key: "\(key).query.model.expr", reason: "a PromQL expression is needed")
            }
            let params = condition["query"]?["params"]?.array ?? []
            let from = params.count > 1 ? params[1].string ?? "" : "5m"
            let to = params.count > 2 ? params[2].string ?? "" : "now"
            guard to == "now", let millis = DurationText.millis(from.hasPrefix("now-") ? String(from.dropFirst(4)) : from), millis > 0 else {
                throw .invalidAlertRule(key: "\(key).query.params", reason: "[\"A\", \"5m\", \"now\"] is understood: a time up to now, not from \"\(from)\" to \"\(to)\"")
            }
            let query = interpolation(rangeMillis: millis)(text)
            return try AlertReducer.over(query, condition["reducer"]?["type"]?.string ?? "avg", millis: millis, at: "\(key).reducer")
        }
    }

    /// The expression compared with `threshold`, when there is one, or as `condition` says in words.
    private func compared(_ expression: String, _ threshold: (key: String, value: JSONValue?), _ comparison: (key: String, value: JSONValue?)) throws(DashboardsError) -> String {
        if let evaluator = comparison.value, evaluator.object != nil {
            let inner = evaluator["evaluator"] ?? evaluator
            if inner["params"] != nil { return try AlertComparison(inner, at: comparison.key).filter("(\(expression))") }
            let number = (inner["threshold"] ?? inner["value"] ?? threshold.value).flatMap(AlertComparison.number)
            let type = inner["type"]?.string ?? inner["operator"]?.string ?? "gt"
            return try AlertComparison(type, numbers: number.map { [$0] } ?? [], at: comparison.key).filter("(\(expression))")
        }
        let words = try text(comparison, needs: nil)
        if let value = threshold.value {
            guard let number = AlertComparison.number(value) else { throw .invalidAlertRule(key: threshold.key, reason: "a number is needed") }
            return try AlertComparison(words ?? "gt", numbers: [number], at: comparison.key).filter("(\(expression))")
        }
        guard let words else { return expression }
        guard let read = AlertComparison(words) else {
            throw .invalidAlertRule(key: comparison.key, reason: "\"\(words)\" is not a comparison; write \"> 5\", or \"gt\" with a threshold")
        }
        return read.filter("(\(expression))")
    }

    // MARK: - Parts

    private func interpolation(rangeMillis: Int64) -> @Sendable (String) -> String {
        guard let step = try? QueryStep(rangeMillis: rangeMillis, points: 43_200, minimum: "", intervalMillis: 0, scrapeInterval: scrapeInterval, factor: 1) else { return { $0 } }
        let interpolation = Interpolation(step: step, rangeMillis: rangeMillis, fromMillis: 0, toMillis: rangeMillis)
        return { interpolation.apply(to: $0) }
    }

    private func text(_ found: (key: String, value: JSONValue?), needs: String?) throws(DashboardsError) -> String? {
        guard let text = found.value?.string, !text.isEmpty else {
            if let value = found.value, value.string == nil { throw .invalidAlertRule(key: found.key, reason: "a text is needed") }
            if let needs { throw .invalidAlertRule(key: found.key, reason: needs) }
            return nil
        }
        return text
    }

    /// `5m`, `1m30s`, or a number of seconds.
    private func duration(_ found: (key: String, value: JSONValue?)) throws(DashboardsError) -> Int64? {
        guard let value = found.value, !value.isNull, value != "" else { return nil }
        let millis = value.double.flatMap { $0 >= 0 && $0 < 1e10 ? Int64($0 * 1_000) : nil } ?? value.string.flatMap { ModelDuration($0)?.millis ?? DurationText.millis($0) }
        guard let millis, millis >= 0 else { throw .invalidAlertRule(key: found.key, reason: "a duration such as \"5m\" is needed") }
        return millis
    }

    /// A mapping of names to texts; numbers and truth values are taken as they are written.
    private func texts(_ found: (key: String, value: JSONValue?)) throws(DashboardsError) -> [String: String] {
        guard let value = found.value, !value.isNull else { return [:] }
        guard let members = value.object else { throw .invalidAlertRule(key: found.key, reason: "an object of names and texts is needed") }
        var texts: [String: String] = [:]
        for member in members {
            switch member.value {
            case .string(let text): texts[member.key] = text
            case .number(let digits): texts[member.key] = digits
            case .bool(let flag): texts[member.key] = flag ? "true" : "false"
            case .null: texts[member.key] = ""
            case .array, .object: throw .invalidAlertRule(key: "\(found.key).\(member.key)", reason: "a text is needed")
            }
        }
        return texts
    }

    private func checked(_ rule: AlertRule) throws(DashboardsError) -> AlertRule {
        var rule = rule
        for (key, text) in [("title", rule.title), ("group", rule.group)] where text.utf8.count > 190 { throw .invalidAlertRule(key: key, reason: "at most 190 bytes are taken") }
        rule.uid = try DashboardCheck.uid(.string(rule.uid)) { .invalidAlertRule(key: $0, reason: $1) }
        guard (1_000...86_400_000).contains(rule.intervalMillis) else { throw .invalidAlertRule(key: "interval", reason: "rules are evaluated every second at most and every day at least") }
        guard rule.document.encoded.count <= Self.textBytesMax * 4, rule.expression.utf8.count <= Self.textBytesMax else {
            throw .invalidAlertRule(key: "(document)", reason: "the rule is too long")
        }
        for name in rule.labels.keys where name.isEmpty || name == LabelName.metric { throw .invalidAlertRule(key: "labels", reason: "\"\(name)\" cannot be the name of a label") }
        // Grafana's name for what a rule computed.
        rule.annotations = rule.annotations.mapValues(Self.withoutValues)
        rule.labels = rule.labels.mapValues(Self.withoutValues)
        for (key, texts) in [("labels", rule.labels), ("annotations", rule.annotations)] {
            for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
                if let problem = templateProblem(name, text) { throw .invalidAlertRule(key: "\(key).\(name)", reason: problem) }
            }
        }
        let expression: Expr
        do { expression = try PromQL.parse(rule.expression, options: parser) } catch { throw .invalidAlertRule(key: "expr", reason: "\(error), in \(rule.expression)") }
        guard [.vector, .scalar].contains(expression.type) else {
            throw .invalidAlertRule(key: "expr", reason: "an instant vector or a number is needed, not a \(expression.type.documented): \(rule.expression)")
        }
        return rule
    }

    /// `$values.A.Value` and `$values.A` are `$value` here, where a rule has one.
    private static func withoutValues(_ text: String) -> String {
        var out = ""
        var rest = text[...]
        while let found = rest.firstRange(of: "$values.") {
            out += rest[..<found.lowerBound] + "$value"
            rest = rest[found.upperBound...].drop { $0.isLetter || $0.isNumber || $0 == "_" }
            if rest.hasPrefix(".Value") { rest = rest.dropFirst(6) }
        }
        return out + rest
    }
}
