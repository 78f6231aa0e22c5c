import Bytes

/// Puts a Grafana rule's queries and expressions into one PromQL expression whose answer has a series for every alert.
///
/// Source: grafana `pkg/expr` (reduce, threshold, math, classic conditions).
struct AlertExpression {
    private struct Node {
        let model: JSONValue
        let isExpression: Bool
        /// How far back a range query looks.
        let rangeMillis: Int64
        let key: String
    }

    /// How expressions may stand inside one another.
    private static let depthMax = 32

    private var nodes: [String: Node] = [:]
    private let interpolate: (String) -> String

    /// - Parameters:
    ///   - data: `data` of a rule, each with `refId`, `datasourceUid`, `relativeTimeRange` and `model`.
    ///   - dataSources: uids that mean this stack's Prometheus.
    ///   - interpolate: puts values in the place of `$__rate_interval` and its relatives.
    init(_ data: [JSONValue], dataSources: Set<String>, interpolate: @escaping (String) -> String) throws(DashboardsError) {
        self.interpolate = interpolate
        for (index, item) in data.enumerated() {
            let key = "data[\(index)]"
            guard let refID = item["refId"]?.string ?? item["model"]?["refId"]?.string, !refID.isEmpty else { throw .invalidAlertRule(key: key, reason: "a refId is needed") }
            guard nodes[refID] == nil else { throw .invalidAlertRule(key: key, reason: "two queries have the refId \"\(refID)\"") }
            let model = item["model"] ?? .object([])
            let source = item["datasourceUid"]?.string ?? model["datasource"]?["uid"]?.string ?? ""
            let isExpression = ["__expr__", "-100"].contains(source) || model["datasource"]?["type"]?.string == "__expr__"
            guard isExpression || source.isEmpty || dataSources.contains(source) else {
                throw .invalidAlertRule(key: "\(key).datasourceUid", reason: "there is no Prometheus data source \"\(source)\"; rules are evaluated by this stack's Prometheus only")
            }
            let from = item["relativeTimeRange"]?["from"]?.double ?? 600
            let to = item["relativeTimeRange"]?["to"]?.double ?? 0
            guard from >= to, (0...31_536_000).contains(from), to >= 0 else {
                throw .invalidAlertRule(key: "\(key).relativeTimeRange", reason: "it must begin before it ends, and at most a year ago")
            }
            guard to == 0 else { throw .invalidAlertRule(key: "\(key).relativeTimeRange.to", reason: "a range that does not end now cannot be evaluated; write an offset into the query") }
            nodes[refID] = Node(model: model, isExpression: isExpression, rangeMillis: Int64(from * 1_000), key: "\(key).model")
        }
    }

    /// The condition: series that satisfy a threshold, or whose value is not 0.
    func condition(_ refID: String) throws(DashboardsError) -> String {
        let node = try node(refID, at: "condition")
        guard node.isExpression else { return "(\(try query(node))) != 0" }
        switch try type(node) {
        case "threshold": return try threshold(node, depth: 0).filter(try operand(node, depth: 0))
        case "classic_conditions": return try classic(node)
        default: return "\(try value(refID, at: "condition", depth: 0)) != 0"
        }
    }

    private func node(_ refID: String, at key: String) throws(DashboardsError) -> Node {
        guard let node = nodes[refID] else { throw .invalidAlertRule(key: key, reason: "there is no query or expression with refId \"\(refID)\"") }
        return node
    }

    private func type(_ node: Node) throws(DashboardsError) -> String {
        guard let type = node.model["type"]?.string else { throw .invalidAlertRule(key: "\(node.key).type", reason: "an expression needs a type: reduce, threshold, math or classic_conditions") }
        return type
    }

    private func query(_ node: Node) throws(DashboardsError) -> String {
        guard let text = node.model["expr"]?.string, text.contains(where: { !$0.isWhitespace }) else { throw .invalidAlertRule(key: "\(node.key).expr", reason: "a PromQL expression is needed") }
        return interpolate(text)
    }

    /// The value of a query or an expression at a moment.
    private func value(_ refID: String, at key: String, depth: Int) throws(DashboardsError) -> String {
        guard depth < Self.depthMax else { throw .invalidAlertRule(key: key, reason: "expressions refer to each other in a circle, or more than \(Self.depthMax) deep") }
        let node = try node(refID, at: key)
        guard node.isExpression else { return "(\(try query(node)))" }
        switch try type(node) {
        case "reduce": return try reduced(node, depth: depth)
        case "threshold": return "(\(try threshold(node, depth: depth).verdict(try operand(node, depth: depth))))"
        case "math": return "(\(try math(node, depth: depth)))"
        case let other:
            throw .invalidAlertRule(key: "\(node.key).type", reason: "an expression of type \"\(other)\" cannot be put into one PromQL expression here; reduce, threshold and math can")
        }
    }

    private func reduced(_ node: Node, depth: Int) throws(DashboardsError) -> String {
        let mode = node.model["settings"]?["mode"]?.string ?? ""
        guard mode.isEmpty || mode == "dropNN" else { throw .invalidAlertRule(key: "\(node.key).settings.mode", reason: "\"\(mode)\" cannot be put into PromQL; strict and dropNN can") }
        let reducer = node.model["reducer"]?.string ?? "last"
        let input = try input(node)
        let source = try self.node(input, at: "\(node.key).expression")
        let isRange = !source.isExpression && source.model["instant"]?.bool != true
        if isRange { return try AlertReducer.over(query(source), reducer, millis: source.rangeMillis, at: "\(node.key).reducer") }
        return try AlertReducer.atMoment(value(input, at: "\(node.key).expression", depth: depth + 1), reducer, at: "\(node.key).reducer")
    }

