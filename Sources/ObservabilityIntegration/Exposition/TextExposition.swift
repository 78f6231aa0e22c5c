/// Metrics as text: format 0.0.4 or OpenMetrics 1.0.0; of histograms the classic buckets.
///
/// Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
enum TextExposition {
    static func render(_ families: [FamilySnapshot], isOpenMetrics: Bool) -> [UInt8] {
        var out: [UInt8] = []
        for family in families {
            // OpenMetrics calls a family of counters by its name without the suffix that its samples have.
            let title = isOpenMetrics && family.kind == .counter && family.name.hasSuffix("_total") ? String(family.name.dropLast(6)) : family.name
            out += "# HELP \(title) \(escaped(family.help, quotes: isOpenMetrics))\n# TYPE \(title) \(family.kind.rawValue)\n".utf8
            for series in family.series {
                let labels = series.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
                switch series.point {
                case .number(let value):
                    out += "\(family.name)\(braces(labels)) \(number(value))\n".utf8
                case .histogram(let histogram):
                    for (bound, count) in zip(histogram.bounds + [.infinity], histogram.cumulativeCounts) {
                        out += "\(family.name)_bucket\(braces(labels + ["le=\"\(isOpenMetrics ? canonical(bound) : number(bound))\""])) \(count)\n".utf8
                    }
                    out += "\(family.name)_sum\(braces(labels)) \(number(histogram.sum))\n\(family.name)_count\(braces(labels)) \(histogram.count)\n".utf8
                }
            }
        }
        if isOpenMetrics { out += "# EOF\n".utf8 }
        return out
    }

    /// The shortest text that reads as this number; whole numbers without a point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return abs(value) < 0x1p53 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
    }

    /// A bound as OpenMetrics writes it, with a point.
    private static func canonical(_ bound: Double) -> String { bound.isInfinite ? number(bound) : "\(bound)" }

    private static func braces(_ pairs: [String]) -> String { pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}" }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\".unicodeScalars
            case "\n": out += "\\n".unicodeScalars
            case "\"" where quotes: out += "\\\"".unicodeScalars
            default: out.append(scalar)
            }
        }
        return String(out)
    }
}
