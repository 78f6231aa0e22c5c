/// The bounds of buckets of exponential schemas.
package enum ExponentialBounds {
    /// 2^(1/2), 2^(1/4) … 2^(1/256), to the bit what Prometheus's table of bounds was made from.
    private static let factors: [Double] = [
        0x1.6a09e667f3bccp+0, 0x1.306fe0a31b715p+0, 0x1.172b83c7d517bp+0, 0x1.0b5586cf9890fp+0,
        0x1.059b0d3158574p+0, 0x1.02c9a3e778061p+0, 0x1.0163da9fb3335p+0, 0x1.00b1afa5abcbfp+0,
    ]

    /// The bounds of schema 8 from 0.5 on and below 1. Every second one is that of the schema below, the others follow by multiplication:
    /// they are not the nearest doubles, but they are Prometheus's (`exponentialBounds` in `model/histogram/generic.go`).
    private static let fractions: [Double] = {
        var bounds = [0.5]
        for factor in factors { bounds = bounds.flatMap { [$0, $0 * factor] } }
        return bounds
    }()

    /// The upper bound of bucket `index`, -4 ≤ `schema` ≤ 8.
    package static func upper(_ index: Int, schema: Int32) -> Double {
        let (fraction, exponent) = schema < 0
            ? (1.0, clamp(index) << -Int(schema))
            : (fractions[(index & (1 << Int(schema) - 1)) << (8 - Int(schema))], clamp(index >> Int(schema)) + 1)
        // The bound of the last bucket of finite values would be infinity; that is the bound of the bucket behind it.
        if fraction == 1 ? exponent == 1024 : fraction == 0.5 && exponent == 1025 { return .greatestFiniteMagnitude }
        // A power of two whose bits can be written down, unless the bound is among the smallest or largest numbers.
        if exponent > -1000, exponent < 1000 { return fraction * Double(bitPattern: UInt64(exponent + 1023) << 52) }
        return Double(sign: .plus, exponent: exponent, significand: fraction)
    }

    /// Beyond it there are only zero and infinity.
    private static func clamp(_ exponent: Int) -> Int { min(max(exponent, -4096), 4096) }
}
