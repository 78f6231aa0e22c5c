/// Reads JSON (RFC 8259) strictly: one document, no trailing commas, no comments, bounded depth.
package struct JSONParser: ~Copyable {
    /// Where and why a document is not JSON.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        package let offset: Int
        package let line: Int
        package let reason: String
        package var description: String { "invalid JSON at line \(line), byte \(offset): \(reason)" }
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0
    private static let depthMax = 512

    package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        let result: Result<JSONValue, Failure> = bytes.withUnsafeBufferPointer { buffer in
            do throws(Failure) { return .success(try parse(buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The bytes are only read during the call.
    package static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(Failure) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        parser.skipSpace()
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure("something follows the document") }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private borrowing func failure(_ reason: String) -> Failure {
        let at = min(position, bytes.count)
        return Failure(offset: at, line: bytes[..<at].reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }, reason: reason)
    }

    private borrowing func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    private mutating func value() throws(Failure) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return try number()
        case nil: throw failure("the document ends where a value was expected")
        default: throw failure("a value was expected")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.count - position >= wanted.count, bytes[position..<position + wanted.count].elementsEqual(wanted) else { throw failure("a value was expected") }
        position += wanted.count
        return value
    }

    private mutating func enter() throws(Failure) {
        depth += 1
        guard depth <= Self.depthMax else { throw failure("nested deeper than \(Self.depthMax)") }
        position += 1
        skipSpace()
    }

    private mutating func object() throws(Failure) -> JSONValue {
        try enter()
        var members: [JSONValue.Member] = []
        if peek() == UInt8(ascii: "}") { position += 1; depth -= 1; return .object([]) }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw failure("a member name in quotes was expected") }
            let key = try string()
            skipSpace()
            guard peek() == UInt8(ascii: ":") else { throw failure("':' was expected after \"\(key)\"") }
            position += 1
            skipSpace()
            members.append(.init(key, try value()))
            skipSpace()
            switch peek() {
            case UInt8(ascii: ","): position += 1; skipSpace()
            case UInt8(ascii: "}"): position += 1; depth -= 1; return .object(members)
            default: throw failure("',' or '}' was expected")
            }
        }
    }

    private mutating func array() throws(Failure) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if peek() == UInt8(ascii: "]") { position += 1; depth -= 1; return .array([]) }
        while true {
            elements.append(try value())
            skipSpace()
            switch peek() {
            case UInt8(ascii: ","): position += 1; skipSpace()
            case UInt8(ascii: "]"): position += 1; depth -= 1; return .array(elements)
            default: throw failure("',' or ']' was expected")
            }
        }
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let whole = digits()
        guard whole > 0 else { throw failure("a digit was expected") }
        if whole > 1, bytes[position - whole] == UInt8(ascii: "0") { throw failure("a number must not begin with 0") }
        if peek() == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw failure("a digit was expected after '.'") }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw failure("a digit was expected in the exponent") }
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position - start
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if peek() == UInt8(ascii: "\"") {
            position += 1
            return String(decoding: bytes[start..<position - 1], as: UTF8.self)
        }
        var text = [UInt8](bytes[start..<position])
        while true {
            guard let byte = peek() else { throw failure("a string does not end") }
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: position -= 1; throw failure("a control character must be escaped in a string")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = peek() else { throw failure("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal4()
            if (0xD800..<0xDC00).contains(unit), bytes.count - position >= 6, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") {
                let mark = position
                position += 2
                let low = try hexadecimal4()
                if (0xDC00..<0xE000).contains(low) { unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00) } else { position = mark }
            }
            text.append(contentsOf: String(UnicodeScalar(unit) ?? "\u{FFFD}").utf8)
        default: position -= 1; throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal4() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(UnicodeScalar(byte)).hexDigitValue else { throw failure("four hexadecimal digits were expected") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
