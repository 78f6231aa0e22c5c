#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// C's functions of real numbers, under names that do not clash with PromQL's.
enum RealMath {
    static func power(_ a: Double, _ b: Double) -> Double { pow(a, b) }
    static func remainder(_ a: Double, _ b: Double) -> Double { fmod(a, b) }
    static func arcTangent(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
    static func powerOfTwo(_ x: Double) -> Double { exp2(x) }
    static func exponential(_ x: Double) -> Double { exp(x) }
    static func naturalLogarithm(_ x: Double) -> Double { log(x) }
    static func binaryLogarithm(_ x: Double) -> Double { log2(x) }
    static func decimalLogarithm(_ x: Double) -> Double { log10(x) }
    static func sine(_ x: Double) -> Double { sin(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func tangent(_ x: Double) -> Double { tan(x) }
    static func arcSine(_ x: Double) -> Double { asin(x) }
    static func arcCosine(_ x: Double) -> Double { acos(x) }
    static func arcTangent(_ x: Double) -> Double { atan(x) }
    static func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
    static func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
    static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
    static func areaSine(_ x: Double) -> Double { asinh(x) }
    static func areaCosine(_ x: Double) -> Double { acosh(x) }
    static func areaTangent(_ x: Double) -> Double { atanh(x) }
}
