import MetricModel
import Testing

@Suite("Labels")
struct LabelsTests {
    @Test("a label set is sorted, unique and free of empty values, whatever order it was written in")
    func canonical() {
        let a = Labels([("b", "2"), ("a", "1"), ("c", ""), ("b", "3")])
        #expect(a.pairs.map(\.name) == ["a", "b"])
        #expect(a["b"] == "3")
        #expect(a["c"] == nil)
        #expect(a.count == 2)
        #expect(a == Labels([("a", "1"), ("b", "3")]))
        #expect(a.byteHash == Labels([("b", "3"), ("a", "1")]).byteHash)
        #expect(a != Labels([("a", "1"), ("b", "2")]))
    }

    @Test("order is label by label, name before value, the shorter set first", arguments: [
        ([], [("a", "1")]), ([("a", "1")], [("a", "1"), ("b", "1")]), ([("a", "1"), ("z", "1")], [("a", "2")]), ([("a", "z")], [("b", "a")]), ([("a", "2")], [("aa", "1")]), ([("a", "1")], [("a", "10")]),
    ] as [([(String, String)], [(String, String)])])
    func order(smaller: [(String, String)], larger: [(String, String)]) {
        #expect(Labels(smaller) < Labels(larger))
        #expect(!(Labels(larger) < Labels(smaller)))
    }

    @Test("a metric is written as Prometheus writes it", arguments: [
        ([], "{}"), ([("__name__", "up")], "up"), ([("__name__", "up"), ("b", "x\"y\\z\n"), ("a", "1")], #"up{a="1", b="x\"y\\z\n"}"#), ([("a", "1")], #"{a="1"}"#),
        ([("__name__", "a.b"), ("c.d", "1")], #"{"a.b", "c.d"="1"}"#),
    ] as [([(String, String)], String)])
    func description(pairs: [(String, String)], text: String) { #expect(Labels(pairs).description == text) }

    @Test("long values keep their length through the packing", arguments: [0, 1, 127, 128, 300, 20_000])
    func longValues(length: Int) {
        let value = String(repeating: "é", count: length)
        #expect(Labels([("a", value), ("b", "x")])["a"] == (length == 0 ? nil : value))
    }
}

@Suite("The order of many label sets")
struct LabelsOrderTests {
    /// Few different strings, of which some begin like others; with `isOdd` also some that keys cannot hold.
    private static func set(_ isOdd: Bool, _ random: inout some RandomNumberGenerator) -> Labels {
        let odd = isOdd ? ["a\0b", "a\0", String(repeating: "a", count: 128), String(repeating: "a", count: 300)] : []
        let texts = ["a", "ab", "abc", "b", "job", "jobs", "\u{1}", "é", "zebra crossing", "\u{10FFFF}"] + odd
        return Labels((0..<Int.random(in: 0...4, using: &random)).map { _ in (texts.randomElement(using: &random) ?? "", texts.randomElement(using: &random) ?? "") })
    }

    @Test("is the order of each two of them, and equal ones stay as they are", arguments: [false, true])
    func order(isOdd: Bool) {
        var random = SystemRandomNumberGenerator()
        for round in 0..<300 {
            let sets = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                // With something in common, or not.
                round % 2 == 0 ? Self.set(isOdd, &random) : Labels([("__name__", "requests_total"), ("code", "200"), ("n", "\(UInt8.random(in: 0...255, using: &random))")])
            }
            let expected = sets.indices.sorted { sets[$0] < sets[$1] || sets[$0] == sets[$1] && $0 < $1 }
            #expect(LabelsOrder.places(sets) == expected)
        }
    }
}

@Suite("Matchers")
struct MatcherTests {
    @Test("a matcher decides as PromQL does", arguments: [
        (Matcher.Kind.equal, "a", "a", true), (.equal, "a", "b", false), (.equal, "", "", true), (.notEqual, "a", "b", true), (.notEqual, "a", "a", false),
        (.regex, "a|b", "b", true), (.regex, "a", "ab", false), (.regex, "a.*", "a\nb", true), (.regex, "", "", true), (.notRegex, "a.+", "a", true), (.notRegex, "(?i)A", "a", false),
    ] as [(Matcher.Kind, String, String, Bool)])
    func decides(kind: Matcher.Kind, pattern: String, value: String, expected: Bool) throws {
        #expect(try Matcher(kind, "x", pattern).matches(value) == expected)
    }

    @Test("a pattern that does not compile says why")
    func invalid() { #expect(throws: LabelPattern.Invalid.self) { try Matcher(.regex, "x", "a(") } }

    @Test("groups are found by number and by name; those that took no part are nil")
    func groups() throws {
        let pattern = try LabelPattern("(?P<host>[^:]+)(:(\\d+))?", captures: true)
        #expect(pattern.groups(in: "a:80") == ["a:80", "a", ":80", "80"])
        #expect(pattern.groups(in: "a") == ["a", "a", nil, nil])
        #expect(pattern.groups(in: ":80") == nil)
        #expect(pattern.groupIndex(named: "host") == 1)
        #expect(pattern.groupIndex(named: "port") == nil)
    }
}

@Suite("Durations of the configuration")
struct ModelDurationTests {
    @Test("durations are read and written in the shortest way", arguments: [
        ("0", 0, "0s"), ("15s", 15_000, "15s"), ("1m30s", 90_000, "1m30s"), ("90s", 90_000, "1m30s"), ("1h", 3_600_000, "1h"), ("2d", 172_800_000, "2d"), ("7d", 604_800_000, "1w"), ("8d", 691_200_000, "8d"),
        ("1y", 31_536_000_000, "1y"), ("1500ms", 1500, "1s500ms"), ("1d1ms", 86_400_001, "1d1ms"), ("0s", 0, "0s"), ("1w2d3h4m5s6ms", 788_645_006, "9d3h4m5s6ms"),
    ] as [(String, Int64, String)])
    func valid(text: String, millis: Int64, written: String) {
        let duration = ModelDuration(text)
        #expect(duration?.millis == millis)
        #expect(duration?.description == written)
    }

    @Test("what is no duration is refused", arguments: ["", "1", "s", "1x", "-1s", "1s1m", "1s2s", "1.5s", " 1s", "1 s", "99999999999y", "300y", "1ms1s"])
    func invalid(text: String) { #expect(ModelDuration(text) == nil) }
}
