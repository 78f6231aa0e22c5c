/// The powers of ten from 10^-292 to 10^324 in 128 bits each: 2^127 ≤ f < 2^128 of f × 2^e, rounded up.
struct PowersOfTen: Sendable {
    static let exponents = -292...324
    private static let limbs = 22
    /// High and low half of each, in order. Never freed: there is one table, and it lives as long as the process.
    // SAFETY: written in `init` alone, by the one thread that makes `shared`.
    private nonisolated(unsafe) let halves: UnsafePointer<UInt64>

    static let shared = PowersOfTen()

    private init() {
        let halves = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * Self.exponents.count)
        func store(_ exponent: Int, _ number: [UInt64], isExact: Bool) {
            let (high, low) = Self.leading(number, isExact: isExact)
            halves[2 * (exponent - Self.exponents.lowerBound)] = high
            halves[2 * (exponent - Self.exponents.lowerBound) + 1] = low
        }
        var power = [UInt64](repeating: 0, count: Self.limbs)
        power[0] = 1
        for exponent in 0...Self.exponents.upperBound {
            store(exponent, power, isExact: true)
            var carry: UInt64 = 0
            for at in power.indices {
                let (high, low) = power[at].multipliedFullWidth(by: 10)
                let (sum, overflow) = low.addingReportingOverflow(carry)
                power[at] = sum
                carry = high + (overflow ? 1 : 0)
            }
        }
        // A power of two large enough, divided by ten again and again: rounding down before another division changes nothing.
        var quotient = [UInt64](repeating: 0, count: Self.limbs)
        quotient[Self.limbs - 1] = 1 << 63
        for exponent in stride(from: -1, through: Self.exponents.lowerBound, by: -1) {
            var remainder: UInt64 = 0
            for at in quotient.indices.reversed() { (quotient[at], remainder) = UInt64(10).dividingFullWidth((remainder, quotient[at])) }
            store(exponent, quotient, isExact: false)
        }
        self.halves = UnsafePointer(halves)
    }

    /// Its first 128 bits from the highest that is set, rounded up.
    private static func leading(_ number: [UInt64], isExact: Bool) -> (high: UInt64, low: UInt64) {
        let top = number.lastIndex { $0 != 0 } ?? 0
        let shift = number[top].leadingZeroBitCount
        func limb(_ at: Int) -> UInt64 {
            guard at >= 0 else { return 0 }
            return (number[at] << shift) | (shift > 0 && at > 0 ? number[at - 1] >> (64 - shift) : 0)
        }
        let (high, low) = (limb(top), limb(top - 1))
        let isWhole = isExact && (top < 2 || (limb(top - 2) == 0 && number[..<(top - 2)].allSatisfy { $0 == 0 }))
        if isWhole { return (high, low) }
        let (sum, overflow) = low.addingReportingOverflow(1)
        return (high + (overflow ? 1 : 0), sum)
    }

    /// 10^`exponent`, which is one of `exponents`.
    @inline(__always)
    subscript(exponent: Int) -> (high: UInt64, low: UInt64) {
        let at = 2 * (exponent - Self.exponents.lowerBound)
        return (halves[at], halves[at + 1])
    }
}
