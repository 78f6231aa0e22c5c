import MetricModel

/// Selectors, their ranges and their modifiers.
extension Parser {
    mutating func vectorSelector() throws(ParseError) -> VectorSelector {
        guard token.kind != .leftBrace else { return try vectorSelector(named: nil) }
        let word = token
        try advance()
        return try vectorSelector(named: word)
    }

    /// A selector whose name, if it has one in front, has been taken already.
    mutating func vectorSelector(named word: Token?) throws(ParseError) -> VectorSelector {
        let from = word?.range.lowerBound ?? token.range.lowerBound
        var matchers: [Matcher] = []
        if token.kind == .leftBrace {
            try advance()
            matchers = try labelMatchers()
        }
        let name = word?.text ?? ""
        if word != nil { matchers.append(.equal(LabelName.metric, name)) }
        return VectorSelector(name: name, matchers: matchers, source: SourceRange(from, lastEnd))
    }

    private mutating func labelMatchers() throws(ParseError) -> [Matcher] {
        var matchers: [Matcher] = []
        if try take(.rightBrace) { return matchers }
        while true {
            matchers.append(try labelMatcher())
            if token.kind == .comma {
                try advance()
                if try take(.rightBrace) { return matchers }
                continue
            }
            guard token.kind == .rightBrace else { throw unexpected("label matching", "\",\" or \"}\"") }
            try advance()
            return matchers
        }
    }

    private mutating func labelMatcher() throws(ParseError) -> Matcher {
        guard token.kind == .identifier || token.kind == .string else { throw unexpected("label matching", "identifier or \"}\"") }
        let label = token
        let isQuoted = token.kind == .string
        let name = isQuoted ? Lexer.unquoted(label.text) : label.text
        try advance()
        let kind: Matcher.Kind
        switch token.kind {
        case .assign: kind = .equal
        case .notEqual: kind = .notEqual
        case .regexEqual: kind = .regex
        case .regexNotEqual: kind = .notRegex
        case .comma where isQuoted, .rightBrace where isQuoted: return .equal(LabelName.metric, name)
        default: throw isQuoted ? unexpected("label matching", "\",\" or \"}\"") : unexpected("label matching", "label matching operator")
        }
        try advance()
        guard token.kind == .string else { throw unexpected("label matching", "string") }
        let value = token
        try advance()
        do { return try Matcher(kind, name, Lexer.unquoted(value.text)) } catch {
            throw failure("error parsing regexp: \(error.reason)", label.range.lowerBound..<value.range.upperBound)
        }
    }

    // MARK: Ranges

    /// `[range]` or `[range:step]` behind an expression.
    mutating func ranged(_ expr: Expr) throws(ParseError) -> Expr {
        let bracket = token.range
        try advance()
        let range = try recovering("subquery or range selector", "number, duration, step(), or range()") { parser throws(ParseError) in
            try parser.positiveDuration()
        }
        if token.kind == .rightBracket {
            let whole = bracket.lowerBound..<token.range.upperBound
            guard case .selector(let selector) = expr else { throw failure("ranges only allowed for vector selectors", whole) }
            if selector.offset != .none { throw failure("no offset modifiers allowed before range", whole) }
            if selector.at != nil { throw failure("no @ modifiers allowed before range", whole) }
            try advance()
            return .rangeSelector(MatrixSelector(selector: selector, range: range, source: SourceRange(selector.source.lower, lastEnd)))
        }
        guard token.kind == .colon else { throw unexpected("subquery or range", "\":\" or \"]\"") }
        try advance()
        var step: Span?
        if token.kind != .rightBracket {
            step = try recovering("subquery selector", "number, duration, step(), range(), or \"]\"") { parser throws(ParseError) in
                try parser.positiveDuration()
            }
            guard token.kind == .rightBracket else { throw unexpected("subquery selector", "\"]\"") }
        }
        try advance()
        return .subquery(Subquery(expr: expr, range: range, step: step, source: SourceRange(expr.source.lower, lastEnd)))
    }

    private mutating func positiveDuration() throws(ParseError) -> Span {
        let expr = try durationExpression()
        guard case .literal(let literal) = expr else { return .expression(expr) }
        if literal.value <= 0 { throw failure("duration must be greater than 0", literal.source) }
        return .millis(Parser.millis(seconds: literal.value))
    }

