import MetricModel
import PromQL

/// Numbers for people (prometheus/common helpers/templates, upstream template/template.go).
enum Humanize {
    /// A value as a number (`ConvertToFloat`).
    static func number(_ value: TemplateValue) throws(TemplateError) -> Double {
        switch value {
        case .float(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .duration(let nanos): return Double(nanos) / 1e9
        case .string(let text):
            guard let number = parsed(text) else { throw TemplateError("strconv.ParseFloat: parsing \(LabelName.quoted(text)): invalid syntax") }
            return number
        default: throw TemplateError("can't convert \(value.typeName) to float64")
        }
    }

    private static func parsed(_ text: String) -> Double? {
        switch text.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        case "nan": return .nan
        default: return text.utf8.first.map { $0 == 0x20 || $0 == 0x09 } == false ? Double(text) : nil
        }
    }

    private static func fourDigits(_ value: Double) -> String { GoPrint.number(value, "g", precision: 4) }

    /// `1.235M`, `120m`
    static func metric(_ number: Double) -> String {
        var value = number
        if value == 0 || !value.isFinite { return fourDigits(value) }
        var prefix = ""
        if abs(value) >= 1 {
            for next in ["k", "M", "G", "T", "P", "E", "Z", "Y"] where abs(value) >= 1_000 {
                prefix = next
                value /= 1_000
            }
        } else {
            (value, prefix) = small(value)
        }
        return fourDigits(value) + prefix
    }

    private static func small(_ number: Double) -> (Double, String) {
        var (value, prefix) = (number, "")
        for next in ["m", "u", "n", "p", "f", "a", "z", "y"] where abs(value) < 1 {
            prefix = next
            value *= 1_000
        }
        return (value, prefix)
    }

    /// `1.177Mi`
    static func binary(_ number: Double) -> String {
        var value = number
        if abs(value) <= 1 || !value.isFinite { return fourDigits(value) }
        var prefix = ""
        for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] where abs(value) >= 1_024 {
            prefix = next
            value /= 1_024
        }
        return fourDigits(value) + prefix
    }

    /// Seconds as `1d 2h 3m 4s`, `1.234s`, `120ms`.
    static func duration(_ number: Double) -> String {
        if !number.isFinite { return fourDigits(number) }
        if number == 0 { return "0s" }
        guard abs(number) >= 1 else {
            let (value, prefix) = small(number)
            return fourDigits(value) + prefix + "s"
        }
        let sign = number < 0 ? "-" : ""
        let size = abs(number)
        let whole = size < 0x1p62 ? Int(size) : Int.max
        let (seconds, minutes, hours, days) = (whole % 60, whole / 60 % 60, whole / 3_600 % 24, whole / 86_400)
        if days != 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
        if hours != 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
        if minutes != 0 { return "\(sign)\(minutes)m \(seconds)s" }
        return "\(sign)\(fourDigits(size))s"
    }

    static func percentage(_ number: Double) -> String { fourDigits(number * 100) + "%" }

    /// `2015-06-23 13:19:44.128 +0000 UTC`
    static func timestamp(_ number: Double) throws(TemplateError) -> String { number.isFinite ? GoTime.text(try nanos(number)) : fourDigits(number) }

    /// Seconds since the epoch as nanoseconds, whole milliseconds.
    static func nanos(_ seconds: Double) throws(TemplateError) -> Int64 {
        guard seconds.isFinite else { throw TemplateError("value is NaN or Inf") }
        let nanos = seconds * 1e9
        guard nanos < 0x1p63, nanos > -0x1p63 else {
            throw TemplateError("\(GoPrint.general(seconds)) cannot be represented as a nanoseconds timestamp since it overflows int64")
        }
        return Int64(nanos) / 1_000_000 * 1_000_000
    }
}
