import Bytes
import MetricModel
import PromQL

/// An expression as a tree of objects, each with its members in alphabetical order (upstream web/api/v1/translate_ast.go).
extension JSONWriter {
    mutating func tree(_ expr: Expr) {
        beginObject()
        switch expr {
        case .number(let node): numberMembers(node)
        case .string(let node):
            member("type", "stringLiteral")
            safeMember("val", node.value)
        case .selector(let node):
            selectorMembers(node) { _ in }
            member("type", "vectorSelector")
        case .rangeSelector(let node):
            selectorMembers(node.selector) { $0.span("range", node.range) }
            member("type", "matrixSelector")
        case .subquery(let node):
            key("expr")
            tree(node.expr)
            offset(node.offset)
            span("range", node.range)
            startOrEnd(node.at)
            span("step", node.step ?? .millis(0))
            timestamp(node.at)
            member("type", "subquery")
        case .call(let node):
            key("args")
            array { json in for argument in node.arguments { json.tree(argument) } }
            key("func")
            signature(node.function)
            member("type", "call")
        case .aggregation(let node):
            key("expr")
            tree(node.expr)
            names("grouping", node.grouping)
            member("op", node.aggregator.rawValue)
            key("param")
            if let parameter = node.parameter { tree(parameter) } else { null() }
            member("type", "aggregation")
            member("without", node.isWithout)
        case .binary(let node):
            member("bool", node.returnsBool)
            key("lhs")
            tree(node.left)
            key("matching")
            if let matching = node.matching { self.matching(matching) } else { null() }
            safeMember("op", node.op.rawValue)
            key("rhs")
            tree(node.right)
            member("type", "binaryExpr")
        case .unary(let node):
            key("expr")
            tree(node.expr)
            member("op", node.isNegative ? "-" : "+")
            member("type", "unaryExpr")
        case .parentheses(let node):
            key("expr")
            tree(node.expr)
            member("type", "parenExpr")
        }
        endObject()
    }

    private mutating func safeMember(_ name: String, _ text: String) {
        key(name)
        htmlSafeString(text)
    }

    private mutating func names(_ name: String, _ texts: [String]) {
        key(name)
        array { json in for text in texts { json.htmlSafeString(text) } }
    }

    private mutating func numberMembers(_ node: NumberLiteral) {
        member("type", "numberLiteral")
        member("val", GoFormat.shortest(node.value))
    }

    private mutating func signature(_ function: FunctionSignature) {
        object { json in
            json.key("argTypes")
            json.array { json in for type in function.parameters { json.string(type.rawValue) } }
            json.member("name", function.name)
            json.member("returnType", function.returns.rawValue)
            json.member("variadic", function.extra)
        }
    }

    private mutating func matching(_ matching: VectorMatching) {
        object { json in
            json.member("card", matching.cardinality.text)
            json.key("fillValues")
            json.object { json in
                json.number("lhs", matching.fillLeft)
                json.number("rhs", matching.fillRight)
            }
            json.names("include", matching.include)
            json.names("labels", matching.labels)
            json.member("on", matching.isOn)
        }
    }

    /// JSON has no NaN and no infinities: they are null, where upstream has no answer at all.
    private mutating func number(_ name: String, _ value: Double?) {
        key(name)
        if let value, value.isFinite { self.value(.number(GoFormat.json(value))) } else { null() }
    }

    // MARK: Selectors

    /// The members of a selector; those that come between `offsetExpr` and `smoothed` are written by `range`.
    private mutating func selectorMembers(_ node: VectorSelector, _ range: (inout JSONWriter) -> Void) {
        member("anchored", node.edge == .anchored)
        key("matchers")
        array { json in for matcher in node.matchers { json.matcher(matcher) } }
        safeMember("name", node.name)
        offset(node.offset)
        range(&self)
        member("smoothed", node.edge == .smoothed)
        startOrEnd(node.at)
        timestamp(node.at)
    }

    private mutating func matcher(_ matcher: Matcher) {
        object { json in
            json.safeMember("name", matcher.name)
            json.member("type", matcher.kind.rawValue)
            json.safeMember("value", matcher.value)
        }
    }

    private mutating func offset(_ offset: Offset) {
        switch offset {
        case .millis(let millis): duration("offset", millis, nil)
        case .expression(let expr): duration("offset", 0, expr)
        }
    }

    private mutating func span(_ name: String, _ span: Span) {
        switch span {
        case .millis(let millis): duration(name, millis, nil)
        case .expression(let expr): duration(name, 0, expr)
        }
    }

    /// A duration has two members: milliseconds where they are known, otherwise the expression that says them.
    private mutating func duration(_ name: String, _ millis: Int64, _ expr: DurationExpr?) {
        member(name, millis)
        key(name + "Expr")
        if let expr { tree(expr, isWrapped: false) } else { null() }
    }

    private mutating func startOrEnd(_ at: AtModifier?) {
        key("startOrEnd")
        switch at {
        case .start: string("start")
        case .end: string("end")
        case .time, nil: null()
        }
    }

    private mutating func timestamp(_ at: AtModifier?) {
        key("timestamp")
        if case .time(let millis) = at { int(millis) } else { null() }
    }

    // MARK: Durations

    private mutating func tree(_ expr: DurationExpr, isWrapped: Bool) {
        switch expr {
        // Upstream has no mark for a literal in parentheses, and makes it a sum of one.
        case .literal(let literal) where isWrapped: operation("+", nil, .literal(literal), isWrapped: true)
        case .literal(let literal):
            object { json in
                json.member("duration", literal.isDuration)
                json.numberMembers(literal)
            }
        case .step: operation("step", nil, nil, isWrapped: isWrapped)
        case .range: operation("range", nil, nil, isWrapped: isWrapped)
        case .negative(let operand, _): operation("-", nil, operand, isWrapped: isWrapped)
        case .binary(let op, let left, let right, _): operation(op.rawValue, left, right, isWrapped: isWrapped)
        case .parentheses(let inner, _): tree(inner, isWrapped: true)
        }
    }

    private mutating func operation(_ op: String, _ left: DurationExpr?, _ right: DurationExpr?, isWrapped: Bool) {
        object { json in
            json.key("lhs")
            if let left { json.tree(left, isWrapped: false) } else { json.null() }
            json.member("op", op)
            json.key("rhs")
            if let right { json.tree(right, isWrapped: false) } else { json.null() }
            json.member("type", "durationExpr")
            json.member("wrapped", isWrapped)
        }
    }
}

extension VectorMatching.Cardinality {
    fileprivate var text: String {
        switch self {
        case .oneToOne: "one-to-one"
        case .manyToOne: "many-to-one"
        case .oneToMany: "one-to-many"
        case .manyToMany: "many-to-many"
        }
    }
}
