import MetricModel

/// Numbers, durations and the arithmetic over durations.
extension Parser {
    mutating func numberLiteral() throws(ParseError) -> NumberLiteral {
        let literal = token
        let isDuration = literal.kind == .duration
        let value = isDuration ? Double(try duration(literal)) / 1000 : try number(literal)
        try advance()
        return NumberLiteral(value: value, isDuration: isDuration, source: SourceRange(literal.range))
    }

    private func number(_ token: Token) throws(ParseError) -> Double {
        guard let value = GoFormat.number(token.text) else {
            throw failure("error parsing number: strconv.ParseFloat: parsing \(LabelName.quoted(token.text)): invalid syntax", token.range)
        }
        if value.isInfinite, token.text.utf8.contains(where: Lexer.isDigit) {
            throw failure("error parsing number: strconv.ParseFloat: parsing \(LabelName.quoted(token.text)): value out of range", token.range)
        }
        return value
    }

    private func duration(_ token: Token) throws(ParseError) -> Int64 {
        do { return try PromDuration.millis(token.text) } catch { throw failure(error.message, token.range) }
    }

    // MARK: Expressions over durations

    /// What may stand behind `offset` without parentheses: one literal, `step()`, `range()`, or one of them with a sign.
    mutating func offsetDuration() throws(ParseError) -> DurationExpr {
        let sign = token
        guard sign.kind == .subtract || sign.kind == .add else {
            let operand = try durationPrimary()
            // A parenthesised expression goes on, as it does upstream; anything else ends here.
            guard case .parentheses = operand else { return operand }
            return try durationRest(operand, 0)
        }
        try advance()
        return try signed(sign, durationPrimary())
    }

    mutating func durationExpression(_ precedence: Int = 0) throws(ParseError) -> DurationExpr {
        if token.kind == .add || token.kind == .subtract {
            let sign = token
            try advance()
            let operand = try durationExpression(BinaryOperator.powerPrecedence)
            return try durationRest(signed(sign, operand), precedence)
        }
        return try durationRest(durationPrimary(), precedence)
    }

    private mutating func durationRest(_ first: DurationExpr, _ precedence: Int) throws(ParseError) -> DurationExpr {
        var left = first
        var operands = 0
        while let op = token.kind.binaryOperator, let durationOp = DurationExpr.Operator(rawValue: op.rawValue), op.precedence >= precedence {
            let sign = token
            operands += 1
            if operands > 64 { throw failure("duration expression is too long: at most 64 operations are allowed", sign.range) }
            try advance()
            let right = try durationExpression(op == .power ? op.precedence : op.precedence + 1)
            try needDurationExpressions(left)
            if case .literal(let literal) = right, literal.value == 0 {
                if durationOp == .divide { throw failure("division by zero", sign.range) }
                if durationOp == .modulo { throw failure("modulo by zero", sign.range) }
            }
            left = .binary(durationOp, left, right, SourceRange(left.source.lower, right.source.upper))
        }
        return left
    }

    private mutating func durationPrimary() throws(ParseError) -> DurationExpr {
        let from = token.range.lowerBound
        switch token.kind {
        case .number, .duration:
            let literal = try numberLiteral()
            if abs(literal.value) > 0x1p63 / 1e9 || literal.value.isNaN { throw failure("duration out of range", literal.source) }
            return .literal(literal)
        case .step, .range:
            let isStep = token.kind == .step
            try advance()
            try expect(.leftParen)
            try expect(.rightParen)
            let source = SourceRange(from, lastEnd)
            return try needDurationExpressions(isStep ? .step(source) : .range(source))
        case .maxOf, .minOf:
            let op: DurationExpr.Operator = token.kind == .maxOf ? .maxOf : .minOf
            try advance()
            try expect(.leftParen)
            let left = try nested { parser throws(ParseError) in try parser.durationExpression() }
            try expect(.comma)
            let right = try nested { parser throws(ParseError) in try parser.durationExpression() }
            try expect(.rightParen)
            return try needDurationExpressions(.binary(op, left, right, SourceRange(from, lastEnd)))
        case .leftParen:
            try advance()
            let inner = try nested { parser throws(ParseError) in try parser.durationExpression() }
            try expect(.rightParen)
            try needDurationExpressions(inner)
            return .parentheses(inner, SourceRange(from, lastEnd))
        default: throw unexpected()
        }
    }

    private func signed(_ sign: Token, _ operand: DurationExpr) throws(ParseError) -> DurationExpr {
        if case .literal(var literal) = operand {
            if sign.kind == .subtract { literal.value = -literal.value }
            literal.source.lower = sign.range.lowerBound
            return .literal(literal)
        }
        return sign.kind == .subtract ? .negative(operand, SourceRange(sign.range.lowerBound, operand.source.upper)) : operand
    }

    @discardableResult
    private func needDurationExpressions(_ expr: DurationExpr) throws(ParseError) -> DurationExpr {
        if !options.durationExpressions { throw failure("experimental duration expression is not enabled", expr.source) }
        return expr
    }
}
