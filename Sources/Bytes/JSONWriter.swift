/// Writes JSON by hand, forward only, for answers that may be large. Commas are placed by the writer.
///
///     var json = JSONWriter()
///     json.object { $0.key("status"); $0.string("success") }
package struct JSONWriter: ~Copyable {
    package var out: ByteWriter
    private var needsComma = false

    package init(capacity: Int = 1024) { out = ByteWriter(capacity: capacity) }

    /// The bytes written so far.
    package consuming func finish() -> [UInt8] { out.array() }

    private mutating func separate() {
        if needsComma { out.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    package mutating func object<E: Error>(_ body: (inout JSONWriter) throws(E) -> Void) throws(E) {
        beginObject()
        try body(&self)
        endObject()
    }

    package mutating func array<E: Error>(_ body: (inout JSONWriter) throws(E) -> Void) throws(E) {
        beginArray()
        try body(&self)
        endArray()
    }

    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    private mutating func open(_ bracket: UInt8) {
        separate()
        out.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        out.append(bracket)
        needsComma = true
    }

    /// A member's name; its value is written next.
    package mutating func key(_ name: String) {
        separate()
        quoted(name)
        out.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        separate()
        quoted(text)
    }

    /// A string that may stand in a page: `<`, `>`, `&` and the line separators U+2028 and U+2029 are escaped too, as Go's `encoding/json` does.
    package mutating func htmlSafeString(_ text: String) {
        separate()
        out.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var plain = 0
            for index in bytes.indices {
                let (escape, width) = Self.htmlEscape(bytes, index)
                guard let escape else { continue }
                escaped(UnsafeBufferPointer(rebasing: bytes[plain..<index]))
                out.append(escape)
                plain = index + width
            }
            escaped(UnsafeBufferPointer(rebasing: bytes[plain...]))
        }
        out.append(UInt8(ascii: "\""))
    }

    private static func htmlEscape(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (escape: StaticString?, width: Int) {
        switch bytes[index] {
        case UInt8(ascii: "<"): return ("\\u003c", 1)
        case UInt8(ascii: ">"): return ("\\u003e", 1)
        case UInt8(ascii: "&"): return ("\\u0026", 1)
        case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x80 && bytes[index + 2] & 0xFE == 0xA8: return (bytes[index + 2] == 0xA8 ? "\\u2028" : "\\u2029", 3)
        default: return (nil, 1)
        }
    }

    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    package mutating func null() { raw("null") }
    package mutating func int(_ value: some BinaryInteger) {
        separate()
        out.append(utf8: String(value))
    }

    /// A finite number; NaN and infinities, which JSON has not, become null.
    package mutating func double(_ value: Double) {
        separate()
        out.append(utf8: value.isFinite ? Self.digits(value) : "null")
    }

    /// Text that is JSON already.
    package mutating func raw(_ json: StaticString) {
        separate()
        out.append(json)
    }

    /// Bytes that are JSON already.
    package mutating func raw(_ json: UnsafeBufferPointer<UInt8>) {
        separate()
        out.append(json)
    }

    package mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    package mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        int(value)
    }

    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .number(let digits):
            separate()
            out.append(utf8: digits)
        case .string(let text): string(text)
        case .array(let elements): array { json in for element in elements { json.value(element) } }
        case .object(let members): object { json in for member in members { json.key(member.key); json.value(member.value) } }
        }
    }

    /// The shortest digits that read back to the same number, whole numbers without a fraction.
    package static func digits(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return value == 0 && value.sign == .minus ? "-0" : String(Int64(value)) }
        return "\(value)"
    }

    private mutating func quoted(_ text: String) {
        var text = text
        text.withUTF8 { quoted($0) }
    }

    /// A JSON string from UTF-8 bytes. Controls, quotes and backslashes are escaped; `<`, `>` and `&` are not.
    package mutating func quoted(_ bytes: UnsafeBufferPointer<UInt8>) {
        out.reserve(bytes.count + 2)
        out.append(UInt8(ascii: "\""))
        escaped(bytes)
        out.append(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ bytes: UnsafeBufferPointer<UInt8>) {
        var plain = 0
        for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            out.append(UnsafeBufferPointer(rebasing: bytes[plain..<index]))
            plain = index + 1
            switch byte {
            case UInt8(ascii: "\""): out.append("\\\"")
            case UInt8(ascii: "\\"): out.append("\\\\")
            case UInt8(ascii: "\n"): out.append("\\n")
            case UInt8(ascii: "\r"): out.append("\\r")
            case UInt8(ascii: "\t"): out.append("\\t")
            default:
                out.append("\\u00")
                out.append(Self.hexadecimal(byte >> 4))
                out.append(Self.hexadecimal(byte & 0xF))
            }
        }
        out.append(UnsafeBufferPointer(rebasing: bytes[plain...]))
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 { nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10 }
}
