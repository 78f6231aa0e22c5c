import MetricModel

/// The language itself: text to expression and back.
package enum PromQL {
    /// Parses and type-checks a query. O(length); nesting and length are bounded by `options`.
    package static func parse(_ query: String, options: ParserOptions = .init()) throws(ParseError) -> Expr {
        var parser = Parser(query, options: options)
        return try parser.query()
    }

    /// Parses a bare series selector such as `match[]` takes, and gives its matchers.
    package static func parseSelector(_ selector: String, options: ParserOptions = .init()) throws(ParseError) -> [Matcher] {
        var parser = Parser(selector, options: options)
        return try parser.bareSelector()
    }
}

/// Which experimental parts of the language are on, and how large a query may be.
package struct ParserOptions: Sendable, Hashable {
    /// `--enable-feature=promql-experimental-functions`
    package var experimentalFunctions = false
    /// `--enable-feature=promql-duration-expr`
    package var durationExpressions = false
    /// `--enable-feature=promql-extended-range-selectors`
    package var extendedRangeSelectors = false
    /// `--enable-feature=promql-binop-fill-modifiers`
    package var binaryFillModifiers = false
    /// How many expressions may stand inside one another, operands of a chain included.
    package var depthMax = 512
    /// How many bytes a query may have.
    package var lengthBytesMax = 1 << 20

    package init() {}

    /// Everything on.
    package static let allFeatures: ParserOptions = {
        var options = ParserOptions()
        options.experimentalFunctions = true
        options.durationExpressions = true
        options.extendedRangeSelectors = true
        options.binaryFillModifiers = true
        return options
    }()
}
