/// Puts values in the place of variables in a query: `$name`, `${name}`, `${name:format}` and `[[name]]`.
///
/// The built-in ones (`$__interval`, `$__rate_interval`, `$__range` and their relatives) are always known; the others are those that
/// the request brought. A variable that is not known stays as it is written.
package struct Interpolation: Sendable {
    /// What a variable stands for: one text, or several of which any may match.
    package enum Value: Sendable, Equatable {
        case one(String)
        case many([String])
    }

    private var builtIn: [String: String] = [:]
    private let variables: [String: Value]

    package init(step: QueryStep, rangeMillis: Int64, fromMillis: Int64, toMillis: Int64, variables: [String: Value] = [:]) {
        self.variables = variables
        let rangeSeconds = (rangeMillis + 500) / 1_000
        builtIn = [
            "__interval": DurationText.interval(step.stepMillis), "__interval_ms": "\(step.stepMillis)",
            "__interval_s": "\(step.stepMillis / 1_000)", "__rate_interval_s": "\(step.rateIntervalMillis / 1_000)",
            "__rate_interval": DurationText.exact(step.rateIntervalMillis), "__rate_interval_ms": "\(step.rateIntervalMillis)",
            "__range": "\(rangeSeconds)s", "__range_s": "\(rangeSeconds)", "__range_ms": "\(rangeMillis)",
            "__from": "\(fromMillis)", "__to": "\(toMillis)",
        ]
    }

    package func apply(to text: String) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        var rest = text[...]
        while let mark = rest.firstIndex(where: { $0 == "$" || $0 == "[" }) {
            out += rest[..<mark]
            rest = rest[mark...]
            if let (reference, length) = Self.reference(rest), let value = value(reference) {
                out += value
                rest = rest.dropFirst(length)
            } else {
                out.append(rest.removeFirst())
            }
        }
        return out + rest
    }

    private struct Reference {
        var name: Substring
        var format: Substring
    }

    /// The variable that `text` begins with, and how many characters it takes.
    private static func reference(_ text: Substring) -> (Reference, Int)? {
        if text.hasPrefix("${") { return enclosed(text, open: 2, close: "}") }
        if text.hasPrefix("[[") { return enclosed(text, open: 2, close: "]]") }
        guard text.first == "$" else { return nil }
        let name = text.dropFirst().prefix { isNamePart($0) }
        return name.isEmpty ? nil : (Reference(name: name, format: ""), name.count + 1)
    }

    private static func enclosed(_ text: Substring, open: Int, close: String) -> (Reference, Int)? {
        let inner = text.dropFirst(open)
        let name = inner.prefix { isNamePart($0) }
        var rest = inner.dropFirst(name.count)
        var format: Substring = ""
        if rest.first == ":" {
            format = rest.dropFirst().prefix { isNamePart($0) }
            rest = rest.dropFirst(format.count + 1)
        }
        guard !name.isEmpty, rest.hasPrefix(close) else { return nil }
        return (Reference(name: name, format: format), open + name.count + (format.isEmpty ? 0 : format.count + 1) + close.count)
    }

    private static func isNamePart(_ character: Character) -> Bool { character.isASCII && (character.isLetter || character.isNumber || character == "_") }

    private func value(_ reference: Reference) -> String? {
        if let text = builtIn[String(reference.name)] { return text }
        guard let value = variables[String(reference.name)] else { return nil }
        switch (value, reference.format) {
        case (.one(let text), "raw"), (.one(let text), "csv"), (.one(let text), "text"): return text
        case (.one(let text), "regex"): return Self.regexEscaped(text)
        case (.one(let text), "pipe"): return text
        case (.one(let text), _): return Self.quoteEscaped(text)
        case (.many(let texts), "raw"), (.many(let texts), "csv"): return texts.joined(separator: ",")
        case (.many(let texts), "text"): return texts.joined(separator: " + ")
        case (.many(let texts), "pipe"): return texts.joined(separator: "|")
        case (.many(let texts), _):
            let escaped = texts.map { Self.quoteEscaped(Self.regexEscaped($0)) }
            return escaped.count == 1 ? escaped[0] : "(" + escaped.joined(separator: "|") + ")"
        }
    }

    /// For inside a quoted string: backslashes and quotes.
    private static func quoteEscaped(_ text: String) -> String { escaped(text, "\\\"") }

    private static func regexEscaped(_ text: String) -> String { escaped(text, "\\^$*+?.()|[]{}") }

    private static func escaped(_ text: String, _ special: String) -> String {
        var out = ""
        for character in text {
            if special.contains(character) { out.append("\\") }
            out.append(character)
        }
        return out
    }
}
