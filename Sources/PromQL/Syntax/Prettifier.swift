/// Expressions broken over lines, where one line would be too long (upstream `parser/prettier.go`).
extension Expr {
    /// The expression as `format_query` shows it: what is longer than `lineLengthMax` bytes stands on several lines.
    package func prettified(lineLengthMax: Int = 100) -> String { pretty(0, lineLengthMax) }

    private func indent(_ level: Int) -> String { String(repeating: "  ", count: level) }

    private func pretty(_ level: Int, _ longest: Int) -> String {
        let plain = description
        let isShort = plain.utf8.count <= longest
        switch self {
        case .number, .string, .selector, .rangeSelector: return indent(level) + plain
        case .subquery(let node): return isShort ? plain : node.expr.pretty(level, longest) + node.suffix
        case .unary(let node):
            let child = node.expr.pretty(level, longest)
            return indent(level) + (node.isNegative ? "-" : "+") + child.drop { $0 == " " }
        case _ where isShort: return indent(level) + plain
        case .call(let node):
            let arguments = node.arguments.map { $0.pretty(level + 1, longest) }.joined(separator: ",\n")
            return "\(indent(level))\(node.function.name)(\n\(arguments)\n\(indent(level)))"
        case .aggregation(let node):
            let parameter = node.parameter.map { $0.pretty(level + 1, longest) + ",\n" } ?? ""
            return "\(indent(level))\(node.head)(\n\(parameter)\(node.expr.pretty(level + 1, longest))\n\(indent(level)))"
        case .binary(let node): return "\(node.left.pretty(level + 1, longest))\n\(indent(level))\(node.head)\n\(node.right.pretty(level + 1, longest))"
        case .parentheses(let node): return "\(indent(level))(\n\(node.expr.pretty(level + 1, longest))\n\(indent(level)))"
        }
    }
}
