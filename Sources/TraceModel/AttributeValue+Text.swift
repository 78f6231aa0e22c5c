import Bytes

extension AttributeValue {
    /// The value as text, which is how searches compare it and how a value that a format has no type for is shown.
    ///
    /// Numbers as ECMAScript prints them, bytes in base64, arrays and key-values as compact JSON with sorted keys; empty is "".
    /// Source: `pcommon.Value.AsString` of the OpenTelemetry collector.
    package var text: String {
        switch self {
        case .empty: ""
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .double(let number): Self.text(of: number)
        case .bytes(let bytes): Base64.encode(bytes)
        case .array, .keyValues: String(decoding: json.encoded, as: UTF8.self)
        }
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

    private var json: JSONValue {
        switch self {
        case .empty: .null
        case .string(let text): .string(text)
        case .bool(let flag): .bool(flag)
        case .int(let number): .number(String(number))
        case .double(let number): number.isFinite ? .number(Self.text(of: number)) : .string(Self.text(of: number))
        case .bytes(let bytes): .string(Base64.encode(bytes))
        case .array(let values): .array(values.map(\.json))
        case .keyValues(let pairs):
            .object(pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { JSONValue.Member($0.key, $0.value.json) })
        }
    }
}
