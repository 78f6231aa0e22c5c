/// Values as Go's `fmt` and `strconv` print them, for output that must be promtool's byte for byte.
enum GoText {
    /// `strconv.Quote`.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{07}": out += "\\a"
            case "\u{08}": out += "\\b"
            case "\u{0B}": out += "\\v"
            case "\u{0C}": out += "\\f"
            case _ where isPrintable(scalar): out.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x80: out += "\\x" + hex(scalar.value, 2)
            case _ where scalar.value < 0x10000: out += "\\u" + hex(scalar.value, 4)
            default: out += "\\U" + hex(scalar.value, 8)
            }
        }
        return out + "\""
    }

    /// `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and of spaces the plain one.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    private static func hex(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// `time.Duration.String` of whole milliseconds.
    static func duration(millis: Int64) -> String {
        if millis == 0 { return "0s" }
        let sign = millis < 0 ? "-" : ""
        let all = millis.magnitude
        if all < 1000 { return "\(sign)\(all)ms" }
        let (seconds, rest) = (all / 1000, all % 1000)
        var fraction = ""
        if rest > 0 {
            fraction = String(String(1000 + rest).dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
            fraction = "." + fraction
        }
        var text = "\(seconds % 60)\(fraction)s"
        if seconds >= 60 { text = "\(seconds / 60 % 60)m" + text }
        if seconds >= 3600 { text = "\(seconds / 3600)h" + text }
        return sign + text
    }

    /// Rows in columns, as `text/tabwriter` with cells of at least 13 and two blanks between arranges them.
    static func table(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated().dropLast() {
                if column == widths.count { widths.append(13) }
                widths[column] = max(widths[column], cell.count + 2)
            }
        }
        return rows.map { row in
            row.enumerated().map { $0 < row.count - 1 ? $1 + String(repeating: " ", count: widths[$0] - $1.count) : $1 }.joined() + "\n"
        }.joined()
    }
}
