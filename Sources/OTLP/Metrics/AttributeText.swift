import Bytes
import TraceModel

extension AttributeValue {
    /// The value as text, as the OpenTelemetry collector's `Value.AsString` has it: what label values and tags show.
    ///
    /// Text as it is; numbers in ECMAScript's form; bytes in base64; arrays and maps as JSON, maps sorted by key.
    package var text: String {
        switch self {
        case .empty: return ""
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .double(let number):
            return number.isFinite ? FloatText.ecmaScript(number) : "json: unsupported value: " + FloatText.fixed(number)
        case .bytes(let bytes): return bytes.withUnsafeBufferPointer { Base64.encode($0) }
        case .array, .keyValues:
            var out = ""
            return appendJSON(to: &out) ? out : ""
        }
    }

    /// Go's `encoding/json` of the value; false when a number in it has no JSON.
    private func appendJSON(to out: inout String) -> Bool {
        switch self {
        case .empty: out += "null"
        case .string(let text): Self.appendQuoted(text, to: &out)
        case .bool, .int: out += text
        case .double(let number):
            guard number.isFinite else { return false }
            out += FloatText.ecmaScript(number)
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
