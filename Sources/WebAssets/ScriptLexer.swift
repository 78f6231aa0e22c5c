/// Splits JavaScript into tokens, as far as taking out comments and white space needs it: it tells strings, templates and regular
/// expressions from the rest and leaves every grammar but that alone (ECMA-262, 12).
///
/// A slash after a value divides, otherwise it starts a regular expression. A closing parenthesis is a value unless it closes the head of
/// an `if`, `while` or `for`; a closing brace always is: no statement of the pages starts with a regular expression.
struct ScriptLexer {
    private let source: [UInt8]
    private var at = 0
    private var depth = 0
    /// The depth around each substitution `${…}` that is open.
    private var substitutions: [Int] = []
    /// For each open parenthesis, whether it is the head of a statement.
    private var heads: [Bool] = []
    private var closedHead = false
    private var previous: ScriptToken?
    /// Whether the token before `previous` was a dot: what follows one is a name, whatever it is called.
    private var previousIsMember = false

    init(_ source: [UInt8]) { self.source = source }

    /// Every token of `source`.
    static func tokens(of source: [UInt8]) throws(ScriptError) -> [ScriptToken] {
        var lexer = ScriptLexer(source)
        var tokens: [ScriptToken] = []
        tokens.reserveCapacity(source.count / 4)
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    /// The next token; nil at the end.
    mutating func next() throws(ScriptError) -> ScriptToken? {
        let end = at
        let startsLine = try skipSpace()
        guard at < source.count else { return nil }
        let start = at
        let depthBefore = depth
        let kind = try readToken()
        // Both ends of a bracket stand at the depth around it.
        let token = ScriptToken(kind: kind, range: start..<at, startsLine: startsLine, standsApart: start > end, depth: min(depthBefore, depth), closesHead: closesHead(kind, start))
        previousIsMember = kind == .word && previous.map { $0.kind == .punctuator && source[$0.range.lowerBound] == UInt8(ascii: ".") } ?? false
        previous = token
        return token
    }

    private func closesHead(_ kind: ScriptToken.Kind, _ start: Int) -> Bool { kind == .punctuator && source[start] == UInt8(ascii: ")") && closedHead }

    /// Passes white space and comments; whether a line ended in them.
    private mutating func skipSpace() throws(ScriptError) -> Bool {
        var lineEnded = false
        while at < source.count {
            switch source[at] {
            case UInt8(ascii: "\n"): lineEnded = true; at += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): at += 1
            case UInt8(ascii: "/") where byte(at + 1) == UInt8(ascii: "/"):
                while at < source.count, source[at] != UInt8(ascii: "\n") { at += 1 }
            case UInt8(ascii: "/") where byte(at + 1) == UInt8(ascii: "*"):
                let start = at
                at += 2
                while !(byte(at) == UInt8(ascii: "*") && byte(at + 1) == UInt8(ascii: "/")) {
                    guard at < source.count else { throw .unterminated("comment", offset: start) }
                    if source[at] == UInt8(ascii: "\n") { lineEnded = true }
                    at += 1
                }
                at += 2
            default: return lineEnded
            }
        }
        return lineEnded
    }

    private mutating func readToken() throws(ScriptError) -> ScriptToken.Kind {
        let byte = source[at]
        if byte.isScriptWord || byte == UInt8(ascii: "#") {
            at += 1
            while let next = self.byte(at), next.isScriptWord { at += 1 }
            return .word
        }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            try readString(byte)
            return .string
        case UInt8(ascii: "`"):
            try readTemplate()
            return .template
        case UInt8(ascii: "/") where !previousIsValue:
            try readRegex()
            return .regex
        case UInt8(ascii: "+") where self.byte(at + 1) == byte, UInt8(ascii: "-") where self.byte(at + 1) == byte:
            at += 2
            return .punctuator
        case UInt8(ascii: "("):
            heads.append(previous.map { $0.kind == .word && !previousIsMember && isOne($0, of: Self.headWords) } ?? false)
            depth += 1
        case UInt8(ascii: ")"):
            closedHead = heads.popLast() ?? false
            depth -= 1
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: "}"):
            depth -= 1
            if substitutions.last == depth {
                substitutions.removeLast()
                try readTemplate()
                return .template
            }
        default: break
        }
        at += 1
        return .punctuator
    }

    private mutating func readString(_ quote: UInt8) throws(ScriptError) {
        let start = at
        at += 1
        while let next = byte(at), next != quote, next != UInt8(ascii: "\n") { at += next == UInt8(ascii: "\\") ? 2 : 1 }
        guard byte(at) == quote else { throw .unterminated("string", offset: start) }
        at += 1
    }

    /// From a backtick or the brace that closes a substitution to the end of the run.
    private mutating func readTemplate() throws(ScriptError) {
        let start = at
        at += 1
        while let next = byte(at) {
            switch next {
            case UInt8(ascii: "\\"): at += 2
            case UInt8(ascii: "`"):
                at += 1
                return
            case UInt8(ascii: "$") where byte(at + 1) == UInt8(ascii: "{"):
                at += 2
                substitutions.append(depth)
                depth += 1
                return
            default: at += 1
            }
        }
        throw .unterminated("template", offset: start)
    }

    private mutating func readRegex() throws(ScriptError) {
        let start = at
        var inClass = false
        at += 1
        while let next = byte(at), next != UInt8(ascii: "\n"), inClass || next != UInt8(ascii: "/") {
            switch next {
            case UInt8(ascii: "\\"): at += 1
            case UInt8(ascii: "["): inClass = true
            case UInt8(ascii: "]"): inClass = false
            default: break
            }
            at += 1
        }
        guard byte(at) == UInt8(ascii: "/") else { throw .unterminated("regular expression", offset: start) }
        at += 1
        while let next = byte(at), next.isScriptWord { at += 1 }
    }

    private static let headWords = ["if", "while", "for"].map { Array($0.utf8) }
    private static let operatorWords = [
        "await", "case", "delete", "do", "else", "in", "instanceof", "new", "of", "return", "throw", "typeof", "void", "yield",
    ].map { Array($0.utf8) }

    /// Whether a slash here would divide by what stands before it.
    private var previousIsValue: Bool {
        guard let previous else { return false }
        switch previous.kind {
        case .word: return previousIsMember || !isOne(previous, of: Self.operatorWords)
        case .string, .regex: return true
        case .template: return source[previous.range.upperBound - 1] == UInt8(ascii: "`")
        case .punctuator:
            switch source[previous.range.lowerBound] {
            case UInt8(ascii: ")"): return !closedHead
            case UInt8(ascii: "]"), UInt8(ascii: "}"): return true
            case UInt8(ascii: "+"), UInt8(ascii: "-"): return previous.range.count == 2
            default: return false
            }
        }
    }

    private func byte(_ index: Int) -> UInt8? { index < source.count ? source[index] : nil }

    private func isOne(_ token: ScriptToken, of words: [[UInt8]]) -> Bool {
        words.contains { $0.count == token.range.count && source[token.range].elementsEqual($0) }
    }
}

extension UInt8 {
    /// Whether the byte can be inside a name, a keyword or a number; those beyond ASCII are.
    var isScriptWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...: true
        default: false
        }
    }
}
