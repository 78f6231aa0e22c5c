#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Random numbers told by a seed (SplitMix64), so that a demo can be run again as it was.
struct DemoRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Evenly in 0 ..< 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Waiting time of a Poisson process with `rate` events a second, in seconds.
    mutating func exponential(rate: Double) -> Double { -log(1 - unit()) / rate }

    /// Latencies as services have them: half of them under `median`, a long tail as wide as `sigma` says.
    mutating func logNormal(median: Double, sigma: Double) -> Double {
        let normal = (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
        return median * exp(sigma * normal)
    }
}
