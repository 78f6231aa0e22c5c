/// What each byte may be in an exposition.
struct ByteClasses {
    static let nameStart: UInt8 = 1
    static let namePart: UInt8 = 2
    static let labelStart: UInt8 = 4
    static let labelPart: UInt8 = 8

    private let table: UnsafePointer<UInt8>

    init() { table = Self.shared }

    @inline(__always) func has(_ byte: UInt8, _ class: UInt8) -> Bool { table[Int(byte)] & `class` != 0 }

    // SAFETY: written by the lazy initialiser of a global, read-only afterwards, never freed.
    nonisolated(unsafe) private static let shared: UnsafePointer<UInt8> = {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for byte in UInt8.min...UInt8.max {
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte < 0x80 || byte == UInt8(ascii: "_")
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            let isColon = byte == UInt8(ascii: ":")
            table[Int(byte)] = (isLetter || isColon ? nameStart : 0) | (isLetter || isColon || isDigit ? namePart : 0)
                | (isLetter ? labelStart : 0) | (isLetter || isDigit ? labelPart : 0)
        }
        return UnsafePointer(table)
    }()
}

/// Quoted text: `"`, then any bytes with `\` before a quote or another escaped byte, then `"`.
enum QuotedText {
    /// The position behind the closing quote of the text whose first byte after the opening quote is at `start`; nil when it
    /// does not end before `end`. Looks at eight bytes a step.
    @inline(__always)
    static func end(from start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var p = start
        while true {
            while end - p >= 8 {
                let word = UInt64(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self))
                let marks = zeroBytes(word ^ 0x2222_2222_2222_2222) | zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C)
                if marks != 0 {
                    p += marks.trailingZeroBitCount >> 3
                    break
                }
                p += 8
            }
            guard p < end else { return nil }
            switch p.pointee {
            case UInt8(ascii: "\""): return p + 1
            case UInt8(ascii: "\\"):
                p += 2
                if p > end { return nil }
            default: p += 1
            }
        }
    }

    /// The high bit of the first zero byte, and of no byte before it.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    /// Undoes `\\`, `\n` and, with `quotes`, `\"`; a backslash before anything else stays. Nil for what is not UTF-8.
    static func unescaped(_ text: UnsafeBufferPointer<UInt8>, quotes: Bool = true) -> String? {
        guard text.contains(UInt8(ascii: "\\")) else { return String(validating: text, as: UTF8.self) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < text.count else {
                bytes.append(byte)
                continue
            }
            switch text[index] {
            case UInt8(ascii: "\\"): bytes.append(byte)
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\"") where quotes: bytes.append(UInt8(ascii: "\""))
            case let other:
                bytes.append(byte)
                bytes.append(other)
            }
            index += 1
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
