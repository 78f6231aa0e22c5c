/// Cuts a template into tokens (Go's text/template/parse/lex.go).
struct TemplateLexer {
    private static let keywords: Set<String> = ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"]

    private let bytes: [UInt8]
    private var at = 0
    private var tokens: [TemplateToken] = []
    private var parentheses = 0

    static func tokens(_ text: String, name: String) throws(TemplateError) -> [TemplateToken] {
        var lexer = TemplateLexer(bytes: Array(text.utf8))
        do throws(Failure) { try lexer.run() } catch { throw TemplateError("template: \(name):\(lexer.line(error.position)): \(error.reason)") }
        return lexer.tokens
    }

    private struct Failure: Error {
        let position: Int
        let reason: String
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func line(_ position: Int) -> Int { 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } }

    private func has(_ text: StaticString, at position: Int) -> Bool {
        text.withUTF8Buffer { position + $0.count <= bytes.count && bytes[position..<position + $0.count].elementsEqual($0) }
    }

    private func isSpace(_ position: Int) -> Bool { position < bytes.count && [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func emit(_ kind: TemplateToken.Kind, _ from: Int) { tokens.append(TemplateToken(kind: kind, text: string(from..<at), position: from)) }

    private mutating func run() throws(Failure) {
        while true {
            let start = at
            while at < bytes.count, !has("{{", at: at) { at += 1 }
            var textEnd = at
            let trimsLeft = at < bytes.count && has("-", at: at + 2) && isSpace(at + 3)
            if trimsLeft { while textEnd > start, isSpace(textEnd - 1) { textEnd -= 1 } }
            if textEnd > start { tokens.append(TemplateToken(kind: .text, text: string(start..<textEnd), position: start)) }
            if at == bytes.count { break }
            let open = at
            at += trimsLeft ? 4 : 2
            if has("/*", at: at) {
                try comment(open)
                continue
            }
            tokens.append(TemplateToken(kind: .leftDelimiter, text: "{{", position: open))
            parentheses = 0
            try inside(open)
        }
        tokens.append(TemplateToken(kind: .end, text: "", position: at))
    }

    private mutating func comment(_ open: Int) throws(Failure) {
        at += 2
        while at < bytes.count, !has("*/", at: at) { at += 1 }
        guard at < bytes.count else { throw Failure(position: open, reason: "unclosed comment") }
        at += 2
        if isSpace(at), has("-}}", at: at + 1) {
            at += 4
            while isSpace(at) { at += 1 }
        } else if has("}}", at: at) {
            at += 2
        } else {
            throw Failure(position: open, reason: "comment ends before closing delimiter")
        }
    }

    /// Everything up to the closing delimiter.
    private mutating func inside(_ open: Int) throws(Failure) {
        while true {
            let start = at
            let trimsRight = isSpace(at) && has("-}}", at: at + 1)
            if trimsRight || has("}}", at: at) {
                guard parentheses == 0 else { throw Failure(position: at, reason: "unclosed left paren") }
                if trimsRight { at += 2 }
                at += 2
                tokens.append(TemplateToken(kind: .rightDelimiter, text: "}}", position: start))
                if trimsRight { while isSpace(at) { at += 1 } }
                return
            }
            guard at < bytes.count else { throw Failure(position: open, reason: "unclosed action") }
            let byte = bytes[at]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                while isSpace(at), !(has("-}}", at: at + 1)) { at += 1 }
                if at == start { at += 1 }
                emit(.space, start)
            case UInt8(ascii: "="):
                at += 1
                emit(.assign, start)
            case UInt8(ascii: ":"):
                at += 1
                guard has("=", at: at) else { throw Failure(position: start, reason: "expected :=") }
                at += 1
                emit(.declare, start)
            case UInt8(ascii: "|"):
                at += 1
                emit(.pipe, start)
            case UInt8(ascii: ","):
                at += 1
                emit(.comma, start)
            case UInt8(ascii: "("):
                at += 1
                parentheses += 1
                emit(.leftParenthesis, start)
            case UInt8(ascii: ")"):
                at += 1
                parentheses -= 1
                guard parentheses >= 0 else { throw Failure(position: start, reason: "unexpected right paren") }
                emit(.rightParenthesis, start)
            case UInt8(ascii: "\""): try quoted(UInt8(ascii: "\""), .string, "unterminated quoted string")
            case UInt8(ascii: "'"): try quoted(UInt8(ascii: "'"), .character, "unterminated character constant")
            case UInt8(ascii: "`"):
                at += 1
                while at < bytes.count, bytes[at] != UInt8(ascii: "`") { at += 1 }
                guard at < bytes.count else { throw Failure(position: start, reason: "unterminated raw quoted string") }
                at += 1
                emit(.rawString, start)
            case UInt8(ascii: "$"):
                at += 1
                word()
                emit(.variable, start)
            case UInt8(ascii: ".") where at + 1 >= bytes.count || !(0x30...0x39).contains(bytes[at + 1]):
                at += 1
                word()
                emit(at == start + 1 ? .dot : .field, start)
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x30...0x39:
                at += 1
                while at < bytes.count, isWord(bytes[at]) || bytes[at] == UInt8(ascii: ".") || (bytes[at] == 0x2B || bytes[at] == 0x2D) && (bytes[at - 1] | 0x20) == UInt8(ascii: "e") { at += 1 }
                guard TemplateNumber(string(start..<at)) != nil else { throw Failure(position: start, reason: "bad number syntax: \(LabelText.quoted(string(start..<at)))") }
                emit(.number, start)
            case _ where isWord(byte):
                word()
                let text = string(start..<at)
                emit(Self.keywords.contains(text) ? .keyword : text == "true" || text == "false" ? .bool : text == "nil" ? .nil : .identifier, start)
            default:
                let scalar = String(decoding: bytes[at..<min(at + 4, bytes.count)], as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                let isShown = scalar.value > 0x20 && scalar.value != 0x7F && scalar.value != 0xA0
                throw Failure(position: start, reason: "unrecognized character in action: \(code)\(isShown ? " '\(scalar)'" : "")")
            }
        }
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x30...0x39: true
        // Letters beyond ASCII; the space that does not break is none.
        case 0xC3...0xF4: true
        case 0x80...0xBF: at > 0 && bytes[at - 1] >= 0x80 && bytes[at - 1] != 0xC2
        default: false
        }
    }

    private mutating func word() { while at < bytes.count, isWord(bytes[at]) { at += 1 } }

    private mutating func quoted(_ quote: UInt8, _ kind: TemplateToken.Kind, _ reason: String) throws(Failure) {
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != quote {
            if bytes[at] == UInt8(ascii: "\n") { throw Failure(position: start, reason: reason) }
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard at < bytes.count else { throw Failure(position: start, reason: reason) }
        at += 1
        emit(kind, start)
    }
}

/// A number as a template writes it: whole unless a point or an exponent says otherwise.
struct TemplateNumber: Equatable {
    let value: TemplateValue

    init?(_ text: String) {
        let plain = text.filter { $0 != "_" }
        let isNegative = plain.hasPrefix("-")
        let body = isNegative || plain.hasPrefix("+") ? String(plain.dropFirst()) : plain
        let lower = body.lowercased()
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] where lower.hasPrefix(prefix) && !lower.contains("p") {
            guard let number = Int64(lower.dropFirst(2), radix: radix) else { return nil }
            value = .int(isNegative ? -number : number)
            return
        }
        if let number = Int64(body) {
            value = .int(isNegative ? -number : number)
        } else if let first = body.utf8.first, first == UInt8(ascii: ".") || (0x30...0x39).contains(first), let number = Double(body) {
            value = .float(isNegative ? -number : number)
        } else {
            return nil
        }
    }

    static func == (a: TemplateNumber, b: TemplateNumber) -> Bool { GoPrint.text(a.value) == GoPrint.text(b.value) }
}
