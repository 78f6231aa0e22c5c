import Bytes

/// Numbers as the reference implementation writes them in expositions: the shortest digits that read back to the same number,
/// laid out by Go's `strconv.FormatFloat(value, 'g', -1, 64)`.
package enum ExpositionNumber {
    /// `1e+06`, `0.25`, `+Inf`, `NaN`.
    package static func text(_ value: Double) -> String {
        var writer = ByteWriter(capacity: 32)
        append(value, to: &writer)
        return writer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    static func append(_ value: Double, to out: inout ByteWriter) {
        guard value.isFinite else { return out.append(utf8: value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf") }
        if value == 0 { return out.append(UInt8(ascii: "0")) }
        if value.magnitude < 1e6, value == value.rounded(.towardZero) { return out.append(utf8: String(Int(value))) }
        var text = value.magnitude.description
        if value < 0 { out.append(UInt8(ascii: "-")) }
        text.withUTF8 { appendLaidOut($0, to: &out) }
    }

    /// As `append`, with a fraction or an exponent always, as OpenMetrics asks of floats.
    static func appendFloat(_ value: Double, to out: inout ByteWriter) {
        let start = out.count
        append(value, to: &out)
        let isWhole = out.withBytes { bytes in
            bytes[start...].allSatisfy { $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        if isWhole { out.append(".0") }
    }

    /// Lays Swift's shortest digits (`12.5`, `1e-05`, `2.5e+16`) out in Go's way: an exponent below 1e-4 and from 1e6 on.
    private static func appendLaidOut(_ text: UnsafeBufferPointer<UInt8>, to out: inout ByteWriter) {
        var digits: [UInt8] = []
        var pointAt: Int?
        var written = 0
        var index = 0
        while index < text.count, text[index] != UInt8(ascii: "e") {
            if text[index] == UInt8(ascii: ".") { pointAt = digits.count } else { digits.append(text[index]) }
            index += 1
        }
        if index < text.count { written = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0 }
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        var exponent = (pointAt ?? digits.count) - leading - 1 + written
        digits.removeFirst(leading)
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }

        if exponent < -4 || exponent >= 6 {
            out.append(digits[0])
            if digits.count > 1 {
                out.append(UInt8(ascii: "."))
                out.append(Array(digits[1...]))
            }
            out.append(exponent < 0 ? "e-" : "e+")
            exponent = abs(exponent)
            if exponent < 10 { out.append(UInt8(ascii: "0")) }
            out.append(utf8: String(exponent))
        } else if exponent < 0 {
            out.append("0.")
            for _ in 1..<(-exponent) { out.append(UInt8(ascii: "0")) }
            out.append(digits)
        } else {
            for place in 0..<max(digits.count, exponent + 1) {
                if place == exponent + 1 { out.append(UInt8(ascii: ".")) }
                out.append(place < digits.count ? digits[place] : UInt8(ascii: "0"))
            }
        }
    }
}