    /// Whole milliseconds, rounded by way of nanoseconds as upstream does.
    static func millis(seconds: Double) -> Int64 {
        let nanoseconds = (seconds * 1e9).rounded(.toNearestOrAwayFromZero)
        return (Int64(exactly: nanoseconds) ?? (seconds < 0 ? .min : .max)) / 1_000_000
    }

    // MARK: Modifiers

    mutating func offset(_ expr: Expr) throws(ParseError) -> Expr {
        try advance()
        let duration = try recovering("offset", "number, duration, step(), or range()") { parser throws(ParseError) in try parser.offsetDuration() }
        let offset: Offset
        if case .literal(let literal) = duration { offset = .millis(Parser.millis(seconds: literal.value)) } else { offset = .expression(duration) }
        let twice = failure("offset may not be set multiple times", expr.source)
        switch expr {
        case .selector(var node):
            if node.offset != .none { throw twice }
            node.offset = offset
            node.source.upper = lastEnd
            return .selector(node)
        case .rangeSelector(var node):
            if node.selector.offset != .none { throw twice }
            node.selector.offset = offset
            node.source.upper = lastEnd
            return .rangeSelector(node)
        case .subquery(var node):
            if node.offset != .none { throw twice }
            node.offset = offset
            node.source.upper = lastEnd
            return .subquery(node)
        default:
            throw failure("offset modifier must be preceded by an instant vector selector or range vector selector or a subquery", expr.source)
        }
    }

    mutating func at(_ expr: Expr) throws(ParseError) -> Expr {
        try advance()
        let modifier = try recovering("@", "timestamp") { parser throws(ParseError) in try parser.atTime(expr) }
        switch expr {
        case .selector(var node):
            if node.at != nil { throw atTwice(expr) }
            node.at = modifier
            node.source.upper = lastEnd
            return .selector(node)
        case .rangeSelector(var node):
            if node.selector.at != nil { throw atTwice(expr) }
            node.selector.at = modifier
            node.source.upper = lastEnd
            return .rangeSelector(node)
        case .subquery(var node):
            if node.at != nil { throw atTwice(expr) }
            node.at = modifier
            node.source.upper = lastEnd
            return .subquery(node)
        default: throw failure("@ modifier must be preceded by an instant vector selector or range vector selector or a subquery", expr.source)
        }
    }

    private func atTwice(_ expr: Expr) -> ParseError { failure("@ <timestamp> may not be set multiple times", expr.source) }

    private mutating func atTime(_ expr: Expr) throws(ParseError) -> AtModifier {
        if token.kind == .start || token.kind == .end {
            let modifier: AtModifier = token.kind == .start ? .start : .end
            try advance()
            try expect(.leftParen)
            try expect(.rightParen)
            return modifier
        }
        let isNegative = token.kind == .subtract
        if isNegative || token.kind == .add { try advance() }
        guard token.kind == .number || token.kind == .duration else { throw unexpected() }
        let literal = try numberLiteral()
        let seconds = isNegative ? -literal.value : literal.value
        guard seconds.isFinite, abs(seconds) < 0x1p63, let millis = Int64(exactly: (seconds * 1000).rounded(.toNearestOrAwayFromZero)) else {
            throw failure("timestamp out of bounds for @ modifier: \(GoFormat.fixed(seconds, digits: 6))", expr.source)
        }
        return .time(millis: millis)
    }

    mutating func edged(_ expr: Expr) throws(ParseError) -> Expr {
        let edge: WindowEdge = token.kind == .anchored ? .anchored : .smoothed
        try advance()
        if !options.extendedRangeSelectors { throw failure("\(edge.rawValue) modifier is experimental and not enabled", expr.source) }
        let both = failure("anchored and smoothed modifiers cannot be used together", expr.source)
        switch expr {
        case .selector(var node):
            if let other = node.edge, other != edge { throw both }
            node.edge = edge
            return .selector(node)
        case .rangeSelector(var node):
            if let other = node.selector.edge, other != edge { throw both }
            node.selector.edge = edge
            return .rangeSelector(node)
        case .subquery: throw failure("\(edge.rawValue) modifier is not supported for subqueries", expr.source)
        // Upstream's word for an expression that is neither.
        default: throw failure("\(edge.rawValue) modifier only allowed on selectors", expr.source)
        }
    }
}
