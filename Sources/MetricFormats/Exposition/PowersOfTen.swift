/// Tables for `DecimalParser`, computed once a process.
enum PowersOfTen {
    /// 10^0 … 10^22: all the powers of ten that a double holds exactly.
    // SAFETY: written by the lazy initialiser of a global, read-only afterwards, never freed.
    nonisolated(unsafe) static let exact: UnsafePointer<Double> = {
        let table = UnsafeMutablePointer<Double>.allocate(capacity: 23)
        var power = 1.0
        for i in 0..<23 {
            table[i] = power
            power *= 10
        }
        return UnsafePointer(table)
    }()

    /// The largest exponent of five in `fives`: 5^54 and twice as much still fit 128 bits.
    static let fiveExponentMax = 54

    struct Wide {
        var high: UInt64
        var low: UInt64
    }

    /// 5^-54 … 5^54, each scaled by a power of two to 128 bits with the highest set; positive powers exact, negative
    /// ones rounded up to 5^-27 and down below, as the proof of the algorithm asks (Mushtak and Lemire 2023).
    // SAFETY: as `exact`.
    nonisolated(unsafe) static let fives: UnsafePointer<Wide> = {
        let table = UnsafeMutablePointer<Wide>.allocate(capacity: 2 * fiveExponentMax + 1)
        var power: UInt128 = 1
        for exponent in 0...fiveExponentMax {
            table[fiveExponentMax + exponent] = wide(power << UInt128(power.leadingZeroBitCount))
            if exponent > 0 { table[fiveExponentMax - exponent] = wide(reciprocal(power) + (exponent <= 27 ? 1 : 0)) }
            if exponent < fiveExponentMax { power *= 5 }
        }
        return UnsafePointer(table)
    }()

    /// The first 128 significant bits of 1 / `divisor`, by long division.
    private static func reciprocal(_ divisor: UInt128) -> UInt128 {
        var quotient: UInt128 = 0
        var remainder: UInt128 = 1
        while quotient.leadingZeroBitCount > 0 {
            remainder <<= 1
            quotient <<= 1
            if remainder >= divisor {
                remainder -= divisor
                quotient |= 1
            }
        }
        return quotient
    }

    private static func wide(_ value: UInt128) -> Wide {
        Wide(high: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value))
    }
}
