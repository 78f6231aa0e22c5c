import Bytes

/// Numbers as Go writes them.
enum FloatText {
    /// Go's `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits that read back, never an exponent.
    static func fixed(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        let (isNegative, digits, point) = shortest(value)
        var text = isNegative ? "-" : ""
        if point <= 0 {
            text += "0." + String(repeating: "0", count: -point) + digits
        } else if point >= digits.count {
            text += digits + String(repeating: "0", count: point - digits.count)
        } else {
            text += digits.prefix(point) + "." + digits.dropFirst(point)
        }
        return text
    }

    /// The shortest decimal digits of a finite number and where the point stands among them; zero is "0" with the point behind it.
    private static func shortest(_ value: Double) -> (isNegative: Bool, digits: String, point: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        var rest = value.magnitude.description.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"):
                exponent = Int(Substring(rest)) ?? 0
                rest = rest[rest.endIndex...]
            default: digits.append(byte)
            }
        }
        var at = (point ?? digits.count) + exponent
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        while digits.count > 1, digits.first == UInt8(ascii: "0") { digits.removeFirst(); at -= 1 }
        if digits == [UInt8(ascii: "0")] { at = 1 }
        return (value.sign == .minus, String(decoding: digits, as: UTF8.self), at)
    }
}
