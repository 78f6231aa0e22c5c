/// A number of bytes as Prometheus's flags write it: `512MB`, `1GiB512MiB`. Powers of two, with and without the `i`.
///
/// Source: github.com/alecthomas/units `bytes.go`, `ParseBase2Bytes`.
package struct ByteSize: Hashable, Sendable {
    package let bytes: Int

    package init(bytes: Int) {
        precondition(bytes >= 0)
        self.bytes = bytes
    }

    private static let letters = ["", "K", "M", "G", "T", "P", "E"]

    /// Reads numbers, with or without a fraction, each followed by a unit: B, KB … EB or KiB … EiB, one kind of the two throughout; or
    /// `0`. Nil for anything else.
    package init?(_ text: String) {
        if text == "0" {
            self.init(bytes: 0)
            return
        }
        var total = 0.0
        var rest = Substring(text)
        var kinds: Set<String> = []
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            let unit = rest.dropFirst(number.count).prefix { !("0"..."9").contains($0) && $0 != "." }
            guard let value = Double(number), let power = Self.power(unit) else { return nil }
            if power > 0 { kinds.insert(unit.contains("i") ? "i" : "") }
            total += value * Double(sign: .plus, exponent: 10 * power, significand: 1)
            rest = rest.dropFirst(number.count + unit.count)
        }
        guard kinds.count <= 1, total < 0x1p63 else { return nil }
        self.init(bytes: Int(total))
    }

    private static func power(_ unit: Substring) -> Int? {
        letters.firstIndex { unit == "\($0)B" || (!$0.isEmpty && unit == "\($0)iB") }
    }
}

extension ByteSize: CustomStringConvertible {
    /// As upstream prints it: every power that is not zero, the largest first.
    package var description: String {
        if bytes == 0 { return "0B" }
        var parts: [String] = []
        var rest = bytes
        for letter in Self.letters {
            if rest & 1023 != 0 { parts.append("\(rest & 1023)\(letter)\(letter.isEmpty ? "B" : "iB")") }
            rest >>= 10
        }
        return parts.reversed().joined()
    }
}
