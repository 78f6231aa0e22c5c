/// The operators that stand between two expressions.
package enum BinaryOperator: String, Sendable, Hashable {
    case add = "+", subtract = "-", multiply = "*", divide = "/", modulo = "%", power = "^", atan2
    case equal = "==", notEqual = "!=", lessOrEqual = "<=", less = "<", greaterOrEqual = ">=", greater = ">"
    case trimUpper = "</", trimLower = ">/"
    case and, or, unless

    package var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater: true
        default: false
        }
    }

    package var isSet: Bool { self == .and || self == .or || self == .unless }

    /// Whether it cuts observations off a histogram.
    var isTrim: Bool { self == .trimUpper || self == .trimLower }

    /// How tightly it binds; higher is tighter.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and, .unless: 2
        case .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater, .trimUpper, .trimLower: 3
        case .add, .subtract: 4
        case .multiply, .divide, .modulo, .atan2: Self.unaryPrecedence
        case .power: Self.powerPrecedence
        }
    }

    static let unaryPrecedence = 5
    static let powerPrecedence = 6
}

/// The operators that fold a vector into fewer series.
package enum Aggregator: String, Sendable, Hashable {
    case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile, limitk
    case countValues = "count_values", limitRatio = "limit_ratio"

    /// Whether it takes a parameter in front of the vector.
    package var takesParameter: Bool {
        switch self {
        case .topk, .bottomk, .countValues, .quantile, .limitk, .limitRatio: true
        default: false
        }
    }

    package var isExperimental: Bool { self == .limitk || self == .limitRatio }
}
