import MetricModel

/// Alertmanager's first syntax of matchers, tolerant of missing quotes.
///
/// Source: alertmanager `pkg/labels/parse.go`.
enum ClassicMatchers {
    static func parse(_ text: String) throws(AlertingError) -> [Matcher] {
        var body = Substring(text)
        if body.hasPrefix("{") { body.removeFirst() }
        if body.hasSuffix("}") { body.removeLast() }
        var matchers: [Matcher] = []
        for token in tokens(body) { matchers.append(try matcher(token)) }
        return matchers
    }

    /// Splits at the commas outside quotes; an empty rest is none.
    private static func tokens(_ text: Substring) -> [String] {
        var tokens: [String] = []
        var token = String.UnicodeScalarView()
        var isQuoted = false
        var isEscaped = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "," where !isQuoted:
                tokens.append(String(token))
                token = String.UnicodeScalarView()
                continue
            case "\"": if isEscaped { isEscaped = false } else { isQuoted.toggle() }
            case "\\": isEscaped.toggle()
            default: isEscaped = false
            }
            token.append(scalar)
        }
        let rest = trimmed(token[...])
        if !rest.isEmpty { tokens.append(String(String.UnicodeScalarView(rest))) }
        return tokens
    }

    private static func matcher(_ text: String) throws(AlertingError) -> Matcher {
        var rest = trimmed(text.unicodeScalars[...])
        let name = rest.prefix { $0.isASCII && ($0 == "_" || $0 == ":" || $0.properties.isAlphabetic || ("0"..."9").contains($0)) }
        guard let first = name.first, !("0"..."9").contains(first) else { throw .invalidMatcher(text, reason: "bad matcher format: \(text)") }
        rest = trimmed(rest[name.endIndex...])
        guard let kind = [Matcher.Kind.regex, .equal, .notEqual, .notRegex].first(where: { rest.starts(with: $0.rawValue.unicodeScalars) }) else {
            throw .invalidMatcher(text, reason: "bad matcher format: \(text)")
        }
        rest = trimmed(rest.dropFirst(kind.rawValue.count))
        let value = try unescaped(rest, of: text)
        do { return try Matcher(kind, String(name), value) } catch { throw .invalidMatcher(text, reason: error.description) }
    }

    private static func unescaped(_ raw: String.UnicodeScalarView.SubSequence, of text: String) throws(AlertingError) -> String {
        var scalars = Array(raw)
        var awaitsQuote = false
        if scalars.first == "\"" {
            scalars.removeFirst()
            awaitsQuote = true
        }
        var value = String.UnicodeScalarView()
        var isEscaped = false
        for (index, scalar) in scalars.enumerated() {
            let isLast = index == scalars.count - 1
            if isEscaped {
                isEscaped = false
                switch scalar {
                case "n": value.append("\n")
                case "\"", "\\": value.append(scalar)
                default: value.append(contentsOf: ["\\", scalar])
                }
            } else if scalar == "\\", !isLast {
                isEscaped = true
            } else if scalar == "\"" {
                guard awaitsQuote, isLast else { throw .invalidMatcher(text, reason: "matcher value contains unescaped double quote: \(String(String.UnicodeScalarView(raw)))") }
                awaitsQuote = false
            } else {
                value.append(scalar)
            }
        }
        guard !awaitsQuote else { throw .invalidMatcher(text, reason: "matcher value contains unescaped double quote: \(String(String.UnicodeScalarView(raw)))") }
        return String(value)
    }

    private static func trimmed(_ text: String.UnicodeScalarView.SubSequence) -> String.UnicodeScalarView.SubSequence {
        var text = text.drop { $0.properties.isWhitespace }
        while let last = text.last, last.properties.isWhitespace { text.removeLast() }
        return text
    }
}
