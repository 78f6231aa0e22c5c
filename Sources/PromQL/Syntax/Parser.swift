import MetricModel

/// A recursive-descent parser over one token of lookahead, precedence climbing for operators.
///
/// Upstream's parser is LALR with error productions; an error is reported by the innermost production that can recover. The same
/// texts come out here by keeping the stack of those productions (`recoveries`). Only the first error is reported.
struct Parser {
    var lexer: Lexer
    let options: ParserOptions
    /// The token to be looked at next.
    var token = Token(kind: .endOfInput, range: 0..<0, text: "")
    /// Where the last token taken ends.
    var lastEnd = 0
    /// The innermost production that upstream would recover in: what it is called and what it would have accepted.
    private var recoveries: [(context: String, expected: String)] = []
    private var nesting = 0
    /// The height of the expression parsed last.
    private var height = 0

    init(_ query: String, options: ParserOptions) {
        lexer = Lexer(query)
        self.options = options
    }

    /// Recursion stays far from the end of the smallest stack that a caller may run on.
    private var nestingMax: Int { min(options.depthMax, 256) }

    mutating func query() throws(ParseError) -> Expr {
        try begin()
        if token.kind == .endOfInput { throw ParseError("no expression found in input", 0..<0, in: lexer.bytes) }
        let expr = try expression()
        if token.kind != .endOfInput { throw unexpected() }
        try TypeChecker(query: lexer.bytes).check(expr)
        return expr.withSetCardinalities
    }

    mutating func bareSelector() throws(ParseError) -> [Matcher] {
        try begin()
        guard token.kind == .leftBrace || token.kind.isMetricIdentifier else { throw unexpected() }
        let selector = try vectorSelector()
        if token.kind != .endOfInput { throw unexpected() }
        return selector.matchers
    }

    private mutating func begin() throws(ParseError) {
        if lexer.bytes.count > options.lengthBytesMax {
            throw ParseError("query is \(lexer.bytes.count) bytes long, longer than the limit of \(options.lengthBytesMax)", 0..<0, in: lexer.bytes)
        }
        token = try lexer.next()
    }

    // MARK: Tokens and errors

    mutating func advance() throws(ParseError) {
        lastEnd = token.range.upperBound
        token = try lexer.next()
    }

    mutating func take(_ kind: TokenKind) throws(ParseError) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    mutating func expect(_ kind: TokenKind) throws(ParseError) {
        guard try take(kind) else { throw unexpected() }
    }

    func failure(_ message: String, _ range: Range<Int>) -> ParseError { ParseError(message, range, in: lexer.bytes) }

    func failure(_ message: String, _ range: SourceRange) -> ParseError { failure(message, range.lower..<max(range.lower, range.upper)) }

    func unexpected() -> ParseError { unexpected(recoveries.last?.context ?? "", recoveries.last?.expected ?? "") }

    func unexpected(_ context: String, _ expected: String) -> ParseError {
        var message = "unexpected " + token.described
        if !context.isEmpty { message += " in " + context }
        if !expected.isEmpty { message += ", expected " + expected }
        return failure(message, token.range)
    }

    mutating func recovering<R>(_ context: String, _ expected: String, _ body: (inout Parser) throws(ParseError) -> R) throws(ParseError) -> R {
        recoveries.append((context, expected))
        let result = try body(&self)
        recoveries.removeLast()
        return result
    }

    /// Runs `body` one level deeper, within the bound.
    mutating func nested<R>(_ body: (inout Parser) throws(ParseError) -> R) throws(ParseError) -> R {
        nesting += 1
        defer { nesting -= 1 }
        if nesting > nestingMax { throw tooDeep() }
        return try body(&self)
    }

    private func tooDeep() -> ParseError {
        failure("expression is nested too deeply: at most \(nestingMax) parentheses and \(options.depthMax) operations may stand inside one another", token.range)
    }

    // MARK: Expressions

    /// An expression whose operators bind at least as tightly as `precedence`.
    mutating func expression(_ precedence: Int = 0) throws(ParseError) -> Expr {
        nesting += 1
        if nesting > nestingMax { throw tooDeep() }
        defer { nesting -= 1 }
        var left = try prefix()
        while let op = token.kind.binaryOperator, op.precedence >= precedence {
            var leftHeight = height
            try advance()
            let modifier = try binaryModifier()
            let right = try expression(op == .power ? op.precedence : op.precedence + 1)
            leftHeight = max(leftHeight, height) + 1
            if leftHeight > options.depthMax { throw tooDeep() }
            height = leftHeight
            if !options.binaryFillModifiers, modifier.matching.fillLeft != nil || modifier.matching.fillRight != nil {
                throw failure("binop fill modifiers are experimental and not enabled", SourceRange(left.source.lower, right.source.upper))
            }
            left = .binary(Binary(op: op, left: left, right: right, returnsBool: modifier.returnsBool, matching: modifier.matching))
        }
        return left
    }

