import Bytes

/// What Grafana calls an evaluator: a comparison of a value with one or two numbers.
///
/// Source: grafana `pkg/expr/threshold.go`, `pkg/services/ngalert/models`, and for dashboards' old alerts `pkg/services/alerting/conditions/evaluator.go`.
struct AlertComparison {
    private enum Kind {
        /// A PromQL operator and the number behind it.
        case single(String)
        case within(isClosed: Bool)
        case outside(isClosed: Bool)
    }

    private static let words: [String: String] = [
        "gt": ">", ">": ">", "above": ">", "greater_than": ">", "lt": "<", "<": "<", "below": "<", "less_than": "<", "gte": ">=", ">=": ">=", "lte": "<=", "<=": "<=", "eq": "==",
        "==": "==", "=": "==", "equal": "==", "equals": "==", "ne": "!=", "neq": "!=", "!=": "!=", "not_equal": "!=",
    ]

    private let kind: Kind
    private let numbers: [Double]

    /// Reads `{"type": "gt", "params": [5]}`.
    init(_ evaluator: JSONValue?, at key: String) throws(DashboardsError) {
        guard let type = evaluator?["type"]?.string else { throw .invalidAlertRule(key: key, reason: "an evaluator with a type, such as \"gt\", is needed") }
        try self.init(type, numbers: (evaluator?["params"]?.array ?? []).compactMap(Self.number), at: key)
    }

    init(_ type: String, numbers: [Double], at key: String) throws(DashboardsError) {
        let needed: Int
        switch type.lowercased() {
        case "within_range": (kind, needed) = (.within(isClosed: false), 2)
        case "outside_range": (kind, needed) = (.outside(isClosed: false), 2)
        case "within_range_included": (kind, needed) = (.within(isClosed: true), 2)
        case "outside_range_included": (kind, needed) = (.outside(isClosed: true), 2)
        case let word:
            guard let symbol = Self.words[word] else {
                throw .invalidAlertRule(key: key, reason: "\"\(type)\" is not a comparison; gt, lt, gte, lte, eq, ne, within_range and outside_range are")
            }
            (kind, needed) = (.single(symbol), 1)
        }
        guard numbers.count >= needed else { throw .invalidAlertRule(key: key, reason: "\"\(type)\" compares with \(needed) numbers, and \(numbers.count) are given") }
        self.numbers = Array(numbers.prefix(needed))
    }

    /// Reads `> 0.05`; nil for a text that is none.
    init?(_ text: String) {
        let trimmed = text.filter { $0 != " " }
        let symbol = String(trimmed.prefix { "<>=!".contains($0) })
        guard let known = Self.words[symbol], let number = Double(trimmed.dropFirst(symbol.count)), number.isFinite else { return nil }
        kind = .single(known)
        numbers = [number]
    }

    /// The series of `operand` for which it holds.
    func filter(_ operand: String) -> String {
        switch kind {
        case .single(let symbol): "\(operand) \(symbol) \(text(0))"
        case .within(let isClosed): "(\(operand) \(isClosed ? ">=" : ">") \(low)) \(isClosed ? "<=" : "<") \(high)"
        case .outside(let isClosed): "\(operand) \(isClosed ? "<=" : "<") \(low) or \(operand) \(isClosed ? ">=" : ">") \(high)"
        }
    }

    /// 1 for the series for which it holds, 0 for the others.
    func verdict(_ operand: String) -> String {
        switch kind {
        case .single(let symbol): "\(operand) \(symbol) bool \(text(0))"
        case .within(let isClosed): "(\(operand) \(isClosed ? ">=" : ">") bool \(low)) * (\(operand) \(isClosed ? "<=" : "<") bool \(high))"
        case .outside(let isClosed): "(\(operand) \(isClosed ? "<=" : "<") bool \(low)) + (\(operand) \(isClosed ? ">=" : ">") bool \(high))"
        }
    }

    private var low: String { JSONWriter.digits(min(numbers[0], numbers[1])) }
    private var high: String { JSONWriter.digits(max(numbers[0], numbers[1])) }
    private func text(_ index: Int) -> String { JSONWriter.digits(numbers[index]) }

    /// A finite number, also one in quotes.
    static func number(_ value: JSONValue) -> Double? { (value.double ?? value.string.flatMap { Double($0) }).flatMap { $0.isFinite ? $0 : nil } }
}
