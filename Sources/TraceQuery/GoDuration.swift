/// Durations as Go writes and reads them: `1.5ms`, `2m0s`, `1h15m30.918s`. Jaeger's API takes and shows them so.
package enum GoDuration {
    private static let units: [(name: String, nanos: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// Nanoseconds as `time.Duration.String` writes them.
    package static func text(nanos: Int64) -> String {
        guard nanos != 0 else { return "0s" }
        let sign = nanos < 0 ? "-" : ""
        let total = nanos.magnitude
        switch total {
        case ..<1000: return "\(sign)\(total)ns"
        case ..<1_000_000: return sign + decimal(total, 3) + "µs"
        case ..<1_000_000_000: return sign + decimal(total, 6) + "ms"
        default:
            let minutes = total / 60_000_000_000
            let seconds = decimal(total % 60_000_000_000, 9) + "s"
            if minutes == 0 { return sign + seconds }
            return minutes < 60 ? "\(sign)\(minutes)m\(seconds)" : "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
        }
    }

    private static func decimal(_ value: UInt64, _ places: Int) -> String {
        let unit = (0..<places).reduce(UInt64(1)) { power, _ in power * 10 }
        let fraction = String(value % unit)
        let digits = String(repeating: "0", count: places - fraction.count) + fraction
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        return trimmed.isEmpty ? "\(value / unit)" : "\(value / unit).\(String(trimmed))"
    }

    /// Nanoseconds of a text; nil for what `time.ParseDuration` refuses or does not fit.
    package static func nanos(_ text: String) -> Int64? {
        var rest = Substring(text)
        let negative = rest.first == "-"
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard digits.contains(where: { $0 != "." }), digits.filter({ $0 == "." }).count <= 1 else { return nil }
            guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits.hasSuffix(".") ? digits + "0" : String(digits)) else { return nil }
            rest = rest[digits.endIndex...]
            let name = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            guard let unit = units.first(where: { $0.name == name }) else { return nil }
            total += value * unit.nanos
            rest = rest[name.endIndex...]
        }
        guard total < Double(Int64.max) else { return nil }
        let nanos = Int64(total.rounded())
        return negative ? -nanos : nanos
    }
}
