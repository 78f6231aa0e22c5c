import MetricModel

/// Cuts a query into tokens, one at a time, with upstream's rules and error texts (`parser/lex.go`).
///
/// Braces and brackets switch rules: inside braces every word is a label name, inside brackets only durations stand.
struct Lexer {
    let bytes: [UInt8]
    var position = 0
    var start = 0
    private var parenthesisDepth = 0
    private var isInBraces = false
    private var isInBrackets = false
    private var gotColon = false
    private var gotDuration = false
    private var inDurationExpr = false

    init(_ query: String) { bytes = Array(query.utf8) }

    /// The next token, comments skipped; `.endOfInput` again and again at the end.
    mutating func next() throws(ParseError) -> Token {
        while true {
            start = position
            if isInBrackets, inDurationExpr {
                if let token = try insideDurationExpr() { return token }
                continue
            }
            if peek() == UInt8(ascii: "#") {
                while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { position += 1 }
                continue
            }
            if let token = isInBraces ? try insideBraces() : try statement() { return token }
        }
    }

    // MARK: Characters

    func peek(_ ahead: Int = 0) -> UInt8? { position + ahead < bytes.count ? bytes[position + ahead] : nil }

    mutating func accept(_ set: StaticString) -> Bool {
        guard let byte = peek(), Lexer.contains(set, byte) else { return false }
        position += 1
        return true
    }

    mutating func acceptRun(_ set: StaticString) { while accept(set) {} }

    static func contains(_ set: StaticString, _ byte: UInt8) -> Bool {
        set.withUTF8Buffer { $0.contains(byte) }
    }

