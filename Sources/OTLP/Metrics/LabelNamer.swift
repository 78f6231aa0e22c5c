import Bytes

/// Names of OTLP attributes as label names.
///
/// Source: prometheus/otlptranslator `label_namer.go`, `strconv.go`.
struct LabelNamer {
    let escapes: Bool
    let underscoreSanitization: Bool
    let preservesMultipleUnderscores: Bool

    /// Appends the label name to `out`; false when none comes of it: nothing, or only underscores.
    func append(_ name: UnsafeBufferPointer<UInt8>, to out: inout ByteWriter) -> Bool {
        guard let first = name.first else { return false }
        let start = out.count
        if !escapes {
            out.append(name)
            return name.contains { $0 != UInt8(ascii: "_") }
        }
        // What comes first is known after escaping: a letter, a digit, or an underscore.
        if Self.isDigit(first) {
            out.append("key_")
        } else if underscoreSanitization, !Self.isAlphanumeric(first) {
            let leading = escapedPrefix(of: name)
            if leading == 1 { out.append("key") }
        }
        let isReserved = !preservesMultipleUnderscores && name.count >= 4 && Self.hasReservedForm(name)
        if isReserved { out.append("__") }
        var wasUnderscore = false
        for byte in isReserved ? UnsafeBufferPointer(rebasing: name[2..<name.count - 2]) : name {
            if Self.isAlphanumeric(byte) {
                out.append(byte)
                wasUnderscore = false
            } else if byte & 0xC0 != 0x80 {  // One underscore a character, not one a byte.
                if preservesMultipleUnderscores || !wasUnderscore { out.append(UInt8(ascii: "_")) }
                wasUnderscore = true
            }
        }
        if isReserved { out.append("__") }
        return out.withBytes { bytes in bytes[start...].contains { $0 != UInt8(ascii: "_") } }
    }

    /// How many underscores, at most two, the escaped name begins with.
    private func escapedPrefix(of name: UnsafeBufferPointer<UInt8>) -> Int {
        if !preservesMultipleUnderscores { return name.count >= 4 && Self.hasReservedForm(name) ? 2 : 1 }
        var characters = 0
        for byte in name where byte & 0xC0 != 0x80 {
            guard !Self.isAlphanumeric(byte), characters < 2 else { break }
            characters += 1
        }
        return characters
    }

    private static func hasReservedForm(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let underscore = UInt8(ascii: "_")
        return name[0] == underscore && name[1] == underscore && name[name.count - 1] == underscore && name[name.count - 2] == underscore
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") && byte < 0x80
    }
}
