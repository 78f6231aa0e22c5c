import Bytes
import Testing

@Suite struct JSONTests {
    @Test("documents come back as they were, digits and order included", arguments: [
        "null", "true", "false", "0", "-0", "12", "-3.25", "1e5", "1.0E-10", "\"\"", "\"text\"", "[]", "{}", "[1,2,[3,[]]]", "{\"b\":1,\"a\":{\"x\":[null]}}", "{\"a\":1,\"a\":2}",
        "\"\\u0001\"", "\"line\\nbreak \\\"quoted\\\" back\\\\slash\"", "123456789012345678901234567890", "\"é✓𝄞\"",
    ])
    func roundTrip(text: String) throws {
        let value = try JSONParser.parse(Array(text.utf8))
        #expect(String(decoding: value.encoded, as: UTF8.self) == text)
    }

    @Test("white space and escapes are read as RFC 8259 says", arguments: [
        (" \t\r\n[ 1 , 2 ] ", "[1,2]"), ("\"\\u00e9\\/\\b\\f\\t\"", "\"é/\\u0008\\u000c\\t\""), ("\"\\ud834\\udd1e\"", "\"𝄞\""), ("\"\\ud834x\"", "\"\u{FFFD}x\""),
        ("\"\\ud834\\u0041\"", "\"\u{FFFD}A\""), ("\"\\udd1e\"", "\"\u{FFFD}\""),
    ])
    func reading(text: String, expected: String) throws {
        #expect(String(decoding: try JSONParser.parse(Array(text.utf8)).encoded, as: UTF8.self) == expected)
    }

    @Test("what is not JSON is refused with its place", arguments: [
        ("", 0), ("nul", 0), ("[1,]", 3), ("{\"a\":1,}", 7), ("{a:1}", 1), ("[1 2]", 3), ("01", 2), ("1.", 2), ("1e", 2), ("-", 1), ("+1", 0), ("\"a", 2), ("\"\\x\"", 2), ("\"\\u12g4\"", 5),
        ("\"a\nb\"", 2), ("1 2", 2), ("// x", 0), ("{\"a\" 1}", 5), ("[", 1), ("NaN", 0), ("'a'", 0), ("\n\n[1,\n x]", 7),
    ])
    func refused(text: String, offset: Int) {
        do throws(JSONParser.Failure) {
            _ = try JSONParser.parse(Array(text.utf8))
            Issue.record("\(text) was taken for JSON")
        } catch {
            #expect(error.offset == offset, "\(error)")
            #expect(error.line == text.utf8.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1)
        }
    }

    @Test("nesting is bounded")
    func depth() throws {
        let deep = { (depth: Int) in [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth) }
        _ = try JSONParser.parse(deep(512))
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(deep(513)) }
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test("members are found, set and removed; numbers are read exactly")
    func members() throws {
        var value = try JSONParser.parse(Array(#"{"a":1,"b":"x","c":1.5,"d":9007199254740993}"#.utf8))
        #expect(value["a"]?.int == 1 && value["c"]?.int == nil && value["c"]?.double == 1.5 && value["d"]?.int == 9_007_199_254_740_993)
        #expect(value["missing"] == nil && value["b"]?["a"] == nil)
        value["a"] = nil
        value["e"] = [true, nil, 2]
        #expect(String(decoding: value.encoded, as: UTF8.self) == #"{"b":"x","c":1.5,"d":9007199254740993,"e":[true,null,2]}"#)
    }

    @Test("numbers are written with the fewest digits that read back", arguments: [
        (0.1, "0.1"), (1, "1"), (-2.5, "-2.5"), (1e21, "1e+21"), (123_456_789, "123456789"), (-0.0, "-0"), (.nan, "null"), (.infinity, "null"), (.leastNonzeroMagnitude, "5e-324"),
    ] as [(Double, String)])
    func numbers(value: Double, text: String) throws {
        var json = JSONWriter()
        json.double(value)
        #expect(String(decoding: json.finish(), as: UTF8.self) == text)
    }
}
