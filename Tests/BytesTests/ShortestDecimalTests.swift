import Bytes
import Foundation
import Testing

@Suite("Shortest decimals")
struct ShortestDecimalTests {
    /// Digits and point of the standard library's text, which is made in another way.
    private func expected(_ magnitude: Double) -> (digits: String, point: Int) {
        let parts = "\(magnitude)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(mantissa[0])
        let all = whole + (mantissa.count > 1 ? mantissa[1] : "")
        let leading = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(leading))
        while digits.last == "0" { digits.removeLast() }
        return digits.isEmpty ? ("0", 1) : (digits, whole.count - leading + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0))
    }

    private func agrees(_ magnitude: Double) -> Bool {
        let decimal = ShortestDecimal(of: magnitude)
        var bytes = [UInt8](repeating: 0, count: max(decimal.digitCount, ShortestDecimal.writableBytesMin))
        bytes.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { decimal.writeDigits(to: base) } }
        let text = String(decoding: bytes.prefix(decimal.digitCount), as: UTF8.self)
        return (text, decimal.point) == expected(magnitude) && Double("\(text)e\(decimal.exponent)") == magnitude
    }

    @Test("every power of two and its neighbours, every power of ten and its neighbours, the ends of the range and what is cut to few digits")
    func edges() {
        var numbers: [Double] = [0, .leastNonzeroMagnitude, .leastNormalMagnitude, .leastNormalMagnitude.nextDown, .greatestFiniteMagnitude, 9_007_199_254_740_992, 1e23]
        for exponent in -1_074...1_023 { numbers.append(Double(sign: .plus, exponent: exponent, significand: 1)) }
        for exponent in -323...308 { numbers.append(Double("1e\(exponent)") ?? 0) }
        numbers += numbers.flatMap { [$0.nextDown, $0.nextUp] }.filter { $0 >= 0 && $0.isFinite }
        #expect(numbers.filter { !agrees($0) }.isEmpty)
    }

    @Test("numbers of every length are written as the standard library writes them, and nothing but them and what a short one may touch")
    func whole() {
        var generator = SystemRandomNumberGenerator()
        for count in 1...20 {
            let least: UInt64 = count == 1 ? 0 : (1..<count).reduce(1) { power, _ in power * 10 }
            let most = count == 20 ? UInt64.max : max(least, 1) * 10 - 1
            for number in [least, most] + (0..<2_000).map({ _ in UInt64.random(in: least...most, using: &generator) }) {
                #expect(ShortestDecimal.digitCount(number) == count)
                var bytes = [UInt8](repeating: 7, count: 32)
                bytes.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { ShortestDecimal.write(number, digitCount: count, to: base) } }
                #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "\(number)")
                #expect(bytes.dropFirst(max(count, ShortestDecimal.writableBytesMin)).allSatisfy { $0 == 7 })
            }
        }
    }

    @Test("200,000 doubles of random bits, and as many of few digits (OBSTACK_DECIMALS asks for more)")
    func random() throws {
        let count = ProcessInfo.processInfo.environment["OBSTACK_DECIMALS"].flatMap { Int($0) } ?? 200_000
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<count {
            let bits = Double(bitPattern: generator.next() & .max >> 1)
            if bits.isFinite { try #require(agrees(bits), "\(bits) of bits \(bits.bitPattern)") }
            let few = Double(Int.random(in: 0..<10_000_000, using: &generator)) / [1, 10, 100, 1e3, 1e5, 1e7, 1e12][Int.random(in: 0..<7, using: &generator)]
            try #require(agrees(few), "\(few) of bits \(few.bitPattern)")
        }
    }
}
