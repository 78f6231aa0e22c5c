/// Writes tokens with as little between them as keeps their meaning: nothing, a space where two would run together, or the end of the line
/// where JavaScript might put a semicolon.
struct ScriptWriter {
    private(set) var bytes: [UInt8] = []
    private var previous: ScriptToken.Kind?

    mutating func append(_ token: ScriptToken, of source: [UInt8]) {
        if let separator = separator(before: token, source) { bytes.append(separator) }
        bytes.append(contentsOf: source[token.range])
        previous = token.kind
    }

    private func separator(before token: ScriptToken, _ source: [UInt8]) -> UInt8? {
        guard let previous, let last = bytes.last else { return nil }
        let first = source[token.range.lowerBound]
        if token.startsLine, Self.mayEndStatement(previous, last, bytes.dropLast().last), Self.mayStartStatement(token.kind, first) { return UInt8(ascii: "\n") }
        return token.standsApart && Self.runTogether(previous, last, token.kind, first) ? UInt8(ascii: " ") : nil
    }

    private static func mayEndStatement(_ kind: ScriptToken.Kind, _ last: UInt8, _ secondLast: UInt8?) -> Bool {
        guard kind == .punctuator else { return true }
        switch last {
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): return true
        case UInt8(ascii: "+"), UInt8(ascii: "-"): return secondLast == last
        default: return false
        }
    }

    /// Whether a semicolon could be put before the token: not where it closes something, and not before an operator that goes on.
    private static func mayStartStatement(_ kind: ScriptToken.Kind, _ first: UInt8) -> Bool {
        if kind == .template { return first == UInt8(ascii: "`") }
        guard kind == .punctuator else { return true }
        switch first {
        case UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: ";"), UInt8(ascii: "?"),
            UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "%"): return false
        default: return true
        }
    }

    private static func runTogether(_ kind: ScriptToken.Kind, _ last: UInt8, _ next: ScriptToken.Kind, _ first: UInt8) -> Bool {
        switch (kind, next) {
        case (.word, .word), (.regex, .word): true
        case (.word, .punctuator): first == UInt8(ascii: ".") && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last)
        case (.punctuator, .punctuator): last == first && (first == UInt8(ascii: "+") || first == UInt8(ascii: "-"))
        case (.punctuator, .regex): last == UInt8(ascii: "/")
        default: false
        }
    }
}
