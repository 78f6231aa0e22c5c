import PromQL
import Testing

@Suite struct ParserTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let query: String
        let error: String
        init(_ query: String, _ error: String) {
            self.query = query
            self.error = error
        }
        var testDescription: String { query }
    }

    static let refusals: [Refusal] = [
        Refusal("", "unknown position: parse error: no expression found in input"),
        Refusal("# nothing", "1:1: parse error: no expression found in input"),
        Refusal("up +", "1:5: parse error: unexpected end of input"),
        Refusal("up\n  + ) ", "2:6: parse error: unexpected right parenthesis ')'"),
        Refusal("(up", "1:4: parse error: unclosed left parenthesis"),
        Refusal("up down", "1:4: parse error: unexpected identifier \"down\""),
        Refusal("sum(up down)", "1:8: parse error: unexpected identifier \"down\" in aggregation"),
        Refusal("sum by job (up)", "1:8: parse error: unexpected identifier \"job\" in grouping opts, expected \"(\""),
        Refusal("sum by (job,,x) (up)", "1:13: parse error: unexpected \",\" in grouping opts, expected label"),
        Refusal("sum by (job x) (up)", "1:13: parse error: unexpected identifier \"x\" in grouping opts, expected \",\" or \")\""),
        Refusal("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
        Refusal("topk(up)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"),
        Refusal("topk(up, up)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"),
        Refusal("up{job=api}", "1:8: parse error: unexpected identifier \"api\" in label matching, expected string"),
        Refusal("up{job}", "1:7: parse error: unexpected \"}\" in label matching, expected label matching operator"),
        Refusal("up{job=\"a\" x", "1:12: parse error: unexpected identifier \"x\" in label matching, expected \",\" or \"}\""),
        Refusal("up{job=\"a", "1:8: parse error: unterminated quoted string"),
        Refusal("up{job=~\"(\"}", "1:4: parse error: error parsing regexp: missing ): ("),
        Refusal("{job=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        Refusal("up{__name__=\"down\"}", "1:1: parse error: metric name must not be set twice: \"up\" or \"down\""),
        Refusal("up[5m", "1:6: parse error: unclosed left bracket"),
        Refusal("up[5m] offset", "1:14: parse error: unexpected end of input in offset, expected number, duration, step(), or range()"),
        Refusal("up[0s]", "1:4: parse error: duration must be greater than 0"),
        Refusal("up[1m1h]", "1:4: parse error: not a valid duration string: \"1m1h\""),
        Refusal("up[5mm]", "1:4: parse error: bad number or duration syntax: \"5mm\""),
        Refusal("up offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"),
        Refusal("up @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        Refusal("up @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"),
        Refusal("rate(up)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"),
        Refusal("rate(up[5m], 1)", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 2"),
        Refusal("rate(up[5m],)", "1:12: parse error: trailing commas not allowed in function call args"),
        Refusal("rat(up[5m])", "1:1: parse error: unknown function with name \"rat\""),
        Refusal("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        Refusal("up and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"),
        Refusal("up + bool down", "1:4: parse error: bool modifier can only be used on comparison operators"),
        Refusal("up and on (a) group_left (b) down", "1:1: parse error: no grouping allowed for \"and\" operation"),
        Refusal("up * on (a) group_left (a) down", "1:4: parse error: label \"a\" must not occur in ON and GROUP clause at once"),
        Refusal("up[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"),
        Refusal("\"\\q\"", "1:1: parse error: unknown escape sequence U+0071 'q'"),
        Refusal("0x1.8", "1:1: parse error: bad number or duration syntax: \"0x1.\""),
        Refusal("up[5m:1m:1m]", "1:9: parse error: unexpected colon ':'"),
        Refusal("limitk(1, up)", "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions"),
        Refusal("mad_over_time(up[1m])", "1:1: parse error: function \"mad_over_time\" is not enabled"),
        Refusal("up[2 * 1m]", "1:4: parse error: experimental duration expression is not enabled"),
        Refusal("up + fill(0) down", "1:1: parse error: binop fill modifiers are experimental and not enabled"),
        Refusal("up anchored", "1:1: parse error: anchored modifier is experimental and not enabled"),
    ]

    @Test("a query that is not PromQL is refused with upstream's words and place", arguments: refusals)
    func refuses(_ refusal: Refusal) {
        #expect { try PromQL.parse(refusal.query) } throws: { "\($0)" == refusal.error }
    }

    /// Each with the one spelling that it is printed in.
    static let spellings: [(query: String, printed: String)] = [
        ("UP", "UP"), ("0x1F", "31"), ("1_000.5e-1", "100.05"), ("-Inf", "-Inf"), ("1h30m", "1h30m"), ("5400s", "1h30m"), ("0755", "493"),
        ("-2^2", "-2 ^ 2"), ("2^3^2", "2 ^ 3 ^ 2"), ("a - b - c", "a - b - c"), ("a*b+c", "a * b + c"), ("a or b and c", "a or b and c"),
        ("sum(up)by(job)", "sum by (job) (up)"), ("sum without(job)(up)", "sum without (job) (up)"), ("TOPK(3,up)", "topk(3, up)"),
        ("{a=\"\\x82\"}", "{a=\"\\ufffd\"}"), ("up{job=\"a\",instance!~\"b\"}", "up{instance!~\"b\",job=\"a\"}"), ("{\"my.metric\",\"a b\"='c'}", "{\"a b\"=\"c\",__name__=\"my.metric\"}"),
        ("up[5m]offset 1h@ 10", "up[5m] @ 10.000 offset 1h"), ("up @ end() offset -1m", "up @ end() offset -1m"),
        ("rate(up[5m])[1h:]", "rate(up[5m])[1h:]"), ("up[1h:5m] @ start()", "up[1h:5m] @ start()"),
        ("a == bool on(x)group_left(y)b", "a == bool on (x) group_left (y) b"), ("a / ignoring(x)b", "a / ignoring (x) b"),
        ("label_replace(up,'a',\"$1\",`b`,'(.*)')", "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")"), ("((up))", "((up))"),
        ("sum", "sum"), ("count offset 5m", "count offset 5m"), ("up # comment", "up"), ("start", "start"), ("fill + fill", "fill + fill"),
    ]

    @Test("a selector of info's without conditions is printed, too")
    func emptySelector() throws {
        let printed = try PromQL.parse("info(up,{ } offset 5m)", options: .allFeatures).description
        #expect(printed == "info(up, {} offset 5m)")
        #expect(try PromQL.parse(printed, options: .allFeatures).prettified() == printed)
    }

    @Test("a query is printed in one spelling, which reads back as the same query", arguments: spellings)
    func prints(_ query: String, _ printed: String) throws {
        let expr = try PromQL.parse(query)
        #expect(expr.description == printed)
        #expect(try PromQL.parse(printed).description == printed)
    }

    @Test("a long query is broken over lines that read back as the same query")
    func prettifies() throws {
        let query = "sum by (job, instance) (rate(http_requests_total{code=~\"5..\", handler!=\"/metrics\"}[5m])) / sum by (job, instance) (rate(http_requests_total[5m]))"
        let expr = try PromQL.parse(query)
        let text = expr.prettified()
        #expect(text.split(separator: "\n").count > 1)
        #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 100 })
        #expect(try PromQL.parse(text) == expr)
    }

    static let monsters: [String] = [
        String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000),
        String(repeating: "(", count: 100_000),
        String(repeating: "-", count: 100_000) + "1",
        "1" + String(repeating: " + 1", count: 25_000),
        "1" + String(repeating: "^1", count: 50_000),
        "up" + String(repeating: "[1m:1m]", count: 14_000),
        String(repeating: "sum(", count: 25_000) + "up",
        "up[" + String(repeating: "(", count: 99_000) + "1m",
        "up[1m" + String(repeating: "+1m", count: 33_000) + "]",
        "up{" + String(repeating: "a=\"b\",", count: 16_000) + "=",
        "up{a=~\"" + String(repeating: "(a|", count: 33_000) + "\"}",
        String(repeating: "a", count: 2_000_000),
    ]

    @Test("a monstrous query ends in an error, not in a crash", arguments: monsters.indices)
    func refusesMonsters(_ index: Int) {
        #expect(throws: ParseError.self) { try PromQL.parse(Self.monsters[index], options: .allFeatures) }
    }

    @Test("a query as deep as the bounds allow is parsed, printed and forgotten")
    func acceptsDeepQueries() throws {
        let nested = String(repeating: "(", count: 250) + "up" + String(repeating: ")", count: 250)
        #expect(try PromQL.parse(nested).description == nested)
        let chain = "up" + String(repeating: " + up", count: 500)
        #expect(try PromQL.parse(chain).description == chain)
    }

    @Test("a selector for match[] gives its matchers")
    func selectors() throws {
        #expect(try PromQL.parseSelector("up{job=\"a\"}").map(\.description) == ["job=\"a\"", "__name__=\"up\""])
        #expect(throws: ParseError.self) { try PromQL.parseSelector("up + 1") }
    }
}
