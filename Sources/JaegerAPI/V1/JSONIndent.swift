import Bytes

/// Lays compact JSON out as Go's `json.MarshalIndent` does, for `prettyPrint`.
enum JSONIndent {
    private static let step = 4

    /// `json` must be valid and without space between its tokens.
    static func indent(_ json: [UInt8]) -> [UInt8] {
        var out = ByteWriter(capacity: json.count * 2)
        var depth = 0
        var inString = false
        var isEscaped = false
        for (index, byte) in json.enumerated() {
            if inString {
                out.append(byte)
                if isEscaped { isEscaped = false } else if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { inString = false }
                continue
            }
            let next = index + 1 < json.count ? json[index + 1] : 0
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                out.append(byte)
                depth += 1
                if next != UInt8(ascii: "}"), next != UInt8(ascii: "]") { breakLine(&out, depth) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                let before = json[index - 1]
                if before != UInt8(ascii: "{"), before != UInt8(ascii: "[") { breakLine(&out, depth) }
                out.append(byte)
            case UInt8(ascii: ","):
                out.append(byte)
                breakLine(&out, depth)
            case UInt8(ascii: ":"): out.append(": ")
            default:
                inString = byte == UInt8(ascii: "\"")
                out.append(byte)
            }
        }
        return out.array()
    }

    private static func breakLine(_ out: inout ByteWriter, _ depth: Int) {
        out.append(UInt8(ascii: "\n"))
        for _ in 0..<depth * step { out.append(UInt8(ascii: " ")) }
    }
}
