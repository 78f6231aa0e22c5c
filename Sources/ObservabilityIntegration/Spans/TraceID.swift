import Synchronization

/// The 16 bytes that name a trace, not all zero.
package struct TraceID: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    package static func random() -> Self { Self(high: RandomNumbers.next(), low: max(RandomNumbers.next(), 1)) }

    /// The trace that a free-form id such as `req-123` names, always the same: 32 hexadecimal digits, not all zero, are themselves; of
    /// anything else it is the beginning of its SHA-256.
    package init(naming text: String) {
        if let exact = Self(hex: text) {
            self = exact
        } else {
            let (high, low) = SHA256.beginning(of: text)
            self.init(high: high, low: low)
        }
    }

    /// Nil unless these are 32 hexadecimal digits, not all zero.
    package init?(hex text: String) {
        let digits = text.utf8
        guard digits.count == 32, let high = UInt64(hexDigits: digits.prefix(16)), let low = UInt64(hexDigits: digits.suffix(16)), high | low != 0 else { return nil }
        self.init(high: high, low: low)
    }

    package var hex: String { high.hexDigits + low.hexDigits }
}

/// The 8 bytes that name a span, not all zero.
package struct SpanID: Hashable, Sendable {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func random() -> Self { Self(max(RandomNumbers.next(), 1)) }

    /// Nil unless these are 16 hexadecimal digits, not all zero.
    package init?(hex text: String) {
        guard text.utf8.count == 16, let number = UInt64(hexDigits: text.utf8[...]), number != 0 else { return nil }
        self.number = number
    }

    package var hex: String { number.hexDigits }
}

extension UInt64 {
    /// 16 digits.
    var hexDigits: String {
        String(unsafeUninitializedCapacity: 16) { out in
            for i in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: self >> UInt64(60 - 4 * i)) & 0xF
                out[i] = digit < 10 ? digit + 0x30 : digit + 0x57
            }
            return 16
        }
    }

    init?(hexDigits: Substring.UTF8View) {
        var number: UInt64 = 0
        for digit in hexDigits {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x41...0x46: value = digit - 0x37
            case 0x61...0x66: value = digit - 0x57
            default: return nil
            }
            number = number << 4 | UInt64(value)
        }
        self = number
    }
}

/// Numbers for ids: one seed of the system's, then SplitMix64, which costs nanoseconds where asking the system costs a call. Nobody's secret.
private enum RandomNumbers {
    private static let state = Atomic(UInt64.random(in: .min ... .max))

    static func next() -> UInt64 {
        var z = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
