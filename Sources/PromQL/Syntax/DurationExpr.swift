/// Arithmetic over durations inside `[…]` and after `offset`, in seconds.
package indirect enum DurationExpr: Sendable, Hashable {
    package enum Operator: String, Sendable, Hashable {
        case add = "+", subtract = "-", multiply = "*", divide = "/", modulo = "%", power = "^"
        case maxOf = "max_of", minOf = "min_of"
    }

    case literal(NumberLiteral)
    /// The step of the query.
    case step(SourceRange)
    /// The range of the query, end minus start.
    case range(SourceRange)
    case negative(DurationExpr, SourceRange)
    case binary(Operator, DurationExpr, DurationExpr, SourceRange)
    case parentheses(DurationExpr, SourceRange)

    package var source: SourceRange {
        switch self {
        case .literal(let literal): literal.source
        case .step(let source), .range(let source), .negative(_, let source), .binary(_, _, _, let source), .parentheses(_, let source): source
        }
    }
}

extension DurationExpr {
    /// A duration that could not be computed, or must not be used.
    struct Invalid: Error { let message: String; let source: SourceRange }

    /// The value in seconds for a query with this step and range.
    func seconds(stepMillis: Int64, rangeMillis: Int64) throws(Invalid) -> Double {
        switch self {
        case .literal(let literal): return literal.value
        case .step: return Double(stepMillis) / 1000
        case .range: return Double(rangeMillis) / 1000
        case .negative(let operand, _): return -(try operand.seconds(stepMillis: stepMillis, rangeMillis: rangeMillis))
        case .parentheses(let inner, _): return try inner.seconds(stepMillis: stepMillis, rangeMillis: rangeMillis)
        case .binary(let op, let left, let right, let source):
            let a = try left.seconds(stepMillis: stepMillis, rangeMillis: rangeMillis)
            let b = try right.seconds(stepMillis: stepMillis, rangeMillis: rangeMillis)
            switch op {
            case .add: return a + b
            case .subtract: return a - b
            case .multiply: return a * b
            case .divide:
                if b == 0 { throw Invalid(message: "division by zero", source: source) }
                return a / b
            case .modulo:
                if b == 0 { throw Invalid(message: "modulo by zero", source: source) }
                return RealMath.remainder(a, b)
            case .power: return RealMath.power(a, b)
            case .maxOf: return Swift.max(a, b)
            case .minOf: return Swift.min(a, b)
            }
        }
    }
}
