#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How busy and how well the simulated world is at a moment: a day of waves in five minutes, and a provider that has bad spells.
struct DemoLoad {
    private static let daySeconds = 300.0
    private static let rippleSeconds = 47.0
    /// A spell begins once every so often and lasts for a part of it.
    private static let spellEverySeconds = 210.0
    private static let spellSeconds = 35.0

    /// Workflows a second.
    let rate: Double
    /// By how much slower than usual models answer.
    let slowness: Double
    /// The chance that one call of a model fails.
    let failureChance: Double
    /// The chance that an answer is in the cache.
    let cacheHitChance: Double

    init(at seconds: Double, baseRate: Double) {
        let day = sin(2 * .pi * seconds / Self.daySeconds)
        let ripple = sin(2 * .pi * seconds / Self.rippleSeconds)
        let inSpell = seconds.truncatingRemainder(dividingBy: Self.spellEverySeconds) > Self.spellEverySeconds - Self.spellSeconds
        rate = baseRate * (1 + 0.45 * day + 0.12 * ripple)
        slowness = (1 + 0.25 * max(0, day)) * (inSpell ? 1.8 : 1)
        failureChance = inSpell ? 0.4 : 0.05 + 0.02 * max(0, ripple)
        cacheHitChance = 0.58 + 0.14 * sin(2 * .pi * seconds / Self.daySeconds * 0.7) - (inSpell ? 0.1 : 0)
    }

    /// No moment is busier than so many times the base rate.
    static let peak = 1.6
}
