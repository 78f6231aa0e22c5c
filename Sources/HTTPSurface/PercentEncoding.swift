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
}
