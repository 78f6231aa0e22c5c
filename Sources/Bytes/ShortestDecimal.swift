/// The shortest decimal digits of doubles that read back to the same number.
package enum ShortestDecimal {
    /// As many as the longest text of the standard library has, and some more.
    private static let textBytesMax = 32

    /// Hands over the digits of a finite number that is not negative, without zeros at either end, and where the point stands among them,
    /// counted from the first: 0.0025 is "25" with the point at -2, 1500 is "15" with the point at 4, zero is "0" with the point at 1.
    ///
    /// The digits must not be kept.
    package static func withDigits<R>(of magnitude: Double, _ body: (_ digits: UnsafeBufferPointer<UInt8>, _ point: Int) -> R) -> R {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: textBytesMax) { text in
            // Either plain digits with a point, or `d.ddde±x`.
            var sink = Sink(text: text)
            magnitude.write(to: &sink)
            var (count, point, exponent) = (0, -1, 0)
            var at = 0
            while at < sink.count {
                let byte = text[at]
                at += 1
                if byte == UInt8(ascii: ".") {
                    point = count
                } else if byte == UInt8(ascii: "e") {
                    exponent = number(text[at..<sink.count])
                    break
                } else {
                    text[count] = byte
                    count += 1
                }
            }
            if point < 0 { point = count }
            var first = 0
            while first < count, text[first] == UInt8(ascii: "0") { first += 1 }
            while count > first, text[count - 1] == UInt8(ascii: "0") { count -= 1 }
            if first == count {
                text[0] = UInt8(ascii: "0")
                return body(UnsafeBufferPointer(rebasing: text[..<1]), 1)
            }
            return body(UnsafeBufferPointer(rebasing: text[first..<count]), point - first + exponent)
        }
    }

    private static func number(_ text: Slice<UnsafeMutableBufferPointer<UInt8>>) -> Int {
        var value = 0
        for byte in text where byte >= UInt8(ascii: "0") { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
        return text.first == UInt8(ascii: "-") ? -value : value
    }

    /// Where a number writes its text, without a string in between.
    private struct Sink: TextOutputStream {
        let text: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        mutating func write(_ string: String) {
            for byte in string.utf8 where count < text.count {
                text[count] = byte
                count += 1
            }
        }

        /// Numbers hand their bytes over here; without it they come as a string.
        mutating func _writeASCII(_ bytes: UnsafeBufferPointer<UInt8>) {
            for byte in bytes where count < text.count {
                text[count] = byte
                count += 1
            }
        }
    }
}
