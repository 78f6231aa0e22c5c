import MetricModel

/// The four types of PromQL values.
package enum ValueType: String, Sendable {
    case scalar, vector, matrix, string

    /// The name that the documentation and error messages use.
    package var documented: String {
        switch self {
        case .vector: "instant vector"
        case .matrix: "range vector"
        case .scalar, .string: rawValue
        }
    }
}

/// A parsed query, as it was written: parentheses, units and positions kept. Values, compared without regard to positions.
package indirect enum Expr: Sendable, Hashable {
    case number(NumberLiteral)
    case string(StringLiteral)
    case selector(VectorSelector)
    case rangeSelector(MatrixSelector)
    case subquery(Subquery)
    case call(Call)
    case aggregation(Aggregation)
    case binary(Binary)
    case unary(Unary)
    case parentheses(Parentheses)
}

/// A byte range of the query. Takes no part in comparisons, so that equal expressions are equal wherever they stand.
package struct SourceRange: Sendable, Hashable {
    package var lower: Int
    package var upper: Int

    package init(_ lower: Int, _ upper: Int) {
        self.lower = lower
        self.upper = upper
    }

    init(_ range: Range<Int>) { self.init(range.lowerBound, range.upperBound) }

    package static func == (_: SourceRange, _: SourceRange) -> Bool { true }
    package func hash(into _: inout Hasher) {}
}

package struct NumberLiteral: Sendable, Hashable {
    package var value: Double
    /// Whether it was written with units, `5m`.
    package var isDuration: Bool
    package var source: SourceRange
}

package struct StringLiteral: Sendable, Hashable {
    /// What it says; what is not UTF-8 replaced.
    package var value: String
    package var source: SourceRange
    /// Its bytes when they are not UTF-8, which no label name may be; otherwise empty.
    var malformedBytes: [UInt8] = []

    /// As Go's `%q` writes it.
    var quoted: String {
        if malformedBytes.isEmpty { return LabelName.quoted(value) }
        var text = ""
        var rest = malformedBytes[...]
        while let first = rest.first {
            let piece = (1...4).lazy.filter { $0 <= rest.count }.compactMap { String(validating: rest.prefix($0), as: UTF8.self) }.first
            text += piece.map { LabelName.quoted($0).dropFirst().dropLast() } ?? "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16)
            rest = rest.dropFirst(piece?.utf8.count ?? 1)
        }
        return "\"\(text)\""
    }
}

/// The fixed time of an `@` modifier.
package enum AtModifier: Sendable, Hashable {
    case time(millis: Int64)
    case start
    case end
}

/// The `offset` of a selector or subquery: known when parsed, or computed from the query's step and range.
package enum Offset: Sendable, Hashable {
    case millis(Int64)
    case expression(DurationExpr)

    package static let none = Offset.millis(0)
}

/// A length of time: known when parsed, or computed.
package enum Span: Sendable, Hashable {
    case millis(Int64)
    case expression(DurationExpr)
}

/// How a range selector treats samples at the edges of its window.
package enum WindowEdge: String, Sendable, Hashable { case anchored, smoothed }

package struct VectorSelector: Sendable, Hashable {
    /// The name in front of the braces, empty when there is none.
    package var name: String
    /// All conditions, the one on the name last when it stood in front.
    package var matchers: [Matcher]
    package var offset: Offset = .none
    package var at: AtModifier?
    package var edge: WindowEdge?
    package var source: SourceRange
    /// Whether it may select everything, as the data selector of `info` may.
    package var allowsEmptyMatchers = false
}

package struct MatrixSelector: Sendable, Hashable {
    package var selector: VectorSelector
    package var range: Span
    package var source: SourceRange
}

package struct Subquery: Sendable, Hashable {
    package var expr: Expr
    package var range: Span
    /// nil for the engine's default step.
    package var step: Span?
    package var offset: Offset = .none
    package var at: AtModifier?
    package var source: SourceRange
}

package struct Call: Sendable, Hashable {
    package var function: FunctionSignature
    package var arguments: [Expr]
    package var source: SourceRange
}

package struct Aggregation: Sendable, Hashable {
    package var aggregator: Aggregator
    package var expr: Expr
    package var parameter: Expr?
    package var grouping: [String]
    package var isWithout: Bool
    package var source: SourceRange
}

package struct VectorMatching: Sendable, Hashable {
    package enum Cardinality: Sendable, Hashable { case oneToOne, manyToOne, oneToMany, manyToMany }

    package var cardinality: Cardinality = .oneToOne
    package var labels: [String] = []
    /// Whether `labels` are the only ones that must agree (`on`), or the only ones that need not (`ignoring`).
    package var isOn = false
    /// The labels that `group_left` and `group_right` take over from the "one" side.
    package var include: [String] = []
    /// What stands in for a missing left or right sample.
    package var fillLeft: Double?
    package var fillRight: Double?
}

package struct Binary: Sendable, Hashable {
    package var op: BinaryOperator
    package var left: Expr
    package var right: Expr
    package var returnsBool: Bool
    /// nil unless both sides are instant vectors.
    package var matching: VectorMatching?
}

package struct Unary: Sendable, Hashable {
    package var isNegative: Bool
    package var expr: Expr
    package var source: SourceRange
}

package struct Parentheses: Sendable, Hashable {
    package var expr: Expr
    package var source: SourceRange
}

extension Expr {
    package var type: ValueType {
        switch self {
        case .number: .scalar
        case .string: .string
        case .selector, .aggregation: .vector
        case .rangeSelector, .subquery: .matrix
        case .call(let call): call.function.returns
        case .binary(let binary): binary.left.type == .scalar && binary.right.type == .scalar ? .scalar : .vector
        case .unary(let unary): unary.expr.type
        case .parentheses(let paren): paren.expr.type
        }
    }

    /// The bytes of the query that it was written in.
    package var source: SourceRange {
        switch self {
        case .number(let node): node.source
        case .string(let node): node.source
        case .selector(let node): node.source
        case .rangeSelector(let node): node.source
        case .subquery(let node): node.source
        case .call(let node): node.source
        case .aggregation(let node): node.source
        case .binary(let node): SourceRange(node.left.source.lower, node.right.source.upper)
        case .unary(let node): node.source
        case .parentheses(let node): node.source
        }
    }

    /// The expression inside any number of parentheses.
    package var unwrapped: Expr {
        var expr = self
        while case .parentheses(let paren) = expr { expr = paren.expr }
        return expr
    }
}
