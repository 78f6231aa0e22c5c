import PromQL

/// Numbers with one digit before the point and an exponent, as the API writes the values of alerts.
package enum ScientificText {
    /// `strconv.FormatFloat(value, 'e', -1, 64)`: `1.5e+00`; `mark` is what stands before the exponent.
    package static func text(_ value: Double, mark: Character = "e") -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        if value == 0 { return "\(sign)0\(mark)+00" }
        let (digits, exponent) = decimal(abs(value))
        let size = abs(exponent)
        return sign + digits.prefix(1) + (digits.count > 1 ? "." + digits.dropFirst() : "") + "\(mark)\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
    }

    /// The shortest digits of a positive number, without zeros at the end, and the power of ten of the first.
    static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = GoFormat.shortest(value).split(separator: ".", omittingEmptySubsequences: false)
        let (whole, fraction) = (parts[0], parts.count > 1 ? parts[1] : "")
        let exponent = whole == "0" ? -1 - fraction.prefix { $0 == "0" }.count : whole.count - 1
        var digits = String((whole + fraction).drop { $0 == "0" })
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }
}
