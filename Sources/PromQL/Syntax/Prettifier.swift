/// Expressions broken over lines, where one line would be too long (upstream `parser/prettier.go`).
extension Expr {
    private static let lineLengthMax = 100

    /// The expression as `format_query` shows it.
    package var prettified: String { pretty(0) }

    private func indent(_ level: Int) -> String { String(repeating: "  ", count: level) }

    private func pretty(_ level: Int) -> String {
        let plain = description
        let isShort = plain.utf8.count <= Self.lineLengthMax
        switch self {
        case .number, .string, .selector, .rangeSelector: return indent(level) + plain
        case .subquery(let node): return isShort ? plain : node.expr.pretty(level) + node.suffix
        case .unary(let node):
            let child = node.expr.pretty(level)
            return indent(level) + (node.isNegative ? "-" : "+") + child.drop { $0 == " " }
        case _ where isShort: return indent(level) + plain
        case .call(let node):
            let arguments = node.arguments.map { $0.pretty(level + 1) }.joined(separator: ",\n")
            return "\(indent(level))\(node.function.name)(\n\(arguments)\n\(indent(level)))"
        case .aggregation(let node):
            let parameter = node.parameter.map { $0.pretty(level + 1) + ",\n" } ?? ""
            return "\(indent(level))\(node.head)(\n\(parameter)\(node.expr.pretty(level + 1))\n\(indent(level)))"
        case .binary(let node): return "\(node.left.pretty(level + 1))\n\(indent(level))\(node.head)\n\(node.right.pretty(level + 1))"
        case .parentheses(let node): return "\(indent(level))(\n\(node.expr.pretty(level + 1))\n\(indent(level)))"
        }
    }
}
