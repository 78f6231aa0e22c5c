/// Base64 with the alphabet of URLs and without padding, as Go's `base64.RawURLEncoding` reads it: what was read before a fault, and where
/// the fault is, belong to the answer.
struct URLBase64 {
    /// The whole groups before the fault, or everything.
    let bytes: [UInt8]
    /// The first byte of the text that does not belong there.
    let faultAt: Int?

    init(_ text: some StringProtocol) {
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var digits = 0
        var fault: Int?
        var lastDigitAt = 0
        for (at, character) in text.utf8.enumerated() {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"): continue
            default:
                fault = at
                value = 0
            }
            if fault != nil { break }
            group = group << 6 | UInt32(value)
            digits += 1
            lastDigitAt = at
            if digits == 4 {
                bytes += [UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8), UInt8(truncatingIfNeeded: group)]
                (group, digits) = (0, 0)
            }
        }
        if fault == nil {
            switch digits {
            case 1: fault = lastDigitAt
            case 2: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
            case 3: bytes += [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)]
            default: break
            }
        }
        self.bytes = bytes
        faultAt = fault
    }
}
