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
        out.reserve(20)
        var count = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        // SAFETY: the digits, at most 20, are behind what was written, in the room reserved.
        let digits = out.base + out.count
        rest = value
        for at in stride(from: count - 1, through: 0, by: -1) {
            digits[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        out.advance(by: count)
    }

    static func append(_ value: Double, to out: inout ByteWriter) {
        guard value.isFinite else { return out.append(utf8: value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf") }
        if value.sign == .minus { out.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        if magnitude < 9e15, magnitude == magnitude.rounded(.towardZero) { return append(UInt64(magnitude), to: &out) }
        ShortestDecimal.withDigits(of: magnitude) { digits, point in
            if magnitude < 1e-6 || magnitude >= 1e21 { appendScientific(digits, point, to: &out) } else { appendPlain(digits, point, to: &out) }
        }
    }

    private static func appendPlain(_ digits: UnsafeBufferPointer<UInt8>, _ point: Int, to out: inout ByteWriter) {
        if point <= 0 {
            out.append("0.")
            for _ in point..<0 { out.append(UInt8(ascii: "0")) }
            return out.append(digits)
        }
        out.append(UnsafeBufferPointer(rebasing: digits[..<min(point, digits.count)]))
        if digits.count > point {
            out.append(UInt8(ascii: "."))
            out.append(UnsafeBufferPointer(rebasing: digits[point...]))
        } else {
            for _ in digits.count..<point { out.append(UInt8(ascii: "0")) }
        }
    }

    private static func appendScientific(_ digits: UnsafeBufferPointer<UInt8>, _ point: Int, to out: inout ByteWriter) {
        out.append(digits[0])
        if digits.count > 1 {
            out.append(UInt8(ascii: "."))
            out.append(UnsafeBufferPointer(rebasing: digits[1...]))
        }
        let exponent = point - 1
        out.append(exponent < 0 ? "e-" : "e+")
        if exponent.magnitude < 10 { out.append(UInt8(ascii: "0")) }
        append(UInt64(exponent.magnitude), to: &out)
    }
}
