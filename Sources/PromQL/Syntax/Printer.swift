import MetricModel

/// Expressions as text, one spelling each: what is printed parses back to the same expression (upstream `parser/printer.go`).
extension Expr: CustomStringConvertible {
    package var description: String {
        switch self {
        case .number(let node): node.description
        case .string(let node): node.quoted
        case .selector(let node): node.description
        case .rangeSelector(let node): node.description
        case .subquery(let node): node.expr.description + node.suffix
        case .call(let node): "\(node.function.name)(\(node.arguments.map(\.description).joined(separator: ", ")))"
        case .aggregation(let node): "\(node.head)(\(node.parameter.map { "\($0), " } ?? "")\(node.expr))"
        case .binary(let node): "\(node.left) \(node.head) \(node.right)"
        case .unary(let node): (node.isNegative ? "-" : "+") + node.expr.description
        case .parentheses(let node): "(\(node.expr))"
        }
    }
}

extension NumberLiteral: CustomStringConvertible {
    package var description: String {
        isDuration ? PromDuration.format(millis: Parser.millis(seconds: value)) : GoFormat.shortest(value)
    }
}

extension VectorSelector: CustomStringConvertible {
    package var description: String { head + atText + edgeText + offset.text }

    /// Name and matchers, without modifiers.
    var head: String {
        let conditions = matchers.filter { !($0.name == LabelName.metric && $0.kind == .equal && $0.value == name && !name.isEmpty) }
        // `info` takes a selector without any condition. Upstream writes nothing for it, which does not read back.
        if name.isEmpty, conditions.isEmpty { return "{}" }
        return name + (conditions.isEmpty ? "" : "{\(conditions.map(\.description).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ","))}")
    }

    var atText: String { at?.text ?? "" }
    var edgeText: String { edge.map { " " + $0.rawValue } ?? "" }
}

extension MatrixSelector: CustomStringConvertible {
    package var description: String { "\(selector.head)[\(range.text)]\(selector.edgeText)\(selector.atText)\(selector.offset.text)" }
}

extension Subquery {
    /// `[range:step]` and the modifiers.
    var suffix: String { "[\(range.text):\(step?.text ?? "")]\(at?.text ?? "")\(offset.text)" }
}

extension Aggregation {
    /// The operator and its grouping.
    var head: String {
        if isWithout { return "\(aggregator.rawValue) without (\(labelList(grouping))) " }
        return grouping.isEmpty ? aggregator.rawValue : "\(aggregator.rawValue) by (\(labelList(grouping))) "
    }
}

extension Binary {
    /// The operator and everything that stands between it and the right side.
    var head: String {
        var text = op.rawValue + (returnsBool ? " bool" : "")
        guard let matching else { return text }
        let isGrouped = matching.cardinality == .manyToOne || matching.cardinality == .oneToMany
        if !matching.labels.isEmpty || matching.isOn || isGrouped {
            text += " \(matching.isOn ? "on" : "ignoring") (\(labelList(matching.labels)))"
        }
        if isGrouped { text += " group_\(matching.cardinality == .manyToOne ? "left" : "right") (\(labelList(matching.include)))" }
        if let left = matching.fillLeft, let right = matching.fillRight, left == right { return text + " fill (\(GoFormat.general(left)))" }
        if let left = matching.fillLeft { text += " fill_left (\(GoFormat.general(left)))" }
        if let right = matching.fillRight { text += " fill_right (\(GoFormat.general(right)))" }
        return text
    }
}

private func labelList(_ names: [String]) -> String {
    names.map { LabelName.isLegacy($0) ? $0 : LabelName.quoted($0) }.joined(separator: ", ")
}

extension AtModifier {
    var text: String {
        switch self {
        case .time(let millis): " @ " + GoFormat.fixed(Double(millis) / 1000, digits: 3)
        case .start: " @ start()"
        case .end: " @ end()"
        }
    }
}

extension Offset {
    var text: String {
        switch self {
        case .millis(0): ""
        case .millis(let millis): " offset " + PromDuration.format(millis: millis)
        case .expression(let expr): " offset \(expr)"
        }
    }
}

extension Span {
    var text: String {
        switch self {
        case .millis(let millis): PromDuration.format(millis: millis)
        case .expression(let expr): expr.description
        }
    }
}

extension DurationExpr: CustomStringConvertible {
    package var description: String {
        switch self {
        case .literal(let literal): literal.description
        case .step: "step()"
        case .range: "range()"
        case .negative(let operand, _): "-\(operand)"
        case .parentheses(let inner, _): "(\(inner))"
        case .binary(let op, let left, let right, _):
            op == .maxOf || op == .minOf ? "\(op.rawValue)(\(left), \(right))" : "\(left) \(op.rawValue) \(right)"
        }
    }
}
