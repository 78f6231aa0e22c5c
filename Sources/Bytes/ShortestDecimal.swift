/// The shortest decimal that reads back to the same double and, of several, the closest to it
/// (Raffaello Giulietti, "The Schubfach way to render doubles", 2022).
package struct ShortestDecimal {
    /// Digits of a number are at most these.
    package static let digitsMax = 17

    /// The digits as a number, at most 17 of them and no zero at the end; zero has one digit.
    package let significand: UInt64
    /// The power of ten that the digits are counted in: the number is `significand` × 10^`exponent`.
    package let exponent: Int
    /// How many digits there are.
    package let digitCount: Int

    /// Of a finite number that is not negative.
    package init(of magnitude: Double) {
        let (fraction, biased) = (magnitude.significandBitPattern, Int(magnitude.exponentBitPattern))
        var (digits, exponent): (UInt64, Int)
        if biased == 0, fraction == 0 {
            (digits, exponent) = (0, 0)
        } else {
            let c = biased == 0 ? fraction : fraction | 1 << 52
            let q = (biased == 0 ? 1 : biased) - 1_075
            if q <= 0, q > -53, c & ((1 << UInt64(-q)) - 1) == 0 {
                (digits, exponent) = (c >> UInt64(-q), 0)
            } else {
                (digits, exponent) = Self.shortest(c, q, hasCloserLowerNeighbour: fraction == 0 && biased > 1)
            }
        }
        if digits != 0, digits % 100_000_000 == 0 { (digits, exponent) = (digits / 100_000_000, exponent + 8) }
        while digits != 0 {
            let (tenth, last) = digits.quotientAndRemainder(dividingBy: 10)
            guard last == 0 else { break }
            (digits, exponent) = (tenth, exponent + 1)
        }
        (significand, self.exponent) = (digits, exponent)
        digitCount = Self.digitCount(digits)
    }

    /// Of c × 2^q. The names are those of the paper: `vb` is the number, `vbl` and `vbr` are the middles between it and its neighbours,
    /// all four times as large and in units of 10^k.
    private static func shortest(_ c: UInt64, _ q: Int, hasCloserLowerNeighbour: Bool) -> (digits: UInt64, exponent: Int) {
        let k = (q &* 1_262_611 &- (hasCloserLowerNeighbour ? 524_031 : 0)) >> 22
        let h = UInt64(q &+ ((-k &* 1_741_647) >> 19) &+ 1)
        let power = PowersOfTen.shared[-k]
        let vbl = roundedToOdd(power, (4 &* c &- 2 &+ (hasCloserLowerNeighbour ? 1 : 0)) &<< h)
        let vb = roundedToOdd(power, (4 &* c) &<< h)
        let vbr = roundedToOdd(power, (4 &* c &+ 2) &<< h)
        // The middles belong to numbers with an even significand.
        let odd = c & 1
        let (lower, upper) = (vbl &+ odd, vbr &- odd)
        let s = vb >> 2
        if s >= 10 {
            let tens = s / 10
            let fitsBelow = lower <= 40 &* tens
            let fitsAbove = 40 &* tens &+ 40 <= upper
            if fitsBelow != fitsAbove { return (tens &+ (fitsAbove ? 1 : 0), k + 1) }
        }
        let fitsBelow = lower <= 4 &* s
        let fitsAbove = 4 &* s &+ 4 <= upper
        if fitsBelow != fitsAbove { return (s &+ (fitsAbove ? 1 : 0), k) }
        let middle = 4 &* s &+ 2
        return (s &+ (vb > middle || (vb == middle && s & 1 == 1) ? 1 : 0), k)
    }

    /// The product's bits from 2^128 on, the last set if any below them are.
    @inline(__always)
    private static func roundedToOdd(_ power: (high: UInt64, low: UInt64), _ number: UInt64) -> UInt64 {
        let below = power.low.multipliedFullWidth(by: number).high
        let (high, low) = power.high.multipliedFullWidth(by: number)
        let (sum, overflow) = low.addingReportingOverflow(below)
        return (high &+ (overflow ? 1 : 0)) | (sum > 1 ? 1 : 0)
    }

    /// Where the point stands among the digits, counted from the first: 0.0025 is 25 with the point at -2, 1500 is 15 with the point at 4.
    package var point: Int { digitCount + exponent }

    /// Writes the digits to `digitCount` bytes, of which there must be `writableBytesMin` at least.
    package func writeDigits(to place: UnsafeMutablePointer<UInt8>) { Self.write(significand, digitCount: digitCount, to: place) }

    /// How many digits a number has; zero has one.
    package static func digitCount(_ number: UInt64) -> Int {
        // 1233 / 4096 is a little more than log10 of 2.
        let near = ((64 - (number | 1).leadingZeroBitCount) * 1_233) >> 12
        return number | 1 >= powers[near] ? near + 1 : near
    }

    /// Room that `write` wants, in bytes, be the number ever so short.
    package static let writableBytesMin = 8

    /// Writes a number of `digitCount` digits to as many bytes, of which there must be `writableBytesMin` at least: what is behind a short one is undefined then.
    package static func write(_ number: UInt64, digitCount: Int, to place: UnsafeMutablePointer<UInt8>) {
        let eight: UInt64 = 100_000_000
        let (upper, last) = number.quotientAndRemainder(dividingBy: eight)
        let (first, middle) = upper.quotientAndRemainder(dividingBy: eight)
        // From the front, for a short part writes over what is behind it.
        var at = 0
        if digitCount > 16 {
            writeShort(first, digitCount - 16, to: place)
            at = digitCount - 16
        }
        if digitCount > 8 {
            if at > 0 { store(texts(middle), at: place + at) } else { writeShort(middle, digitCount - 8, to: place) }
            store(texts(last), at: place + digitCount - 8)
        } else {
            writeShort(last, digitCount, to: place)
        }
    }

    /// Writes eight bytes, of which the first `digitCount` are the number's.
    @inline(__always)
    private static func writeShort(_ number: UInt64, _ digitCount: Int, to place: UnsafeMutablePointer<UInt8>) {
        store(texts(number) &<< UInt64(64 - 8 * digitCount), at: place)
    }

    @inline(__always)
    private static func store(_ text: UInt64, at place: UnsafeMutablePointer<UInt8>) { UnsafeMutableRawPointer(place).storeBytes(of: text.bigEndian, as: UInt64.self) }

    /// Eight digits with zeros in front, the first in the highest byte: a number below 10^8 is split in halves, quarters and digits, all at once.
    @inline(__always)
    private static func texts(_ number: UInt64) -> UInt64 {
        let halves = (number / 10_000) << 32 | number % 10_000
        let tens = halves &+ (65_536 - 100) &* (((halves &* 10_486) >> 20) & 0x7F_0000_007F)
        let digits = tens &+ (256 - 10) &* (((tens &* 103) >> 10) & 0x000F_000F_000F_000F)
        return digits | 0x3030_3030_3030_3030
    }

    private static let powers: InlineArray<20, UInt64> = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000,
        100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]
}
