import Bytes

/// Sample values and timestamps as Prometheus's JSON has them (upstream util/jsonutil/marshal.go).
enum SampleText {
    /// A value in quotes: shortest digits that read back, without an exponent unless below 1e-6 or from 1e21 on.
    static func appendQuoted(_ value: Double, to out: inout ByteWriter) {
        out.append(UInt8(ascii: "\""))
        append(value, to: &out)
        out.append(UInt8(ascii: "\""))
    }

    /// Seconds with three decimals, or none for whole seconds.
    static func append(millis: Int64, to out: inout ByteWriter) {
        if millis < 0 { out.append(UInt8(ascii: "-")) }
        let (seconds, fraction) = millis.magnitude.quotientAndRemainder(dividingBy: 1_000)
        append(seconds, to: &out)
        guard fraction != 0 else { return }
        out.append(UInt8(ascii: "."))
        out.append(UInt8(ascii: "0") + UInt8(fraction / 100))
        out.append(UInt8(ascii: "0") + UInt8(fraction / 10 % 10))
        out.append(UInt8(ascii: "0") + UInt8(fraction % 10))
    }

    static func append(_ value: UInt64, to out: inout ByteWriter) {
        let count = ShortestDecimal.digitCount(value)
        out.reserve(max(count, ShortestDecimal.writableBytesMin))
        // SAFETY: the digits are behind what was written, in the room reserved.
        ShortestDecimal.write(value, digitCount: count, to: out.base + out.count)
        out.advance(by: count)
    }

    static func append(_ value: Double, to out: inout ByteWriter) {
        guard value.isFinite else { return out.append(utf8: value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf") }
        if value.sign == .minus { out.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        if magnitude < 9e15, magnitude == magnitude.rounded(.towardZero) { return append(UInt64(magnitude), to: &out) }
        let decimal = ShortestDecimal(of: magnitude)
        if magnitude < 1e-6 || magnitude >= 1e21 { appendScientific(decimal, to: &out) } else { appendPlain(decimal, to: &out) }
    }

    /// Of a number from 1e-6 to 1e21.
    private static func appendPlain(_ decimal: ShortestDecimal, to out: inout ByteWriter) {
        let (count, point) = (decimal.digitCount, decimal.point)
        out.reserve(plainBytesMax)
        // SAFETY: all below is behind what was written, in the room reserved: at most "0.", six zeros and 17 digits, or 21 digits.
        let text = out.base + out.count
        if point <= 0 {
            text.update(repeating: UInt8(ascii: "0"), count: 2 - point)
            text[1] = UInt8(ascii: ".")
            decimal.writeDigits(to: text + 2 - point)
            return out.advance(by: 2 - point + count)
        }
        if count > point {
            // One place further, and what is before the point back again.
            decimal.writeDigits(to: text + 1)
            for at in 0..<point { text[at] = text[at + 1] }
            text[point] = UInt8(ascii: ".")
            return out.advance(by: count + 1)
        }
        decimal.writeDigits(to: text)
        (text + count).update(repeating: UInt8(ascii: "0"), count: point - count)
        out.advance(by: point)
    }

    private static func appendScientific(_ decimal: ShortestDecimal, to out: inout ByteWriter) {
        let count = decimal.digitCount
        out.reserve(plainBytesMax)
        // SAFETY: as above, the digits and a point.
        let text = out.base + out.count
        decimal.writeDigits(to: text + 1)
        text[0] = text[1]
        text[1] = UInt8(ascii: ".")
        out.advance(by: count > 1 ? count + 1 : 1)
        let exponent = decimal.point - 1
        out.append(exponent < 0 ? "e-" : "e+")
        if exponent.magnitude < 10 { out.append(UInt8(ascii: "0")) }
        append(UInt64(exponent.magnitude), to: &out)
    }

    /// More than any number's digits, point and zeros.
    private static let plainBytesMax = 32
}
