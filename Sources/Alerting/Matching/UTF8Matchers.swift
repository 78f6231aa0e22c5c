import MetricModel

/// Alertmanager's second syntax of matchers: names and values in UTF-8, in double quotes where they hold reserved characters.
///
/// Source: alertmanager `matcher/parse/lexer.go`, `parse.go`.
enum UTF8Matchers {
    static func parse(_ text: String) throws(AlertingError) -> [Matcher] {
        var reader = Reader(text)
        return try reader.matchers()
    }

    static func isReserved(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace || "{}!=~,\\\"'`".unicodeScalars.contains(scalar) }

    private struct Reader {
        let text: String
        let scalars: [Unicode.Scalar]
        var position = 0

        init(_ text: String) {
            self.text = text
            scalars = Array(text.unicodeScalars)
        }

        mutating func matchers() throws(AlertingError) -> [Matcher] {
            var matchers: [Matcher] = []
            let isBraced = accept("{")
            while let next = peek(), next != "}" {
                matchers.append(try matcher())
                guard accept(",") else { break }
            }
            if isBraced {
                guard accept("}") else { throw refuse("expected a comma or close brace") }
            }
            guard peek() == nil else { throw refuse("expected end of input") }
            return matchers
        }

        private mutating func matcher() throws(AlertingError) -> Matcher {
            guard let name = try word() else { throw refuse("expected label name") }
            guard let kind = kind() else { throw refuse("expected an operator such as '=', '!=', '=~' or '!~'") }
            guard let value = try word() else { throw refuse("expected label value") }
            do { return try Matcher(kind, name, value) } catch { throw refuse(error.description) }
        }

        private mutating func kind() -> Matcher.Kind? {
            skipSpace()
            for kind in [Matcher.Kind.regex, .notEqual, .notRegex, .equal] where scalars[position...].starts(with: kind.rawValue.unicodeScalars) {
                position += kind.rawValue.count
                return kind
            }
            return nil
        }

        /// A word in quotes, or one without reserved characters; nil for neither.
        private mutating func word() throws(AlertingError) -> String? {
            skipSpace()
            guard position < scalars.count else { return nil }
            if scalars[position] == "\"" { return try quoted() }
            let start = position
            while position < scalars.count, !isReserved(scalars[position]) { position += 1 }
            guard position > start else { return nil }
            return string(scalars[start..<position])
        }

        /// Go's string in double quotes (`strconv.Unquote`).
        private mutating func quoted() throws(AlertingError) -> String {
            position += 1
            var bytes: [UInt8] = []
            while position < scalars.count {
                let scalar = scalars[position]
                position += 1
                switch scalar {
                case "\"":
                    return String(decoding: bytes, as: UTF8.self)
                case "\n": throw refuse("invalid input")
                case "\\": try escape(into: &bytes)
                default: bytes += Array(String(scalar).utf8)
                }
            }
            throw refuse("missing end \"")
        }

        private mutating func escape(into bytes: inout [UInt8]) throws(AlertingError) {
            guard position < scalars.count else { throw refuse("missing end \"") }
            let scalar = scalars[position]
            position += 1
            switch scalar {
            case "a": bytes.append(0x07)
            case "b": bytes.append(0x08)
            case "f": bytes.append(0x0C)
            case "n": bytes.append(0x0A)
            case "r": bytes.append(0x0D)
            case "t": bytes.append(0x09)
            case "v": bytes.append(0x0B)
            case "\\", "\"": bytes.append(UInt8(scalar.value))
            case "x": bytes.append(UInt8(truncatingIfNeeded: try number(digits: 2, radix: 16)))
            case "u", "U":
                guard let wanted = Unicode.Scalar(try number(digits: scalar == "u" ? 4 : 8, radix: 16)) else { throw refuse("invalid input") }
                bytes += Array(String(wanted).utf8)
            case "0"..."7":
                position -= 1
                let value = try number(digits: 3, radix: 8)
                guard value <= 255 else { throw refuse("invalid input") }
                bytes.append(UInt8(value))
            default: throw refuse("invalid input")
            }
        }

        private mutating func number(digits: Int, radix: Int) throws(AlertingError) -> UInt32 {
            guard position + digits <= scalars.count, scalars[position] != "+", scalars[position] != "-",
                let value = UInt32(string(scalars[position..<position + digits]), radix: radix)
            else { throw refuse("invalid input") }
            position += digits
            return value
        }

        private mutating func skipSpace() { while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 } }

        private mutating func peek() -> Unicode.Scalar? {
            skipSpace()
            return position < scalars.count ? scalars[position] : nil
        }

        private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
            guard peek() == scalar else { return false }
            position += 1
            return true
        }

        private func string(_ part: ArraySlice<Unicode.Scalar>) -> String {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: part)
            return String(text)
        }

        private func refuse(_ reason: String) -> AlertingError { .invalidMatcher(text, reason: "at character \(position + 1): \(reason)") }
    }
}