    private mutating func prefix() throws(ParseError) -> Expr {
        guard token.kind == .add || token.kind == .subtract else { return try postfix() }
        let sign = token
        try advance()
        let operand = try expression(BinaryOperator.powerPrecedence)
        height += 1
        if case .number(var literal) = operand {
            if sign.kind == .subtract { literal.value = -literal.value }
            literal.source.lower = sign.range.lowerBound
            return .number(literal)
        }
        return .unary(Unary(isNegative: sign.kind == .subtract, expr: operand, source: SourceRange(sign.range.lowerBound, operand.source.upper)))
    }

    /// A primary expression with its ranges and modifiers, which bind tighter than every operator.
    private mutating func postfix() throws(ParseError) -> Expr {
        var expr = try primary()
        while true {
            switch token.kind {
            case .leftBracket: expr = try ranged(expr)
            case .offset: expr = try offset(expr)
            case .at: expr = try at(expr)
            case .anchored, .smoothed: expr = try edged(expr)
            default: return expr
            }
            height += 1
            if height > options.depthMax { throw tooDeep() }
        }
    }

    private mutating func primary() throws(ParseError) -> Expr {
        height = 1
        switch token.kind {
        case .number, .duration: return .number(try numberLiteral())
        case .string:
            let bytes = Lexer.unquotedBytes(token.text)
            var literal = StringLiteral(value: String(decoding: bytes, as: UTF8.self), source: SourceRange(token.range))
            if String(validating: bytes, as: UTF8.self) == nil { literal.malformedBytes = bytes }
            try advance()
            return .string(literal)
        case .leftParen:
            let from = token.range.lowerBound
            try advance()
            let inner = try expression()
            height += 1
            try expect(.rightParen)
            return .parentheses(Parentheses(expr: inner, source: SourceRange(from, lastEnd)))
        case .leftBrace: return .selector(try vectorSelector())
        case _ where token.kind.isMetricIdentifier: return try named()
        default: throw unexpected()
        }
    }

    /// What begins with a word: an aggregation, a call or a selector, as the next token says.
    private mutating func named() throws(ParseError) -> Expr {
        let word = token
        try advance()
        if let aggregator = Aggregator(rawValue: word.kind.rawValue) {
            switch token.kind {
            case .leftParen, .by, .without: return try aggregation(aggregator, word)
            default: break
            }
        }
        switch word.kind {
        case .identifier, .start, .end, .step, .range, .maxOf, .minOf:
            if token.kind == .leftParen { return try call(word) }
        default: break
        }
        return .selector(try vectorSelector(named: word))
    }

    private mutating func call(_ name: Token) throws(ParseError) -> Expr {
        let arguments = try arguments()
        let source = SourceRange(name.range.lowerBound, lastEnd)
        guard let signature = FunctionSignature.named(name.text) else { throw failure("unknown function with name \(LabelName.quoted(name.text))", name.range) }
        if signature.isExperimental, !options.experimentalFunctions { throw failure("function \(LabelName.quoted(name.text)) is not enabled", name.range) }
        height += 1
        return .call(Call(function: signature, arguments: arguments, source: source))
    }

    /// `(a, b, …)`
    private mutating func arguments() throws(ParseError) -> [Expr] {
        try expect(.leftParen)
        var arguments: [Expr] = []
        var highest = 1
        if try take(.rightParen) { height = highest; return arguments }
        while true {
            arguments.append(try expression())
            highest = max(highest, height)
            if token.kind == .comma {
                let comma = token.range
                try advance()
                if token.kind == .rightParen { throw failure("trailing commas not allowed in function call args", comma) }
                continue
            }
            try expect(.rightParen)
            height = highest
            return arguments
        }
    }

    private mutating func aggregation(_ aggregator: Aggregator, _ word: Token) throws(ParseError) -> Expr {
        let (arguments, grouping, isWithout) = try recovering("aggregation", "") { parser throws(ParseError) in
            if parser.token.kind != .leftParen {
                let isWithout = parser.token.kind == .without
                try parser.advance()
                let grouping = try parser.groupingLabels()
                return (try parser.arguments(), grouping, isWithout)
            }
            let arguments = try parser.arguments()
            guard parser.token.kind == .by || parser.token.kind == .without else { return (arguments, [], false) }
            let isWithout = parser.token.kind == .without
            try parser.advance()
            return (arguments, try parser.groupingLabels(), isWithout)
        }
        height += 1
        let source = SourceRange(word.range.lowerBound, lastEnd)
        guard let first = arguments.first else { throw failure("no arguments for aggregate expression provided", source) }
        if aggregator.isExperimental, !options.experimentalFunctions {
            throw failure("\(aggregator.rawValue)() is experimental and must be enabled with --enable-feature=promql-experimental-functions", source)
        }
        let wanted = aggregator.takesParameter ? 2 : 1
        guard arguments.count == wanted else {
            throw failure("wrong number of arguments for aggregate expression provided, expected \(wanted), got \(arguments.count)", source)
        }
        return .aggregation(Aggregation(
            aggregator: aggregator, expr: arguments[wanted - 1], parameter: wanted == 2 ? first : nil, grouping: grouping, isWithout: isWithout, source: source))
    }
}
