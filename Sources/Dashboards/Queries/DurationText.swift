/// Durations as Grafana and Prometheus write them.
package enum DurationText {
    private static let units: [(text: String, millis: Int64)] = [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Milliseconds of "90s", "1h30m", "250ms", a plain number of seconds, or any of these behind ">" or "<"; nil for anything else.
    package static func millis(_ text: String) -> Int64? {
        var rest = text[...]
        if let first = rest.first, first == ">" || first == "<" { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            if rest.isEmpty, digits.count == text.drop(while: { $0 == ">" || $0 == "<" }).count { return scaled(number, 1_000) }
            let unit = rest.prefix { $0.isLetter }
            let factor = unit == "M" ? 2_592_000_000 : units.first { $0.text == unit }?.millis
            guard let factor, let part = scaled(number, factor) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
            rest = rest.dropFirst(unit.count)
        }
        return total
    }

    private static func scaled(_ number: Int64, _ factor: Int64) -> Int64? {
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// The largest unit that fits, as `$__interval` is written (`gtime.FormatInterval`): 90 s is "1m".
    package static func interval(_ millis: Int64) -> String {
        for unit in units where unit.text != "w" && millis >= unit.millis { return "\(millis / unit.millis)\(unit.text)" }
        return "1ms"
    }

    /// Exact, as Go writes a duration of whole seconds ("1m0s"), which `$__rate_interval` and the inspected query are written in.
    package static func exact(_ millis: Int64) -> String {
        guard millis >= 1_000 else { return "\(millis)ms" }
        let hours = millis / 3_600_000
        let minutes = millis / 60_000 % 60
        let seconds = millis / 1_000 % 60
        let rest = millis % 1_000
        return (hours > 0 ? "\(hours)h" : "") + (hours > 0 || minutes > 0 ? "\(minutes)m" : "") + "\(seconds)s" + (rest > 0 ? "\(rest)ms" : "")
    }
}