    /// The refId that an expression works on: `A` or `$A`.
    private func input(_ node: Node) throws(DashboardsError) -> String {
        let text = (node.model["expression"]?.string ?? "").filter { !$0.isWhitespace && !"${}".contains($0) }
        guard !text.isEmpty else { throw .invalidAlertRule(key: "\(node.key).expression", reason: "the refId of its input is needed") }
        return text
    }

    private func operand(_ node: Node, depth: Int) throws(DashboardsError) -> String {
        try value(input(node), at: "\(node.key).expression", depth: depth + 1)
    }

    private func threshold(_ node: Node, depth: Int) throws(DashboardsError) -> AlertComparison {
        let conditions = node.model["conditions"]?.array ?? []
        guard conditions.count == 1 else { throw .invalidAlertRule(key: "\(node.key).conditions", reason: "a threshold has one condition") }
        guard conditions[0]["unloadEvaluator"] == nil else {
            throw .invalidAlertRule(key: "\(node.key).conditions[0].unloadEvaluator", reason: "a threshold of its own for recovery cannot be put into one PromQL expression")
        }
        return try AlertComparison(conditions[0]["evaluator"], at: "\(node.key).conditions[0].evaluator")
    }

    /// `$A > 5`, `${A} / $B`: numbers, references, parentheses, arithmetic and comparisons.
    private func math(_ node: Node, depth: Int) throws(DashboardsError) -> String {
        let key = "\(node.key).expression"
        var rest = (node.model["expression"]?.string ?? "")[...]
        guard rest.contains("$") else { throw .invalidAlertRule(key: key, reason: "a formula over other queries, such as $A > 5, is needed") }
        var out = ""
        while let first = rest.first {
            if first == "$" {
                rest.removeFirst()
                let isBraced = rest.first == "{"
                if isBraced { rest.removeFirst() }
                let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
                rest = rest.dropFirst(name.count)
                if isBraced { rest = rest.dropFirst(rest.first == "}" ? 1 : 0) }
                out += try value(name, at: key, depth: depth + 1)
            } else if rest.hasPrefix("**") {
                out += "^"
                rest = rest.dropFirst(2)
            } else if let symbol = [">=", "<=", "==", "!=", ">", "<"].first(where: { rest.hasPrefix($0) }) {
                while out.last == " " { out.removeLast() }
                out += " \(symbol) bool "
                rest = rest.dropFirst(symbol.count).drop { $0 == " " }
            } else if first.isNumber || first.isWhitespace || "+-*/%().eE".contains(first) {
                out.append(rest.removeFirst())
            } else {
                throw .invalidAlertRule(key: key, reason: "\"\(rest.prefix(12))\" cannot be put into PromQL; references, numbers, parentheses, arithmetic and comparisons can")
            }
        }
        return out
    }

    /// Conditions as dashboards' old alerts have them, on queries of this rule.
    private func classic(_ node: Node) throws(DashboardsError) -> String {
        try Self.classic(node.model["conditions"]?.array ?? [], at: "\(node.key).conditions") { condition, key throws(DashboardsError) in
            let refID = condition["query"]?["params"]?.array?.first?.string ?? ""
            let source = try self.node(refID, at: "\(key).query.params")
            let reducer = condition["reducer"]?["type"]?.string ?? "last"
            if !source.isExpression, source.model["instant"]?.bool != true { return try AlertReducer.over(query(source), reducer, millis: source.rangeMillis, at: "\(key).reducer") }
            return try AlertReducer.atMoment(value(refID, at: "\(key).query.params", depth: 1), reducer, at: "\(key).reducer")
        }
    }

    /// Conditions joined by `and` and `or` from left to right; `operand` gives what one compares.
    static func classic(
        _ conditions: [JSONValue], at key: String, operand: (_ condition: JSONValue, _ key: String) throws(DashboardsError) -> String
    ) throws(DashboardsError) -> String {
        guard !conditions.isEmpty else { throw .invalidAlertRule(key: key, reason: "at least one condition is needed") }
        guard conditions.count <= depthMax else { throw .invalidAlertRule(key: key, reason: "at most \(depthMax) conditions are taken") }
        var whole = ""
        for (index, condition) in conditions.enumerated() {
            let key = "\(key)[\(index)]"
            let part: String
            if condition["evaluator"]?["type"]?.string == "no_value" {
                part = "absent(\(try operand(condition, key)))"
            } else {
                part = try AlertComparison(condition["evaluator"], at: "\(key).evaluator").filter(try operand(condition, key))
            }
            switch condition["operator"]?["type"]?.string ?? "and" {
            case _ where index == 0: whole = part
            // Whatever series they are of: one rule is one alert there.
            case "and": whole = "(\(whole)) and on() (\(part))"
            case "or": whole = "(\(whole)) or on() (\(part))"
            case let other: throw .invalidAlertRule(key: "\(key).operator", reason: "\"\(other)\" joins no conditions; \"and\" and \"or\" do")
            }
        }
        return whole
    }
}
