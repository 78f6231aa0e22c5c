/// Numbers read and written as Go's `strconv` and `fmt` do, where upstream shows them.
package enum GoFormat {
    /// `strconv.ParseInt(text, 0, 64)`, failing that `strconv.ParseFloat`. An overflow is an infinity, nonsense nil.
    package static func number(_ text: String) -> Double? {
        var digits = text.lowercased()
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
        guard let magnitude = magnitude(digits) else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    private static func magnitude(_ digits: String) -> Double? {
        switch digits {
        case "inf", "infinity": return .infinity
        case "nan": return Double(bitPattern: 0x7FF8_0000_0000_0001)
        default: break
        }
        let plain = digits.filter { $0 != "_" }
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] where plain.hasPrefix(prefix) {
            return UInt64(plain.dropFirst(2), radix: radix).map { Double($0) }
        }
        if plain.count > 1, plain.hasPrefix("0"), let octal = UInt64(plain, radix: 8) { return Double(octal) }
        if let integer = Int64(plain) { return Double(integer) }
        return Double(plain)
    }

    /// `%.3f` and the like.
    package static func fixed(_ value: Double, digits: Int) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return decimal(value, fraction: digits)
    }

    /// `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits that read back, never an exponent.
    package static func shortest(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = "\(value)"
        guard let e = text.firstIndex(where: { $0 == "e" }) else { return text.hasSuffix(".0") ? String(text.dropLast(2)) : text }
        let exponent = Int(text[text.index(after: e)...]) ?? 0
        var mantissa = text[..<e]
        let sign = mantissa.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { mantissa = mantissa.dropFirst() }
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts[0]
        let fraction = parts.count > 1 && parts[1] != "0" ? parts[1] : ""
        let digits = whole + fraction
        let point = whole.count + exponent
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// `%g` with the shortest digits: exponents below -4 and from 21 on, as `strconv.FormatFloat(value, 'g', -1, 64)` and `%v` write them.
    package static func general(_ value: Double) -> String {
        if value.isNaN || value.isInfinite || value == 0 { return value == 0 ? (value.sign == .minus ? "-0" : "0") : shortest(value) }
        let exponent = Int(log10Floor(abs(value)))
        if exponent >= -4, exponent < 21 { return shortest(value) }
        let plain = shortest(abs(value)).filter { $0 != "." }.drop { $0 == "0" }
        var digits = String(plain)
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        let mantissa = digits.count > 1 ? digits.prefix(1) + "." + digits.dropFirst() : Substring(digits)
        let size = abs(exponent)
        return (value < 0 ? "-" : "") + mantissa + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + "\(size)"
    }

    /// A finite number as upstream's JSON has it: exponents below -6 and from 21 on.
    package static func json(_ value: Double) -> String {
        let magnitude = abs(value)
        if magnitude == 0 || magnitude >= 1e-6 && magnitude < 1e21 { return shortest(value) }
        return general(value)
    }

    /// `%.2g` and the like: so many significant digits, zeros at the end left out.
    package static func general(_ value: Double, significantDigits digits: Int) -> String {
        guard value.isFinite, value != 0 else { return general(value) }
        let scale = RealMath.power(10, log10Floor(abs(value)) - Double(digits - 1))
        return general(Double(shortest((value / scale).rounded()) + "e" + String(Int(log10Floor(abs(value))) - digits + 1)) ?? value)
    }

    /// A number as OpenMetrics writes label values: always with a point or an exponent.
    package static func openMetrics(_ value: Double) -> String {
        let text = general(value)
        return text.contains { $0 == "e" || $0 == "." || $0 == "N" || $0 == "I" } ? text : text + ".0"
    }

    private static func log10Floor(_ value: Double) -> Double {
        var exponent = RealMath.decimalLogarithm(value).rounded(.down)
        let text = "\(value)"
        if let e = text.firstIndex(of: "e"), let exact = Int(text[text.index(after: e)...]) { exponent = Double(exact) }
        return exponent
    }

    private static func decimal(_ value: Double, fraction: Int) -> String {
        // Exact up to 2^53 in the whole part; a larger one has no fraction to round.
        if abs(value) >= 0x1p53 { return shortest(value) + (fraction > 0 ? "." + String(repeating: "0", count: fraction) : "") }
        let scale = RealMath.power(10, Double(fraction))
        let scaled = (abs(value) * scale).rounded(.toNearestOrEven)
        guard scaled < 0x1p63 else { return shortest(value) }
        let units = UInt64(scaled)
        var text = String(units)
        if fraction > 0 {
            if text.count <= fraction { text = String(repeating: "0", count: fraction + 1 - text.count) + text }
            text.insert(".", at: text.index(text.endIndex, offsetBy: -fraction))
        }
        return (value.sign == .minus ? "-" : "") + text
    }
}
