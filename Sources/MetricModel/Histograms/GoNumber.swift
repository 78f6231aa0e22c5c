import Bytes

/// Doubles as Go's `fmt` writes them.
package enum GoNumber {
    /// `%g` and `%v`: the shortest digits that read back, with an exponent below 1e-4 and from 1e6 on.
    package static func general(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let (digits, point) = shortest(value)
        let sign = value.sign == .minus ? "-" : ""
        let exponent = point - 1
        if exponent < -4 || exponent >= 6 {
            let fraction = digits.count > 1 ? "." + String(decoding: digits[1...], as: UTF8.self) : ""
            let magnitude = abs(exponent)
            return "\(sign)\(String(decoding: digits[..<1], as: UTF8.self))\(fraction)e\(exponent < 0 ? "-" : "+")\(magnitude < 10 ? "0" : "")\(magnitude)"
        }
        return sign + plain(digits, point)
    }

    /// `%f`: six digits behind the point.
    static func fixed(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return general(value) }
        let micros = Int64((value.magnitude * 1e6).rounded(.toNearestOrEven))
        let fraction = String(micros % 1_000_000)
        return "\(value.sign == .minus ? "-" : "")\(micros / 1_000_000).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
    }

    private static func plain(_ digits: [UInt8], _ point: Int) -> String {
        let text = String(decoding: digits, as: UTF8.self)
        if point <= 0 { return "0." + String(repeating: "0", count: -point) + text }
        if point >= digits.count { return text + String(repeating: "0", count: point - digits.count) }
        return String(decoding: digits[..<point], as: UTF8.self) + "." + String(decoding: digits[point...], as: UTF8.self)
    }

    /// The shortest decimal digits of a finite number, and where the point stands among them; zero is "0" with the point behind it.
    private static func shortest(_ value: Double) -> (digits: [UInt8], point: Int) {
        let decimal = ShortestDecimal(of: value.magnitude)
        let digits = [UInt8](unsafeUninitializedCapacity: ShortestDecimal.digitsMax) { bytes, count in
            count = decimal.digitCount
            if let base = bytes.baseAddress { decimal.writeDigits(to: base) }
        }
        return (digits, decimal.point)
    }
}
