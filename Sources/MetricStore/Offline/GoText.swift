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

    /// `%g`: the fewest digits that mean the number; with an exponent from the seventh digit before the point on.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        if value == 0 { return sign + "0" }
        // Swift, too, prints the fewest digits; only their arrangement differs.
        let parts = "\(value.magnitude)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = Array(mantissa[0].utf8) + Array((mantissa.count > 1 ? mantissa[1] : "").utf8)
        var point = mantissa[0].utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        let zero = UInt8(ascii: "0")
        let leading = digits.prefix { $0 == zero }.count
        digits.removeFirst(leading)
        point -= leading
        while digits.last == zero { digits.removeLast() }
        func text(_ part: some Sequence<UInt8>) -> String { String(decoding: Array(part), as: UTF8.self) }
        let exponent = point - 1
        if exponent < -4 || exponent >= 6 {
            let size = String(exponent.magnitude)
            return sign + text(digits.prefix(1)) + (digits.count > 1 ? "." + text(digits.dropFirst()) : "") + "e" + (exponent < 0 ? "-" : "+") + (size.count < 2 ? "0" : "") + size
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + text(digits) }
        if digits.count <= point { return sign + text(digits) + String(repeating: "0", count: point - digits.count) }
        return sign + text(digits.prefix(point)) + "." + text(digits.dropFirst(point))
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
