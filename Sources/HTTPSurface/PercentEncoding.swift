/// `%41` and the like in URLs (RFC 3986, 2.1). A stray `%` stays as it is.
package enum PercentEncoding {
    /// Undoes the encoding of one path segment.
    package static func decode(_ text: some StringProtocol) -> String { decode(Array(text.utf8)[...], plusIsSpace: false) }

    /// Undoes the encoding; in forms a `+` stands for a space.
    package static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
                let high = Character(UnicodeScalar(bytes[index + 1])).hexDigitValue, let low = Character(UnicodeScalar(bytes[index + 2])).hexDigitValue
            {
                out.append(UInt8(high << 4 | low))
                index += 3
                continue
            }
            out.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Undoes the encoding of a whole path; nil where an escape is not one or the outcome is not UTF-8.
    package static func decodeStrictly(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                out.append(byte)
                continue
            }
            guard let first = bytes.popFirst(), let second = bytes.popFirst(), let high = Character(UnicodeScalar(first)).hexDigitValue,
                let low = Character(UnicodeScalar(second)).hexDigitValue
            else { return nil }
            out.append(UInt8(high << 4 | low))
        }
        return String(validating: out, as: UTF8.self)
    }
}
