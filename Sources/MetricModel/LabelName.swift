/// The names that labels may have, and the ones with a meaning of their own.
package enum LabelName {
    package static let metric = "__name__"
    package static let bucketBound = "le"
    package static let quantile = "quantile"
    package static let job = "job"
    package static let instance = "instance"

    /// Whether `name` is `[a-zA-Z_][a-zA-Z0-9_]*`, the form that needs no quotes.
    package static func isLegacy(_ name: some StringProtocol) -> Bool {
        var first = true
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !first: break
            default: return false
            }
            first = false
        }
        return !first
    }

    /// The text in double quotes, escaped as Go's `strconv.Quote` does.
    package static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{07}": out += "\\a"
            case "\u{08}": out += "\\b"
            case "\u{0B}": out += "\\v"
            case "\u{0C}": out += "\\f"
            // As it stands a query's reader takes it, as upstream's does, for bytes that are no UTF-8.
            case "\u{FFFD}": out += "\\ufffd"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                out += "\\x" + (digits.count < 2 ? "0" : "") + digits
            case _ where scalar.value > 0x7F && !isPrintable(scalar):
                let digits = String(scalar.value, radix: 16)
                let width = scalar.value < 0x10000 ? 4 : 8
                out += (width == 4 ? "\\u" : "\\U") + String(repeating: "0", count: width - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// Go's `unicode.IsPrint`.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
        default: true
        }
    }
}

/// The names that metrics may have.
package enum MetricName {
    /// Whether `name` is `[a-zA-Z_:][a-zA-Z0-9_:]*`, the form that needs no quotes.
    package static func isLegacy(_ name: some StringProtocol) -> Bool {
        LabelName.isLegacy(String(name.map { $0 == ":" ? "_" : $0 }))
    }
}
