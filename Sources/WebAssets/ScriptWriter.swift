/// Writes tokens with as little between them as keeps their meaning: nothing, a space where two would run together, or the end of the line
/// where JavaScript might put a semicolon. A comma before a closing bracket goes, a semicolon before a closing brace, and constants that
/// follow one another share one `const`.
struct ScriptWriter {
    private var written: [UInt8] = []
    private var previous: ScriptToken?
    /// A comma or a semicolon that waits for what comes behind it, and its depth.
    private var held: UInt8?
    private var heldDepth = 0
    /// Whether the held one may go before a closing bracket: no comma that makes an array's hole, no semicolon that is a statement.
    private var heldMayGo = false
    /// The depths at which the statement that is being written began with `const`, ascending.
    private var constants: [Int] = []

    /// All that was appended.
    var bytes: [UInt8] { written + (held.map { [$0] } ?? []) }

    mutating func append(_ token: ScriptToken, of source: [UInt8]) {
        let first = source[token.range.lowerBound]
        let isPunctuator = token.kind == .punctuator
        let isConstant = token.kind == .word && source[token.range].elementsEqual("const".utf8) && written.last != UInt8(ascii: ".")
        while let last = constants.last, last > token.depth { constants.removeLast() }
        if let held {
            self.held = nil
            if held == UInt8(ascii: ";"), constants.last == heldDepth {
                if isConstant { return written.append(UInt8(ascii: ",")) }
                constants.removeLast()
            }
            let closes = isPunctuator && (first == UInt8(ascii: "}") || held == UInt8(ascii: ",") && (first == UInt8(ascii: "]") || first == UInt8(ascii: ")")))
            if !closes || !heldMayGo { written.append(held) }
        }
        defer { previous = token }
        if isPunctuator, first == UInt8(ascii: ",") || first == UInt8(ascii: ";") {
            held = first
            heldDepth = token.depth
            heldMayGo = first == UInt8(ascii: ";") ? endsStatement : written.last != UInt8(ascii: ",") && written.last != UInt8(ascii: "[")
            return
        }
        if let separator = separator(before: token, source) {
            written.append(separator)
            // The line may have ended the constant's statement.
            if separator == UInt8(ascii: "\n"), constants.last == token.depth { constants.removeLast() }
        }
        if isConstant, constants.last != token.depth { constants.append(token.depth) }
        written.append(contentsOf: source[token.range])
    }

    /// Whether a semicolon here only ends a statement: behind the head of an `if`, `for` or `while` and behind `else` it is one.
    private var endsStatement: Bool { previous?.closesHead == false && !written.suffix(4).elementsEqual("else".utf8) }

    private func separator(before token: ScriptToken, _ source: [UInt8]) -> UInt8? {
        guard let previous, let last = written.last else { return nil }
        let first = source[token.range.lowerBound]
        if token.startsLine, Self.mayEndStatement(previous.kind, last, written.dropLast().last), Self.mayStartStatement(token.kind, first) { return UInt8(ascii: "\n") }
        return token.standsApart && Self.runTogether(previous.kind, last, token.kind, first) ? UInt8(ascii: " ") : nil
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
