import MetricModel

/// Checks a parsed query's types and matching rules, with upstream's texts (`parser/parse.go`, `checkAST`).
struct TypeChecker {
    let query: [UInt8]

    private func failure(_ message: String, _ source: SourceRange) -> ParseError {
        ParseError(message, source.lower..<max(source.lower, source.upper), in: query)
    }

    private func expect(_ expr: Expr, _ wanted: ValueType, _ context: String) throws(ParseError) {
        try check(expr)
        if expr.type != wanted { throw failure("expected type \(wanted.documented) in \(context), got \(expr.type.documented)", expr.source) }
    }

    func check(_ expr: Expr) throws(ParseError) {
        switch expr {
        case .number, .string: break
        case .selector(let node): try check(node)
        case .rangeSelector(let node): try check(node.selector)
        case .parentheses(let node): try check(node.expr)
        case .subquery(let node):
            try check(node.expr)
            if node.expr.type != .vector { throw failure("subquery is only allowed on instant vector, got \(node.expr.type.rawValue) instead", node.source) }
        case .unary(let node):
            try check(node.expr)
            if node.expr.type != .scalar, node.expr.type != .vector {
                throw failure("unary expression only allowed on expressions of type scalar or instant vector, got \(LabelName.quoted(node.expr.type.documented))", node.source)
            }
        case .aggregation(let node):
            try expect(node.expr, .vector, "aggregation expression")
            if let parameter = node.parameter { try expect(parameter, node.aggregator == .countValues ? .string : .scalar, "aggregation parameter") }
        case .call(let node): try check(node)
        case .binary(let node): try check(node, expr.source)
        }
    }

    private func check(_ selector: VectorSelector) throws(ParseError) {
        if !selector.name.isEmpty {
            if let other = selector.matchers.dropLast().first(where: { $0.name == LabelName.metric }) {
                throw failure("metric name must not be set twice: \(LabelName.quoted(selector.name)) or \(LabelName.quoted(other.value))", selector.source)
            }
        } else if !selector.allowsEmptyMatchers, selector.matchers.allSatisfy(\.matchesEmpty) {
            throw failure("vector selector must contain at least one non-empty matcher", selector.source)
        }
    }

    private func check(_ call: Call) throws(ParseError) {
        let signature = call.function
        let name = LabelName.quoted(signature.name)
        let wanted = signature.parameters.count
        let given = call.arguments.count
        if signature.extra == 0 {
            if given != wanted { throw failure("expected \(wanted) argument(s) in call to \(name), got \(given)", call.source) }
        } else {
            if given < wanted - 1 { throw failure("expected at least \(wanted - 1) argument(s) in call to \(name), got \(given)", call.source) }
            let most = wanted - 1 + signature.extra
            if signature.extra > 0, given > most { throw failure("expected at most \(most) argument(s) in call to \(name), got \(given)", call.source) }
        }
        for (index, argument) in call.arguments.enumerated() {
            if signature.function == .info, index == 1 {
                if argument.type != .vector {
                    throw failure("expected type instant vector in call to function \(name), got \(argument.type.documented)", call.source)
                }
                guard case .selector(var selector) = argument else { throw failure("expected label selectors only", argument.source) }
                if !selector.name.isEmpty { throw failure("expected label selectors only, got vector selector instead", argument.source) }
                selector.allowsEmptyMatchers = true
                try check(selector)
                continue
            }
            let type = signature.parameters[min(index, wanted - 1)]
            try check(argument)
            if argument.type != type {
                throw failure("expected type \(type.documented) in call to function \(name), got \(argument.type.documented)", argument.source)
            }
        }
    }

    /// The operator between two operands, white space trimmed.
    private func operatorRange(_ node: Binary) -> SourceRange {
        var lower = node.left.source.upper
        while lower < query.count, Lexer.isSpace(query[lower]) { lower += 1 }
        var upper = node.right.source.lower - 1
        while upper > lower, upper < query.count, Lexer.isSpace(query[upper]) { upper -= 1 }
        return SourceRange(lower, upper)
    }

    private func check(_ node: Binary, _ source: SourceRange) throws(ParseError) {
        try check(node.left)
        try check(node.right)
        let left = node.left.type
        let right = node.right.type
        if node.returnsBool, !node.op.isComparison { throw failure("bool modifier can only be used on comparison operators", operatorRange(node)) }
        if node.op.isComparison, !node.returnsBool, left == .scalar, right == .scalar {
            throw failure("comparisons between scalars must use BOOL modifier", operatorRange(node))
        }
        let matching = node.matching ?? VectorMatching()
        if matching.isOn, let both = matching.labels.first(where: matching.include.contains) {
            throw failure("label \(LabelName.quoted(both)) must not occur in ON and GROUP clause at once", operatorRange(node))
        }
        for side in [node.left, node.right] where side.type != .scalar && side.type != .vector {
            throw failure("binary expression must contain only scalar and instant vector types", side.source)
        }
        if left != .vector || right != .vector {
            if !matching.labels.isEmpty { throw failure("vector matching only allowed between instant vectors", source) }
            if matching.fillLeft != nil || matching.fillRight != nil {
                throw failure("filling in missing series only allowed between instant vectors", source)
            }
            if node.op.isSet { throw failure("set operator \(LabelName.quoted(node.op.rawValue)) not allowed in binary scalar expression", source) }
        } else if node.op.isSet {
            if matching.cardinality == .oneToMany || matching.cardinality == .manyToOne {
                throw failure("no grouping allowed for \(LabelName.quoted(node.op.rawValue)) operation", source)
            }
            if matching.fillLeft != nil || matching.fillRight != nil { throw failure("filling in missing series not allowed for set operators", source) }
        }
    }
}

extension Expr {
    /// The same expression with the matching of each binary operation settled: many-to-many for set operators, none where a side
    /// is a scalar. What type-checking upstream leaves behind.
    var withSetCardinalities: Expr {
        switch self {
        case .number, .string, .selector, .rangeSelector: return self
        case .subquery(var node):
            node.expr = node.expr.withSetCardinalities
            return .subquery(node)
        case .call(var node):
            node.arguments = node.arguments.map(\.withSetCardinalities)
            if node.function.function == .info, node.arguments.count > 1, case .selector(var selector) = node.arguments[1] {
                selector.allowsEmptyMatchers = true
                node.arguments[1] = .selector(selector)
            }
            return .call(node)
        case .aggregation(var node):
            node.expr = node.expr.withSetCardinalities
            node.parameter = node.parameter?.withSetCardinalities
            return .aggregation(node)
        case .unary(var node):
            node.expr = node.expr.withSetCardinalities
            return .unary(node)
        case .parentheses(var node):
            node.expr = node.expr.withSetCardinalities
            return .parentheses(node)
        case .binary(var node):
            node.left = node.left.withSetCardinalities
            node.right = node.right.withSetCardinalities
            if node.left.type != .vector || node.right.type != .vector { node.matching = nil }
            if node.op.isSet, node.matching?.cardinality == .oneToOne { node.matching?.cardinality = .manyToMany }
            return .binary(node)
        }
    }
}
