import MetricModel

extension Expr {
    /// The matchers of every selector in it, as written (`parser.ExtractSelectors`). Walks, so that depth costs no stack.
    package var selectors: [[Matcher]] {
        var found: [[Matcher]] = []
        var pending = [self]
        while let expr = pending.popLast() {
            switch expr {
            case .number, .string: break
            case .selector(let node): found.append(node.matchers)
            case .rangeSelector(let node): found.append(node.selector.matchers)
            case .subquery(let node): pending.append(node.expr)
            case .call(let node): pending += node.arguments
            case .aggregation(let node):
                pending.append(node.expr)
                if let parameter = node.parameter { pending.append(parameter) }
            case .binary(let node): pending += [node.left, node.right]
            case .unary(let node): pending.append(node.expr)
            case .parentheses(let node): pending.append(node.expr)
            }
        }
        return found
    }
}
