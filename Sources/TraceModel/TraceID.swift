/// The 16 bytes that all spans of a trace share.
package struct TraceID: Hashable, Sendable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An id of zeros, which OTLP calls invalid.
    package var isZero: Bool { high == 0 && low == 0 }

    package static func < (a: TraceID, b: TraceID) -> Bool { a.high == b.high ? a.low < b.low : a.high < b.high }
}

/// The 8 bytes that name a span within its trace. Zero stands for "none".
package struct SpanID: Hashable, Sendable {
    package let value: UInt64
    package static let none = SpanID(0)
    package init(_ value: UInt64) { self.value = value }
    package var isNone: Bool { value == 0 }
}

extension TraceID: CustomStringConvertible {
    /// 32 hexadecimal digits.
    package var description: String { Hexadecimal.string(high) + Hexadecimal.string(low) }

    /// Reads 1 to 32 hexadecimal digits; shorter ids are padded with zeros on the left, as Jaeger does.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard (1...32).contains(digits.count) else { return nil }
        let split = max(digits.count - 16, 0)
        guard let high = Hexadecimal.value(digits[..<split]), let low = Hexadecimal.value(digits[split...]) else { return nil }
        self.init(high: high, low: low)
    }
}

extension SpanID: CustomStringConvertible {
    /// 16 hexadecimal digits.
    package var description: String { Hexadecimal.string(value) }

    /// Reads 1 to 16 hexadecimal digits.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard (1...16).contains(digits.count), let value = Hexadecimal.value(digits[...]) else { return nil }
        self.init(value)
    }
}

/// Digits of ids.
enum Hexadecimal {
    static func string(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { out in
            for i in 0..<16 {
                let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * i)) & 0xF
                out[i] = nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "a")
            }
            return 16
        }
    }

    static func value(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            let nibble: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt64(nibble)
        }
        return value
    }
}
