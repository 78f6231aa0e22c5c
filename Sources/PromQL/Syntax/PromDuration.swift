import MetricModel

/// Durations as Prometheus writes them: `1y2w3d4h5m6s7ms` (common `model.Duration`).
package enum PromDuration {
    package struct Invalid: Error, Sendable { package let message: String }

    private static let units: [(name: String, millis: Int64)] = [
        ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Milliseconds; units must come largest first, each once.
    package static func millis(_ text: String) throws(Invalid) -> Int64 {
        if text == "0" { return 0 }
        if text.isEmpty { throw Invalid(message: "empty duration string") }
        let bytes = Array(text.utf8)
        var position = 0
        var total: Int64 = 0
        var lastUnit = -1
        while position < bytes.count {
            let from = position
            while position < bytes.count, Lexer.isDigit(bytes[position]) { position += 1 }
            let digits = String(decoding: bytes[from..<position], as: UTF8.self)
            if digits.isEmpty { throw Invalid(message: "not a valid duration string: \(LabelName.quoted(text))") }
            let unitFrom = position
            while position < bytes.count, !Lexer.isDigit(bytes[position]) { position += 1 }
            let name = String(decoding: bytes[unitFrom..<position], as: UTF8.self)
            guard let unit = units.firstIndex(where: { $0.name == name }) else {
                if name.isEmpty { throw Invalid(message: "not a valid duration string: \(LabelName.quoted(text))") }
                throw Invalid(message: "unknown unit \(LabelName.quoted(name)) in duration \(LabelName.quoted(text))")
            }
            if unit <= lastUnit { throw Invalid(message: "not a valid duration string: \(LabelName.quoted(text))") }
            lastUnit = unit
            guard let number = Int64(digits), case let (part, overflow) = number.multipliedReportingOverflow(by: units[unit].millis), !overflow,
                case let (sum, tooLarge) = total.addingReportingOverflow(part), !tooLarge, sum <= Int64.max / 1_000_000
            else { throw Invalid(message: "duration out of range") }
            total = sum
        }
        return total
    }

    /// The shortest text that reads back: units that divide evenly are used from the largest (`model.Duration.String`).
    package static func format(millis: Int64) -> String {
        if millis == 0 { return "0s" }
        if millis < 0 { return "-" + format(millis: millis == .min ? .max : -millis) }
        var rest = millis
        var text = ""
        for (index, unit) in units.enumerated() {
            // Years and weeks only where nothing is left over.
            if index < 2, rest % unit.millis != 0 { continue }
            let count = rest / unit.millis
            if count > 0 {
                text += "\(count)\(unit.name)"
                rest -= count * unit.millis
            }
        }
        return text
    }
}
