/// A duration as Prometheus's configuration writes it: `15s`, `1m30s`, `90d`. Whole milliseconds, never negative.
///
/// Source: prometheus/common `model/time.go`.
package struct ModelDuration: Hashable, Comparable, Sendable {
    package let millis: Int64

    package init(millis: Int64) {
        precondition(millis >= 0)
        self.millis = millis
    }

    package static func seconds(_ seconds: Int64) -> ModelDuration { ModelDuration(millis: seconds * 1000) }

    package var nanos: UInt64 { UInt64(millis) * 1_000_000 }
    package var seconds: Double { Double(millis) / 1000 }

    private static let units: [(name: String, millis: Int64)] = [
        ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads whole numbers with the units y, w, d, h, m, s, ms in this order, each at most once, or `0`; nil for anything else.
    package init?(_ text: String) {
        if text == "0" {
            self.init(millis: 0)
            return
        }
        var total: Int64 = 0
        var rest = Substring(text)
        var units = Self.units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            let letters = rest.dropFirst(digits.count).prefix { !("0"..."9").contains($0) }
            guard let count = Int64(digits), let index = units.firstIndex(where: { $0.name == letters }) else { return nil }
            let (part, overflow) = count.multipliedReportingOverflow(by: units[index].millis)
            let (sum, carry) = total.addingReportingOverflow(part)
            // Nanoseconds in 64 bits, as upstream keeps it: 292 years.
            guard !overflow, !carry, sum <= Int64.max / 1_000_000 else { return nil }
            total = sum
            units = units[(index + 1)...]
            rest = rest.dropFirst(digits.count + letters.count)
        }
        guard !text.isEmpty else { return nil }
        self.init(millis: total)
    }

    package static func < (a: ModelDuration, b: ModelDuration) -> Bool { a.millis < b.millis }
}

extension ModelDuration: CustomStringConvertible {
    /// The shortest way to write it; years and weeks only where nothing is left over.
    package var description: String {
        guard millis > 0 else { return "0s" }
        var text = ""
        var rest = millis
        for unit in Self.units {
            if unit.name == "y" || unit.name == "w", rest % unit.millis != 0 { continue }
            if rest >= unit.millis { text += "\(rest / unit.millis)\(unit.name)" }
            rest %= unit.millis
        }
        return text
    }
}
