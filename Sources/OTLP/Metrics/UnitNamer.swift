/// Units of UCUM as OTLP uses them, in the words that Prometheus metric names use.
///
/// Source: prometheus/otlptranslator `unit_namer.go`, `metric_namer.go`.
struct UnitNamer {
    /// "seconds" of `s`, "bytes" of `By/s`; "" for none, for `1` and for annotations in braces.
    let main: String
    /// "per_second" of `By/s`; "" for none.
    let per: String

    init(_ unit: String) {
        let slash = unit.utf8.firstIndex(of: UInt8(ascii: "/"))
        let mainUnit = Self.trimmed(unit[..<(slash ?? unit.endIndex)])
        main = mainUnit.isEmpty || Self.isAnnotation(mainUnit) ? "" : Self.word(mainUnit)
        let perUnit = slash.map { Self.trimmed(unit[unit.utf8.index(after: $0)...]) } ?? ""
        per = perUnit.isEmpty || Self.isAnnotation(perUnit) ? "" : "per_" + Self.perWord(perUnit)
    }

    /// The unit as metadata holds it: both parts, escaped.
    var metadata: String {
        let parts = [Self.cleaned(main), Self.cleaned(per)].filter { !$0.isEmpty }.joined(separator: "_")
        let start = parts.hasPrefix("_") ? parts.dropFirst() : parts[...]
        return String(start.hasSuffix("_") ? start.dropLast() : start)
    }

    /// Everything but letters, digits and colons becomes an underscore, runs of them one, none leads.
    static func cleaned(_ unit: String) -> String {
        var out = ""
        for scalar in unit.unicodeScalars {
            if isNameScalar(scalar) {
                out.unicodeScalars.append(scalar)
            } else if out.unicodeScalars.last != "_" {
                out += "_"
            }
        }
        return out.hasPrefix("_") ? String(out.dropFirst()) : out
    }

    private static func isNameScalar(_ scalar: UnicodeScalar) -> Bool {
        scalar.isASCII && MetricNamer.isNameByte(UInt8(truncatingIfNeeded: scalar.value))
    }

    private static func isAnnotation(_ unit: String) -> Bool { unit.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") } }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.unicodeScalars.first?.properties.isWhitespace == true { text.unicodeScalars.removeFirst() }
        while text.unicodeScalars.last?.properties.isWhitespace == true { text.unicodeScalars.removeLast() }
        return String(text)
    }

    private static func word(_ unit: String) -> String {
        switch unit {
        case "d": "days"
        case "h": "hours"
        case "min": "minutes"
        case "s": "seconds"
        case "ms": "milliseconds"
        case "us": "microseconds"
        case "ns": "nanoseconds"
        case "By": "bytes"
        case "KiBy": "kibibytes"
        case "MiBy": "mebibytes"
        case "GiBy": "gibibytes"
        case "TiBy": "tibibytes"
        case "KBy": "kilobytes"
        case "MBy": "megabytes"
        case "GBy": "gigabytes"
        case "TBy": "terabytes"
        case "m": "meters"
        case "V": "volts"
        case "A": "amperes"
        case "J": "joules"
        case "W": "watts"
        case "g": "grams"
        case "Cel": "celsius"
        case "Hz": "hertz"
        case "1": ""
        case "%": "percent"
        default: unit
        }
    }

    private static func perWord(_ unit: String) -> String {
        switch unit {
        case "s": "second"
        case "m": "minute"
        case "h": "hour"
        case "d": "day"
        case "w": "week"
        case "mo": "month"
        case "y": "year"
        default: unit
        }
    }
}
