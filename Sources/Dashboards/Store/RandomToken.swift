/// Names and secrets that nobody can guess, from the system's generator.
enum RandomToken {
    /// A session's secret: 128 random bits as 32 hexadecimal digits, as Grafana's.
    static func session() -> String { hexadecimal(count: 16) }

    /// A uid for what was saved without one: 14 letters and digits, a letter first.
    static func uid() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        let all = letters + Array("0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<14).map { ($0 == 0 ? letters : all).randomElement(using: &generator) ?? "a" })
    }

    static func bytes(count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    private static func hexadecimal(count: Int) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes(count: count).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
