import MetricModel

/// Something wrong with a rule file: where, and in which rule.
package struct RuleProblem: Error, Equatable, CustomStringConvertible {
    package let file: String
    /// Counted from 1; nil when the file as a whole is meant.
    package let line: Int?
    package let column: Int?
    /// Which group, and which of its rules, from 1.
    package let group: String?
    package let rule: (number: Int, name: String)?
    package let reason: String

    init(file: String, line: Int? = nil, column: Int? = nil, group: String? = nil, rule: (number: Int, name: String)? = nil, reason: String) {
        self.file = file
        self.line = line
        self.column = column
        self.group = group
        self.rule = rule
        self.reason = reason
    }

    /// What is wrong and in which rule, as upstream says it (`rulefmt.Error`).
    var sentence: String {
        guard let group, let rule else { return reason }
        return "group \(LabelName.quoted(group)), rule \(rule.number), \(LabelName.quoted(rule.name)): \(reason)"
    }

    package var description: String { "\(file): \(line.map { "\($0):\(column ?? 1): " } ?? "")\(sentence)" }

    package static func == (a: RuleProblem, b: RuleProblem) -> Bool { a.description == b.description }
}

/// A rule file that is refused: everything that is wrong with it, at least one thing.
package struct RefusedRules: Error, CustomStringConvertible {
    package let problems: [RuleProblem]
    package var description: String { problems.map(\.description).joined(separator: "\n") }

    /// The first problem, as errors of the configuration are told.
    var configurationError: ConfigurationError {
        let first = problems[0]
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        return ConfigurationError(file: first.file, line: first.line, reason: first.sentence + more)
    }
}