    /// The scalar at the current position and its width, or nil at the end.
    func scalar() -> (scalar: UnicodeScalar, width: Int, isValid: Bool)? {
        guard let byte = peek() else { return nil }
        if byte < 0x80 { return (UnicodeScalar(byte), 1, true) }
        var decoder = UTF8()
        var iterator = bytes[position...].prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return ("\u{FFFD}", 1, false) }
        return (scalar, UTF8.width(scalar), scalar != "\u{FFFD}")
    }

    func token(_ kind: TokenKind) -> Token {
        Token(kind: kind, range: start..<position, text: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    func failure(_ message: String) -> ParseError { ParseError(message, start..<bytes.count, in: bytes) }

    /// A character as Go's `%q` writes it; the end of input is upstream's replacement character.
    func quotedCharacter() -> String {
        guard let (scalar, _, _) = scalar() else { return "'\u{FFFD}'" }
        switch scalar {
        case "'": return "'\\''"
        case "\\": return "'\\\\'"
        case "\"": return "'\"'"
        default:
            let quoted = LabelName.quoted(String(Character(scalar)))
            return "'" + quoted.dropFirst().dropLast() + "'"
        }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    static func isAlpha(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }
    static func isAlphaNumeric(_ byte: UInt8) -> Bool { isAlpha(byte) || isDigit(byte) }

    private mutating func skipSpaces() { while let byte = peek(), Lexer.isSpace(byte) { position += 1 } }

    private mutating func take(_ kind: TokenKind, _ width: Int = 1) -> Token {
        position += width
        return token(kind)
    }

    // MARK: Rules

    private mutating func statement() throws(ParseError) -> Token? {
        guard let byte = peek() else {
            if parenthesisDepth != 0 { throw failure("unclosed left parenthesis") }
            if isInBrackets { throw failure("unclosed left bracket") }
            return token(.endOfInput)
        }
        switch byte {
        case UInt8(ascii: ","): return take(.comma)
        case _ where Lexer.isSpace(byte): skipSpaces(); return nil
        case UInt8(ascii: "*"): return take(.multiply)
        case UInt8(ascii: "/"): return take(.divide)
        case UInt8(ascii: "%"): return take(.modulo)
        case UInt8(ascii: "+"): return take(.add)
        case UInt8(ascii: "-"): return take(.subtract)
        case UInt8(ascii: "^"): return take(.power)
        case UInt8(ascii: "@"): return take(.at)
        case UInt8(ascii: "="):
            if peek(1) == UInt8(ascii: "=") { return take(.equal, 2) }
            if peek(1) == UInt8(ascii: "~") {
                position += 1
                throw failure("unexpected character after '=': \(quotedCharacter())")
            }
            return take(.assign)
        case UInt8(ascii: "!"):
            if peek(1) == UInt8(ascii: "=") { return take(.notEqual, 2) }
            position += 1
            throw failure("unexpected character after '!': \(quotedCharacter())")
        case UInt8(ascii: "<"):
            if peek(1) == UInt8(ascii: "=") { return take(.lessOrEqual, 2) }
            return peek(1) == UInt8(ascii: "/") ? take(.trimUpper, 2) : take(.less)
        case UInt8(ascii: ">"):
            if peek(1) == UInt8(ascii: "=") { return take(.greaterOrEqual, 2) }
            return peek(1) == UInt8(ascii: "/") ? take(.trimLower, 2) : take(.greater)
        case _ where Lexer.isDigit(byte) || (byte == UInt8(ascii: ".") && peek(1).map(Lexer.isDigit) == true): return try numberOrDuration()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try quotedString()
        case UInt8(ascii: "`"): return try rawString()
        case _ where Lexer.isAlpha(byte) || byte == UInt8(ascii: ":"):
            if !isInBrackets { return keywordOrIdentifier() }
            if byte == UInt8(ascii: ":") {
                if gotColon { throw failure("unexpected colon ':'") }
                gotColon = true
                return take(.colon)
            }
            let quoted = quotedCharacter()
            if let word = durationKeyword() { return word }
            throw failure("unexpected character: \(quoted), expected ':'")
        case UInt8(ascii: "("):
            parenthesisDepth += 1
            return take(.leftParen)
        case UInt8(ascii: ")"):
            parenthesisDepth -= 1
            if parenthesisDepth < 0 { position += 1; start = position; throw failure("unexpected right parenthesis ')'") }
            return take(.rightParen)
        case UInt8(ascii: "{"):
            isInBraces = true
            return take(.leftBrace)
        case UInt8(ascii: "["):
            if isInBrackets { throw failure("unexpected left bracket '['") }
            gotColon = false
            gotDuration = false
            isInBrackets = true
            inDurationExpr = true
            return take(.leftBracket)
        case UInt8(ascii: "]"):
            if !isInBrackets { throw failure("unexpected right bracket ']'") }
            isInBrackets = false
            return take(.rightBracket)
        default: throw failure("unexpected character: \(quotedCharacter())")
        }
    }

    private mutating func insideBraces() throws(ParseError) -> Token? {
        guard let byte = peek() else { throw failure("unexpected end of input inside braces") }
        switch byte {
        case _ where Lexer.isSpace(byte): skipSpaces(); return nil
        case _ where Lexer.isAlpha(byte):
            while let next = peek(), Lexer.isAlphaNumeric(next) { position += 1 }
            return token(.identifier)
        case UInt8(ascii: ","): return take(.comma)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try quotedString()
        case UInt8(ascii: "`"): return try rawString()
        case UInt8(ascii: "="): return peek(1) == UInt8(ascii: "~") ? take(.regexEqual, 2) : take(.assign)
        case UInt8(ascii: "!"):
            if peek(1) == UInt8(ascii: "~") { return take(.regexNotEqual, 2) }
            if peek(1) == UInt8(ascii: "=") { return take(.notEqual, 2) }
            position += 1
            throw failure("unexpected character after '!' inside braces: \(quotedCharacter())")
        case UInt8(ascii: "{"): throw failure("unexpected left brace '{'")
        case UInt8(ascii: "}"):
            isInBraces = false
            return take(.rightBrace)
        default: throw failure("unexpected character inside braces: \(quotedCharacter())")
        }
    }

    /// Right after `[` or `:`: an expression over durations. A literal hands back to `statement`, as upstream does.
    private mutating func insideDurationExpr() throws(ParseError) -> Token? {
        guard let byte = peek() else { throw failure("unexpected end of input in duration expression") }
        switch byte {
        case _ where Lexer.isSpace(byte): skipSpaces(); return nil
        case UInt8(ascii: "]"):
            isInBrackets = false
            inDurationExpr = false
            gotColon = false
            return take(.rightBracket)
        case UInt8(ascii: ":"):
            position += 1
            start = position
            if !gotDuration { throw failure("unexpected colon before duration in duration expression") }
            if gotColon { throw failure("unexpected repeated colon in duration expression") }
            gotColon = true
            start -= 1
            return token(.colon)
        case UInt8(ascii: "("):
            parenthesisDepth += 1
            return take(.leftParen)
        case UInt8(ascii: ")"):
            parenthesisDepth -= 1
            if parenthesisDepth < 0 { position += 1; start = position; throw failure("unexpected right parenthesis ')'") }
            return take(.rightParen)
        case UInt8(ascii: "+"): return take(.add)
        case UInt8(ascii: "-"): return take(.subtract)
        case UInt8(ascii: "*"): return take(.multiply)
        case UInt8(ascii: "/"): return take(.divide)
        case UInt8(ascii: "%"): return take(.modulo)
        case UInt8(ascii: "^"): return take(.power)
        case UInt8(ascii: ","): return take(.comma)
        case _ where Lexer.isDigit(byte) || (byte == UInt8(ascii: ".") && peek(1).map(Lexer.isDigit) == true):
            gotDuration = true
            inDurationExpr = false
            return try numberOrDuration()
        default:
            let quoted = quotedCharacter()
            if Lexer.isAlpha(byte), let word = durationKeyword() { gotDuration = true; return word }
            throw failure("unexpected character in duration expression: \(quoted)")
        }
    }

    /// `step`, `range`, `max_of` or `min_of`, or nothing.
    private mutating func durationKeyword() -> Token? {
        var end = position
        while end < bytes.count, Lexer.isAlpha(bytes[end]) { end += 1 }
        let word = String(decoding: bytes[position..<end], as: UTF8.self).lowercased()
        guard let kind = TokenKind(rawValue: word), [.step, .range, .maxOf, .minOf].contains(kind) else { return nil }
        position = end
        return token(kind)
    }

    private mutating func keywordOrIdentifier() -> Token {
        while let byte = peek(), Lexer.isAlphaNumeric(byte) || byte == UInt8(ascii: ":") { position += 1 }
        let word = token(.identifier)
        guard word.text.utf8.count <= 12, let kind = TokenKind.words[word.text.lowercased()] else {
            return word.text.utf8.contains(UInt8(ascii: ":")) ? token(.metricIdentifier) : word
        }
        if kind == .fill || kind == .fillLeft || kind == .fillRight {
            var next = position
            while next < bytes.count, Lexer.isSpace(bytes[next]) { next += 1 }
            if next >= bytes.count || bytes[next] != UInt8(ascii: "(") { return word }
        }
        return token(kind)
    }
}
