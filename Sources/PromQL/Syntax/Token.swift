/// One lexical item of a query: what it is and which bytes of the text it covers.
struct Token: Sendable {
    var kind: TokenKind
    /// Byte offsets into the query.
    var range: Range<Int>
    var text: String

    /// How error messages name the item, in upstream's words (`parser/lex.go`, `Item.desc`).
    var described: String {
        switch kind {
        case .endOfInput: "end of input"
        case .identifier: "identifier \(LabelName.quoted(text))"
        case .metricIdentifier: "metric identifier \(LabelName.quoted(text))"
        case .string: "string \(shortened)"
        case .number: "number \(shortened)"
        case .duration: "duration \(shortened)"
        case _ where kind.isKeyword: "<\(text)>"
        case _ where kind.isOperator: "<op:\(text)>"
        case _ where kind.isAggregator: "<aggr:\(text)>"
        default: shortened
        }
    }

    private var shortened: String {
        text.utf8.count > 10 ? LabelName.quoted(String(text.unicodeScalars.prefix(10).map(Character.init))) + "..." : LabelName.quoted(text)
    }
}

/// What a token may be. The order within the groups carries no meaning.
enum TokenKind: String, Sendable {
    case endOfInput = "end of input"
    case identifier, metricIdentifier, string, number, duration

    case leftParen = "(", rightParen = ")", leftBrace = "{", rightBrace = "}", leftBracket = "[", rightBracket = "]"
    case comma = ",", assign = "=", colon = ":"

    case add = "+", subtract = "-", multiply = "*", divide = "/", modulo = "%", power = "^", atan2 = "atan2"
    case equal = "==", notEqual = "!=", lessOrEqual = "<=", less = "<", greaterOrEqual = ">=", greater = ">"
    case trimUpper = "</", trimLower = ">/"
    case regexEqual = "=~", regexNotEqual = "!~"
    case and, or, unless
    case at = "@"

    case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile, limitk
    case countValues = "count_values", limitRatio = "limit_ratio"

    case offset, smoothed, anchored, by, without, on, ignoring, bool
    case groupLeft = "group_left", groupRight = "group_right"
    case fill, fillLeft = "fill_left", fillRight = "fill_right"

    case start, end, step, range
    case maxOf = "max_of", minOf = "min_of"

    /// The words that are not identifiers outside braces, lower-cased.
    static let words: [String: TokenKind] = {
        let kinds: [TokenKind] = [
            .and, .or, .unless, .atan2, .sum, .avg, .count, .min, .max, .group, .stddev, .stdvar, .topk, .bottomk, .countValues, .quantile,
            .limitk, .limitRatio, .offset, .smoothed, .anchored, .by, .without, .on, .ignoring, .groupLeft, .groupRight, .fill, .fillLeft,
            .fillRight, .bool, .start, .end, .step, .range, .maxOf, .minOf,
        ]
        var words = Dictionary(uniqueKeysWithValues: kinds.map { ($0.rawValue, $0) })
        words["inf"] = .number
        words["nan"] = .number
        return words
    }()

    var isAggregator: Bool { Aggregator(rawValue: rawValue) != nil }

    var isOperator: Bool {
        switch self {
        case .add, .subtract, .multiply, .divide, .modulo, .power, .atan2, .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater,
            .trimUpper, .trimLower, .regexEqual, .regexNotEqual, .and, .or, .unless, .at: true
        default: false
        }
    }

    var isKeyword: Bool {
        switch self {
        case .offset, .smoothed, .anchored, .by, .without, .on, .ignoring, .groupLeft, .groupRight, .fill, .fillLeft, .fillRight, .bool: true
        default: false
        }
    }

    /// Whether the word may stand for a metric name (`metric_identifier` of upstream's grammar).
    var isMetricIdentifier: Bool {
        switch self {
        case .identifier, .metricIdentifier, .by, .without, .fill, .fillLeft, .fillRight, .and, .or, .unless, .offset, .start, .end, .step, .range,
            .anchored, .smoothed, .maxOf, .minOf: true
        default: isAggregator
        }
    }

    /// Whether the word may stand for a label in a grouping (`maybe_label`).
    var isGroupingLabel: Bool {
        switch self {
        case .bool, .groupLeft, .groupRight, .ignoring, .on, .atan2: true
        default: isMetricIdentifier && self != .without
        }
    }

    /// The binary operator that the token stands for.
    var binaryOperator: BinaryOperator? { BinaryOperator(rawValue: rawValue) }
}

import MetricModel
