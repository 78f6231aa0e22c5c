/// Reads numbers as Go's `strconv.ParseFloat` does, without hexadecimal and underscores, which expositions must not use.
///
/// The result is the nearest double, bit for bit that of `Double(String)`.
package enum DecimalParser {
    /// The number that `text` is, as a whole; nil for what is no number and for finite digits beyond the range of doubles.
    package static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard let start = text.baseAddress, !text.isEmpty else { return nil }
        var position = start
        if let value = plain(&position, end: start + text.count), position == start + text.count { return value }
        return general(text)
    }

    package static func parse(_ text: String) -> Double? {
        var text = text
        return text.withUTF8 { parse($0) }
    }

    // MARK: - Plain digits

    /// Reads digits with at most one point and an exponent, as far as they reach, when the nearest double can be had from one or
    /// two multiplications; nil, and `position` anywhere, otherwise.
    @inline(__always)
    static func plain(_ position: inout UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) -> Double? {
        var p = position
        var isNegative = false
        if p < end, p.pointee == UInt8(ascii: "-") { isNegative = true; p += 1 } else if p < end, p.pointee == UInt8(ascii: "+") { p += 1 }
        var mantissa: UInt64 = 0
        let wholeStart = p
        while p < end, case let digit = p.pointee &- 0x30, digit < 10 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            p += 1
        }
        var digitCount = p - wholeStart
        var exponent = 0
        if p < end, p.pointee == UInt8(ascii: ".") {
            p += 1
            let fractionStart = p
            while p < end, case let digit = p.pointee &- 0x30, digit < 10 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                p += 1
            }
            exponent = fractionStart - p
            digitCount -= exponent
        }
        // Nineteen digits always fit 64 bits; more may not, leading zeros aside.
        guard digitCount > 0, digitCount <= 19 else { return nil }
        if p < end, p.pointee | 0x20 == UInt8(ascii: "e") {
            p += 1
            var isDown = false
            if p < end, p.pointee == UInt8(ascii: "-") { isDown = true; p += 1 } else if p < end, p.pointee == UInt8(ascii: "+") { p += 1 }
            let start = p
            var written = 0
            while p < end, case let digit = p.pointee &- 0x30, digit < 10 {
                if p - start > 5 { return nil }
                written = written &* 10 &+ Int(digit)
                p += 1
            }
            guard p > start else { return nil }
            exponent += isDown ? -written : written
        }
        guard let magnitude = nearest(mantissa, exponent) else { return nil }
        position = p
        return isNegative ? -magnitude : magnitude
    }

    /// `mantissa` × 10^`exponent`, rounded once; nil where this cannot be decided quickly.
    @inline(__always)
    private static func nearest(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        // Both factors exact, so one IEEE operation rounds once (Clinger 1990).
        if mantissa < 1 << 53 {
            if exponent == 0 { return Double(mantissa) }
            if exponent < 0, exponent >= -22 { return Double(mantissa) / PowersOfTen.exact[-exponent] }
            if exponent > 0, exponent <= 22 { return Double(mantissa) * PowersOfTen.exact[exponent] }
        }
        if mantissa == 0 { return 0 }
        return eiselLemire(mantissa, exponent)
    }

    /// Lemire, "Number parsing at a gigabyte per second" (2021), for the exponents whose powers of five fit 128 bits.
    private static func eiselLemire(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        guard exponent >= -PowersOfTen.fiveExponentMax, exponent <= PowersOfTen.fiveExponentMax else { return nil }
        let shift = mantissa.leadingZeroBitCount
        let scaled = mantissa << UInt64(shift)
        let five = PowersOfTen.fives[exponent + PowersOfTen.fiveExponentMax]
        var product = scaled.multipliedFullWidth(by: five.high)
        if product.high & 0x1FF == 0x1FF {
            let second = scaled.multipliedFullWidth(by: five.low)
            product.low &+= second.high
            if second.high > product.low { product.high &+= 1 }
        }
        if product.low == .max, exponent < -27 { return nil }
        let upperBit = Int(product.high >> 63)
        let drop = UInt64(upperBit + 9)
        var bits = product.high >> drop
        var power = ((217_706 * exponent) >> 16) + 63 + upperBit - shift + 1023
        guard power > 0, power < 0x7FF else { return nil }
        // Exactly half way between two doubles: to the even one.
        if product.low <= 1, exponent >= -4, exponent <= 23, bits & 3 == 1, bits << drop == product.high { bits &= ~1 }
        bits = (bits + (bits & 1)) >> 1
        if bits >= 1 << 53 { bits = 1 << 52; power += 1 }
        guard power < 0x7FF else { return nil }
        return Double(bitPattern: UInt64(power) << 52 | (bits & ((1 << 52) - 1)))
    }

    // MARK: - Everything else

    @inline(never)
    static func general(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        var digits = text[...]
        let sign = digits.first
        let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
        if isSigned { digits = digits.dropFirst() }
        guard let first = digits.first else { return nil }
        if first | 0x20 == UInt8(ascii: "i") {
            guard isWord(digits, "inf") || isWord(digits, "infinity") else { return nil }
            return sign == UInt8(ascii: "-") ? -.infinity : .infinity
        }
        if first | 0x20 == UInt8(ascii: "n") { return !isSigned && isWord(digits, "nan") ? .nan : nil }
        guard isDecimal(digits) else { return nil }
        let value = Double(String(decoding: text, as: UTF8.self))
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func isWord(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ word: StaticString) -> Bool {
        text.count == word.utf8CodeUnitCount && zip(text, UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)).allSatisfy { $0 | 0x20 == $1 }
    }

    /// Digits, at most one point among them, then perhaps an exponent.
    private static func isDecimal(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
        var rest = text
        var digitCount = 0
        func skipDigits() { while let byte = rest.first, isDigit(byte) { rest = rest.dropFirst(); digitCount += 1 } }
        skipDigits()
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst(); skipDigits() }
        guard digitCount > 0 else { return false }
        guard let mark = rest.first else { return true }
        guard mark | 0x20 == UInt8(ascii: "e") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }
}
