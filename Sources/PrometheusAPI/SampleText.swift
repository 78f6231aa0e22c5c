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
        var rest = value
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var at = 20
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest != 0
            out.append(UnsafeBufferPointer(rebasing: digits[at..<20]))
        }
    }

    static func append(_ value: Double, to out: inout ByteWriter) {
        guard value.isFinite else { return out.append(utf8: value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf") }
        if value.sign == .minus { out.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        if magnitude < 9e15, magnitude == magnitude.rounded(.towardZero) { return append(UInt64(magnitude), to: &out) }
        // Swift's description is the shortest that reads back, either plain or as `d.ddde±x`.
        var text = magnitude.description
        text.withUTF8 { appendLaidOut($0, magnitude: magnitude, to: &out) }
    }

    private static func appendLaidOut(_ text: UnsafeBufferPointer<UInt8>, magnitude: Double, to out: inout ByteWriter) {
        let exponentMark = text.firstIndex(of: UInt8(ascii: "e"))
        let mantissa = UnsafeBufferPointer(rebasing: text[..<(exponentMark ?? text.count)])
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.count
        var digits = mantissa.filter { $0 != UInt8(ascii: ".") }
        // Where the decimal point stands, counted in digits from the first.
        var place = point
        if let exponentMark { place += Int(String(decoding: text[(exponentMark + 1)...], as: UTF8.self)) ?? 0 }
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leading)
        place -= leading
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if magnitude < 1e-6 || magnitude >= 1e21 {
            out.append(digits[0])
            if digits.count > 1 {
                out.append(UInt8(ascii: "."))
                out.append(Array(digits[1...]))
            }
            let exponent = place - 1
            out.append(utf8: exponent < 0 ? "e-" : "e+")
            if exponent.magnitude < 10 { out.append(UInt8(ascii: "0")) }
            out.append(utf8: String(exponent.magnitude))
        } else if place <= 0 {
            out.append("0.")
            for _ in 0..<(-place) { out.append(UInt8(ascii: "0")) }
            out.append(digits)
        } else {
            out.append(Array(digits.prefix(place)))
            for _ in 0..<max(0, place - digits.count) { out.append(UInt8(ascii: "0")) }
            if digits.count > place {
                out.append(UInt8(ascii: "."))
                out.append(Array(digits[place...]))
            }
        }
    }
}
