import MetricModel

/// One `eval` command: a query, when to ask it, and everything that is expected of the answer.
struct ScriptEvaluation: Sendable {
    /// How a text is expected to read.
    enum Pattern: Sendable {
        case anything
        case message(String)
        case regex(LabelPattern)

        func matches(_ text: String) -> Bool {
            switch self {
            case .anything: true
            case .message(let message): message == text
            case .regex(let pattern): pattern.matches(text)
            }
        }
    }

    struct ExpectedSeries: Sendable {
        let labels: Labels
        let samples: [SeriesDescription.Sample]
        /// Its place among the expected series, from 0.
        let position: Int
    }

    let query: String
    let isRange: Bool
    /// The time of an instant query; the span and step of a range query or an expected range vector.
    var atMillis: Int64
    var startMillis: Int64
    var endMillis: Int64
    var stepMillis: Int64
    var isOrdered = false
    var failures: [Pattern] = []
    var warnings: [Pattern] = []
    var infos: [Pattern] = []
    /// From `eval_warn` and `eval_info`, which ask for any remark and forbid none.
    var needsWarning = false
    var needsInfo = false
    var forbidsWarnings = false
    var forbidsInfos = false
    var expectedString: String?
    var expectedScalar: Double?
    var expectedSeries: [ExpectedSeries] = []
    var isRangeVector = false

    init(_ head: String, _ body: [Script.Line]) throws(ScriptError) {
        let words = head.words
        let mode = words[0].split(separator: "_").dropFirst().first.map(String.init)
        guard words.count > 3, words[1] == "instant" || words[1] == "range" else {
            throw ScriptError("invalid evaluation command, must be 'eval instant at <time> <query>' or 'eval range from <from> to <to> step <step> <query>'")
        }
        isRange = words[1] == "range"
        if isRange {
            guard words.count >= 9, words[2] == "from", words[4] == "to", words[6] == "step" else { throw ScriptError("invalid range evaluation: \(head)") }
            startMillis = try ScriptError.duration(words[3])
            endMillis = try ScriptError.duration(words[5])
            stepMillis = try ScriptError.duration(words[7])
            if endMillis < startMillis { throw ScriptError("end timestamp (\(words[5])) is before start timestamp (\(words[3]))") }
            atMillis = endMillis
        } else {
            guard words[2] == "at", words.count >= 5 else { throw ScriptError("invalid instant evaluation: \(head)") }
            atMillis = try ScriptError.duration(words[3])
            (startMillis, endMillis, stepMillis) = (atMillis, atMillis, 0)
        }
        query = Self.text(head, after: isRange ? 8 : 4)
        switch mode {
        case "fail": failures = [.anything]
        case "warn": needsWarning = true
        case "info": needsInfo = true
        case "ordered": isOrdered = true
        default: break
        }
        for line in body { if try !read(line.text) { break } }
        if !infos.isEmpty, forbidsInfos { throw ScriptError("invalid expect lines, info and no_info cannot be used together") }
        if !warnings.isEmpty, forbidsWarnings { throw ScriptError("invalid expect lines, warn and no_warn cannot be used together") }
        if failures.count > 1 { throw ScriptError("invalid expect lines, multiple expect fail lines are not allowed") }
    }

    /// Everything behind so many words.
    private static func text(_ line: String, after count: Int) -> String {
        var rest = line[...]
        for _ in 0..<count {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            rest = rest.drop { $0 != " " && $0 != "\t" }
        }
        return rest.trimmed
    }

    /// Reads one line of expectations; false when nothing may follow it.
    private mutating func read(_ line: String) throws(ScriptError) -> Bool {
        if line.hasPrefix("expected_fail_message") {
            failures = [.message(line.dropFirst("expected_fail_message".count).trimmed)]
            return false
        }
        if line.hasPrefix("expected_fail_regexp") {
            failures = [try Self.regex(line.dropFirst("expected_fail_regexp".count).trimmed)]
            return false
        }
        if line.hasPrefix("expect range vector") {
            let words = line.words
            guard words.count == 9, words[3] == "from", words[5] == "to", words[7] == "step" else { throw ScriptError("invalid range vector definition: \(line)") }
            startMillis = try ScriptError.duration(words[4])
            endMillis = try ScriptError.duration(words[6])
            stepMillis = try ScriptError.duration(words[8])
            atMillis = endMillis
            isRangeVector = true
            return true
        }
        if line.hasPrefix("expect string") {
            let literal = line.dropFirst("expect string".count).trimmed
            guard literal.count >= 2, let quote = literal.first, quote == literal.last, quote == "\"" || quote == "`" else {
                throw ScriptError("expected string literal not valid - a quoted string literal is required")
            }
            expectedString = Lexer.unquoted(literal)
            return true
        }
        if line.words.first == "expect" {
            try readExpectation(line)
            return true
        }
        if let number = GoFormat.number(line) {
            expectedScalar = number
            return false
        }
        let series: SeriesDescription
        do { series = try SeriesDescription(line) } catch { throw ScriptError(error.description) }
        if series.samples.count > 1, !isRange, !isRangeVector { throw ScriptError("expecting multiple values in instant evaluation not allowed: \(line)") }
        expectedSeries.append(ExpectedSeries(labels: series.labels, samples: series.samples, position: expectedSeries.count))
        return true
    }

    private mutating func readExpectation(_ line: String) throws(ScriptError) {
        let rest = line.dropFirst("expect".count).trimmed
        let kind = String(rest.prefix { $0 != " " && $0 != "\t" })
        let condition = rest.dropFirst(kind.count).trimmed
        let pattern: Pattern
        if condition.hasPrefix("msg:") {
            pattern = .message(condition.dropFirst(4).trimmed)
        } else if condition.hasPrefix("regex:") {
            pattern = try Self.regex(condition.dropFirst(6).trimmed)
        } else if condition.isEmpty {
            pattern = .anything
        } else {
            throw ScriptError("invalid expect statement, must match `expect <type> <match_type>: <string>` format: \(line)")
        }
        switch kind {
        case "fail": failures.append(pattern)
        case "warn": warnings.append(pattern)
        case "info": infos.append(pattern)
        case "no_warn": forbidsWarnings = true
        case "no_info": forbidsInfos = true
        case "ordered": isOrdered = true
        default: throw ScriptError("invalid expected error/annotation type \(kind)")
        }
    }

    /// Go's patterns match anywhere in a text.
    private static func regex(_ pattern: String) throws(ScriptError) -> Pattern {
        do { return .regex(try LabelPattern(".*(?:\(pattern)).*")) } catch { throw ScriptError("invalid regex \(pattern): \(error)") }
    }
}
