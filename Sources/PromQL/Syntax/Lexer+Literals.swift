import MetricModel

/// Numbers, durations and strings.
extension Lexer {
    mutating func numberOrDuration() throws(ParseError) -> Token {
        if scanNumber() { return token(.number) }
        if scanRestOfDuration() { return token(.duration) }
        throw failure("bad number or duration syntax: \(LabelName.quoted(String(decoding: bytes[start..<position], as: UTF8.self)))")
    }

    /// After the digits of a first number: its unit, and more numbers with units. Whether the units are sensible is the parser's to say.
    private mutating func scanRestOfDuration() -> Bool {
        guard accept("smhdwy") else { return false }
        _ = accept("s")
        while accept("0123456789") {
            acceptRun("0123456789")
            guard accept("smhdw") else { return false }
            _ = accept("s")
        }
        if let byte = peek(), Lexer.isAlphaNumeric(byte) { position += 1; return false }
        return true
    }

    /// Decimal, octal, hexadecimal or floating, with underscores. Not every accepted text is a number; the parser will tell.
    private mutating func scanNumber() -> Bool {
        let from = position
        var isHexadecimal = false
        if accept("0"), accept("xX") {
            _ = accept("_")
            isHexadecimal = true
        }
        _ = accept(".")
        var sawDot = false
        var sawExponent = false
        _ = isHexadecimal ? accept("0123456789abcdefABCDEF") : accept("0123456789")
        while let byte = peek() {
            let isDigit = isHexadecimal ? Lexer.contains("0123456789abcdefABCDEF", byte) : Lexer.isDigit(byte)
            guard isDigit || Lexer.contains("._eE", byte) else { break }
            if byte == UInt8(ascii: "."), sawDot { position += 1; return false }
            if byte | 0x20 == UInt8(ascii: "e"), sawExponent { position += 1; return false }
            if accept(".") {
                sawDot = true
                if accept("_.") || isHexadecimal { return false }
                continue
            }
            if accept("eE") {
                sawExponent = true
                _ = accept("+-")
                if accept("._eE") || peek() == nil { return false }
                continue
            }
            if accept("_") {
                if accept("._eE") || peek() == nil { return false }
                continue
            }
            if isHexadecimal { acceptRun("0123456789abcdefABCDEF") } else { acceptRun("0123456789") }
        }
        guard position > from else { return false }
        return peek().map { !Lexer.isAlphaNumeric($0) } ?? true
    }

    mutating func rawString() throws(ParseError) -> Token {
        position += 1
        while true {
            guard let (scalar, width, isValid) = scalar() else { throw failure("unterminated raw string") }
            if !isValid { throw failure("invalid UTF-8 rune") }
            position += width
            if scalar == "`" { return token(.string) }
        }
    }

    mutating func quotedString() throws(ParseError) -> Token {
        let quote = bytes[position]
        position += 1
        while true {
            guard let (scalar, width, isValid) = scalar(), scalar != "\n" else { throw failure("unterminated quoted string") }
            if !isValid { throw failure("invalid UTF-8 rune") }
            position += width
            if scalar.value == UInt32(quote) { return token(.string) }
            if scalar == "\\" { try escape(quote) }
        }
    }

    /// Checks the escape after a backslash.
    private mutating func escape(_ quote: UInt8) throws(ParseError) {
        guard let (scalar, width, _) = scalar() else { throw failure("escape sequence not terminated") }
        let digits: Int
        let radix: UInt32
        let largest: UInt32
        switch scalar {
        case "a", "b", "f", "n", "r", "t", "v", "\\": position += width; return
        case _ where scalar.value == UInt32(quote): position += width; return
        case "0"..."7": (digits, radix, largest) = (3, 8, 255)
        case "x": (digits, radix, largest) = (2, 16, 255); position += 1
        case "u": (digits, radix, largest) = (4, 16, 0x10FFFF); position += 1
        case "U": (digits, radix, largest) = (8, 16, 0x10FFFF); position += 1
        default: throw failure("unknown escape sequence \(Lexer.codePoint(scalar))")
        }
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let (digit, width, _) = self.scalar() else { throw failure("escape sequence not terminated") }
            guard digit.isASCII, let number = Character(digit).hexDigitValue, number < radix else {
                throw failure("illegal character \(Lexer.codePoint(digit)) in escape sequence")
            }
            value = value &* radix &+ UInt32(number)
            position += width
        }
        if value > largest || (0xD800..<0xE000).contains(value) { throw failure("escape sequence is an invalid Unicode code point") }
    }

    /// Go's `%#U`.
    private static func codePoint(_ scalar: UnicodeScalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " '\(scalar)'"
    }

    /// The content of a string token, escapes resolved.
    static func unquoted(_ text: String) -> String { String(decoding: unquotedBytes(text), as: UTF8.self) }

    /// The same as bytes, which escapes may make something else than UTF-8.
    static func unquotedBytes(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2 else { return [] }
        let inner = bytes[1..<bytes.count - 1]
        if bytes[0] == UInt8(ascii: "`") || !inner.contains(UInt8(ascii: "\\")) { return Array(inner) }
        var out: [UInt8] = []
        var i = inner.startIndex
        func number(_ count: Int, radix: Int) -> UInt32 {
            let digits = String(decoding: inner[i..<min(i + count, inner.endIndex)], as: UTF8.self)
            i += count
            return UInt32(digits, radix: radix) ?? 0xFFFD
        }
        while i < inner.endIndex {
            guard inner[i] == UInt8(ascii: "\\"), i + 1 < inner.endIndex else { out.append(inner[i]); i += 1; continue }
            let kind = inner[i + 1]
            i += 2
            switch kind {
            case UInt8(ascii: "a"): out.append(0x07)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "v"): out.append(0x0B)
            case UInt8(ascii: "x"): out.append(UInt8(truncatingIfNeeded: number(2, radix: 16)))
            case UInt8(ascii: "u"): out.append(contentsOf: String(UnicodeScalar(number(4, radix: 16)) ?? "\u{FFFD}").utf8)
            case UInt8(ascii: "U"): out.append(contentsOf: String(UnicodeScalar(number(8, radix: 16)) ?? "\u{FFFD}").utf8)
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                i -= 1
                out.append(UInt8(truncatingIfNeeded: number(3, radix: 8)))
            default: out.append(kind)
            }
        }
        return out
    }
}
