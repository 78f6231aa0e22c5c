import Glibc
import MetricModel
import PromQL

/// Values as Go's `fmt` writes them.
enum GoPrint {
    /// `%v`
    static func text(_ value: TemplateValue) -> String {
        switch value {
        case .none: "<no value>"
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .uint(let number): String(number)
        case .float(let number): general(number)
        case .string(let text): text
        case .labels(let labels): "map[" + labels.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ") + "]"
        case .map(let map): "map[" + map.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value))" }.joined(separator: " ") + "]"
        case .histogram(let histogram): histogram.description
        case .time(let nanos): GoTime.text(nanos)
        case .duration(let nanos): GoTime.duration(nanos)
        case .sample(let labels, let value): "{\(text(.labels(labels))) \(text(value))}"
        case .samples(let list), .list(let list): "[" + list.map(text).joined(separator: " ") + "]"
        case .record(let fields): "{" + ["Labels", "ExternalLabels", "ExternalURL", "Value"].map { text(fields[$0] ?? .none) }.joined(separator: " ") + "}"
        }
    }

    /// `%v` and `%g` of a number: the shortest digits, with an exponent below -4 and from 6 on.
    static func general(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        let exponent = ScientificText.decimal(abs(value)).exponent
        return exponent >= -4 && exponent < 6 ? GoFormat.shortest(value) : ScientificText.text(value)
    }

    /// `%.4g` and its like, as C writes them too.
    static func number(_ value: Double, _ verb: Character, precision: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        var buffer = [CChar](repeating: 0, count: 400 + precision)
        let length = withVaList([Int32(precision), value]) { vsnprintf(&buffer, buffer.count, "%.*\(verb)", $0) }
        return String(decoding: buffer.prefix(max(0, min(Int(length), buffer.count - 1))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Go's `Sprintf` with the verbs v, s, q, d, f, F, e, E, g, G, x, X, t, c, o, b, T and %.
    static func format(_ format: String, _ arguments: [TemplateValue]) -> String {
        var out = ""
        var rest = Array(format)[...]
        var next = 0
        while let character = rest.popFirst() {
            guard character == "%" else {
                out.append(character)
                continue
            }
            var directive = Directive()
            while let flag = rest.first, "+-# 0".contains(flag) {
                directive.flags.insert(flag)
                rest.removeFirst()
            }
            directive.width = number(&rest, arguments, &next)
            if rest.first == "." {
                rest.removeFirst()
                directive.precision = number(&rest, arguments, &next) ?? 0
            }
            guard let verb = rest.popFirst() else { return out + "%!(NOVERB)" }
            if verb == "%" {
                out += "%"
            } else if next < arguments.count {
                out += directive.padded(directive.text(arguments[next], verb), arguments[next])
                next += 1
            } else {
                out += "%!\(verb)(MISSING)"
            }
        }
        if next < arguments.count {
            out += "%!(EXTRA " + arguments[next...].map { "\($0.typeName)=\(text($0))" }.joined(separator: ", ") + ")"
        }
        return out
    }

    private static func number(_ rest: inout ArraySlice<Character>, _ arguments: [TemplateValue], _ next: inout Int) -> Int? {
        if rest.first == "*" {
            rest.removeFirst()
            guard next < arguments.count, case .int(let width) = arguments[next] else { return nil }
            next += 1
            return Int(max(-1_000, min(width, 1_000)))
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        return Int(String(digits)).map { min($0, 1_000) }
    }

    private struct Directive {
        var flags: Set<Character> = []
        var width: Int?
        var precision: Int?

        func text(_ value: TemplateValue, _ verb: Character) -> String {
            let bad = "%!\(verb)(\(value.typeName)=\(GoPrint.text(value)))"
            switch (verb, value) {
            case ("T", _): return value.typeName
            case ("v", .float(let number)) where precision != nil: return signed(GoPrint.number(number, "g", precision: precision ?? 6), number >= 0)
            case ("v", .none): return "<nil>"
            case ("v", .int(let number)), ("d", .int(let number)): return signed(String(number), number >= 0)
            case ("v", .float(let number)) where precision == nil, ("g", .float(let number)) where precision == nil: return signed(GoPrint.general(number), number >= 0)
            case ("v", _): return GoPrint.text(value)
            case ("d", .uint(let number)): return String(number)
            case ("d", .duration(let number)), ("d", .time(let number)): return String(number)
            case ("f", .float(let number)), ("F", .float(let number)): return signed(GoPrint.number(number, "f", precision: precision ?? 6), number >= 0)
            case ("e", .float(let number)), ("E", .float(let number)): return signed(GoPrint.number(number, verb, precision: precision ?? 6), number >= 0)
            case ("g", .float(let number)), ("G", .float(let number)): return signed(GoPrint.number(number, verb, precision: precision ?? 6), number >= 0)
            case ("t", .bool(let flag)): return flag ? "true" : "false"
            case ("s", .string(let text)): return precision.map { String(text.prefix($0)) } ?? text
            case ("q", .string(let text)): return LabelText.quoted(text)
            case ("x", .string(let text)), ("X", .string(let text)):
                return text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: verb == "X") }.joined()
            case ("x", .int(let number)), ("X", .int(let number)): return (flags.contains("#") ? "0x" : "") + String(number, radix: 16, uppercase: verb == "X")
            case ("o", .int(let number)): return String(number, radix: 8)
            case ("b", .int(let number)): return String(number, radix: 2)
            case ("c", .int(let number)): return UInt32(exactly: number).flatMap(Unicode.Scalar.init).map { String($0) } ?? "\u{FFFD}"
            case ("s", .labels), ("s", .time), ("s", .duration), ("s", .histogram): return GoPrint.text(value)
            default: return bad
            }
        }

        private func signed(_ text: String, _ isPositive: Bool) -> String {
            guard isPositive, !text.hasPrefix("+"), text != "NaN" else { return text }
            return flags.contains("+") ? "+" + text : flags.contains(" ") ? " " + text : text
        }

        func padded(_ text: String, _ value: TemplateValue) -> String {
            guard let width, text.count < abs(width) else { return text }
            let space = abs(width) - text.count
            if flags.contains("-") || width < 0 { return text + String(repeating: " ", count: space) }
            guard flags.contains("0") else { return String(repeating: " ", count: space) + text }
            let sign = text.hasPrefix("-") || text.hasPrefix("+") ? text.prefix(1) : ""
            return sign + String(repeating: "0", count: space) + text.dropFirst(sign.count)
        }
    }
}
