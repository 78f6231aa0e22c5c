import MetricFormats
import Testing

@Suite("Numbers in expositions")
struct DecimalParserTests {
    @Test("every number reads to the nearest double, bit for bit that of the standard library")
    func exact() throws {
        var random = SplitMix(state: 1)
        func check(_ text: String) {
            guard let expected = Double(text) else { return }
            let actual = DecimalParser.parse(text)
            if expected.isFinite { #expect(actual?.bitPattern == expected.bitPattern, "\(text)") } else { #expect(actual == nil, "\(text)") }
        }
        for _ in 0..<200_000 {
            let value = Double(bitPattern: random.next())
            if value.isFinite { check("\(value)") }
            let digits = random.next() >> (random.next() % 64)
            check("\(digits)e\(Int(random.next() % 140) - 70)")
            let point = String(digits).count - Int(random.next() % 20)
            var text = String(digits)
            if point >= 0 { text.insert(".", at: text.index(text.startIndex, offsetBy: point)) }
            check(text)
        }
        // Half way between two doubles, just above and just below.
        for text in ["9007199254740993", "9007199254740993.0000000001", "9007199254740992.9999999999", "1.00000000000000011102230246251565404236316680908203125", "5e-324", "2e-324", "1.7976931348623157e308", "1.7976931348623159e308", "0.000000000000000000000000000000000000001e39", "00000000000000000000000000000001.5", "123456789012345678901234567890"] { check(text) }
    }

    @Test("what Go refuses is refused", arguments: ["", "+", "-", ".", "e5", "1e", "1e+", "1 ", " 1", "0x10", "0x1p4", "1_000", "infin", "+nan", "nanx", "1.2.3", "--1", "1e999", "-1e999", "1f"])
    func refused(text: String) { #expect(DecimalParser.parse(text) == nil) }

    @Test("words are read whatever their case", arguments: [("Inf", .infinity), ("+INF", .infinity), ("-infinity", -.infinity), ("-Inf", -.infinity)] as [(String, Double)])
    func words(text: String, value: Double) { #expect(DecimalParser.parse(text) == value) }
}
