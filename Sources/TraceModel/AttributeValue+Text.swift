import Bytes

extension AttributeValue {
    /// The value as text, which is how searches compare it and how a value that a format has no type for is shown.
    ///
    /// Numbers as ECMAScript prints them, bytes in base64, arrays and key-values as compact JSON with sorted keys
    /// and Go's escapes (nothing when a number in it is not finite, which JSON has not); empty is "".
    /// Source: `pcommon.Value.AsString` of the OpenTelemetry collector.
    package var text: String {
        switch self {
        case .empty: ""
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .double(let number): Self.text(of: number)
        case .bytes(let bytes): Base64.encode(bytes)
        case .array, .keyValues: jsonText
        }
    }

    private var jsonText: String {
        var out = ""
        return appendJSON(to: &out) ? out : ""
    }

    /// A double as ECMAScript prints it: plain digits from 1e-6 up to 1e21, an exponent beyond.
    package static func text(of number: Double) -> String {
        guard number.isFinite else { return "json: unsupported value: \(number.isNaN ? "NaN" : number < 0 ? "-Inf" : "+Inf")" }
        let description = number.description
        guard number != 0 else { return number.sign == .minus ? "-0" : "0" }
        let magnitude = abs(number)
        // Swift gives the shortest digits that read back, with another idea of when to use an exponent: the digits are kept.
        var digits = description.utf8.prefix { $0 != UInt8(ascii: "e") }.filter { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") }
        let mantissa = description.utf8.prefix { $0 != UInt8(ascii: "e") }.drop { $0 == UInt8(ascii: "-") }
        let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }.count
        let exponent = description.utf8.firstIndex(of: UInt8(ascii: "e")).flatMap { Int(description[description.utf8.index(after: $0)...]) } ?? 0
        var point = whole + exponent
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leading)
        point -= leading
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let sign = number < 0 ? "-" : ""
        let text = String(decoding: digits, as: UTF8.self)
        if magnitude < 1e-6 || magnitude >= 1e21 {
            let fraction = digits.count > 1 ? ".\(text.dropFirst())" : ""
            return "\(sign)\(text.prefix(1))\(fraction)e\(point > 0 ? "+" : "-")\(abs(point - 1))"
        }
        if point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(text)" }
        if point >= digits.count { return sign + text + String(repeating: "0", count: point - digits.count) }
        return "\(sign)\(text.prefix(point)).\(text.dropFirst(point))"
    }

    /// Go's `encoding/json` of the value; false when a number in it has no JSON.
    private func appendJSON(to out: inout String) -> Bool {
        switch self {
        case .empty: out += "null"
        case .string(let text): Self.appendQuoted(text, to: &out)
        case .bool, .int: out += text
        case .double(let number):
            guard number.isFinite else { return false }
            out += Self.text(of: number)
        case .bytes: out += "\"" + text + "\""
        case .array(let elements):
            out += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { out += "," }
                guard element.appendJSON(to: &out) else { return false }
            }
            out += "]"
        case .keyValues(let members):
            // Of members with one key the last wins, as in the Go map that upstream makes of them.
            let ordered = members.indices.sorted {
                members[$0].key == members[$1].key ? $0 < $1 : members[$0].key.utf8.lexicographicallyPrecedes(members[$1].key.utf8)
            }
            let sorted = ordered.indices.filter { $0 + 1 == ordered.count || members[ordered[$0]].key != members[ordered[$0 + 1]].key }.map { members[ordered[$0]] }
            out += "{"
            for (index, member) in sorted.enumerated() {
                if index > 0 { out += "," }
                Self.appendQuoted(member.key, to: &out)
                out += ":"
                guard member.value.appendJSON(to: &out) else { return false }
            }
            out += "}"
        }
        return true
    }

    /// A JSON string with Go's escapes: those of JSON, and `<`, `>`, `&`, U+2028 and U+2029.
    private static func appendQuoted(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{08}": out += "\\b"
            case "\u{0C}": out += "\\f"
            case _ where scalar.value < 0x20 || "<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar):
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
