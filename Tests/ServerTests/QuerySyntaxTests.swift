import Foundation
import Testbed
import Testing

@Suite("Queries formatted and parsed over HTTP", .serialized, .ownWaitingThread)
struct QuerySyntaxTests {
    static let queries = [
        "1", "-1.5e-9", "+1", "0x1F", "NaN", "-Inf", "1e21", "5m", "\"a<b>&\\u2028\\u00e9\\u200d\\U0001F600\\n\\\"\"", "'x'", "foo", "{__name__=\"foo\"}", "{\"foo.bar\",a=\"1\"}", "foo{a=\"x<y\",b!=\"y\",c=~\"z.*\",d!~\"\"}",
        "foo offset 5m", "foo offset -5m", "foo @ 1.5", "foo @ start()", "foo @ end() offset 1m", "foo[5m]", "foo[1d] @ 0 offset 1h", "foo[5m:]", "foo[5m:30s] @ end()",
        "rate(foo[5m])[1h:1m] offset 2m", "-foo", "+foo", "-(foo)", "((foo))", "foo + bar", "foo > bool 1", "1 < bool 2", "foo and bar", "foo or on() bar", "foo unless ignoring(a) bar",
        "foo * on(a, b) group_left(c) bar", "foo / ignoring(a) group_right() bar", "foo == on(a) bar", "foo ^ 2 ^ 3", "foo % atan2(foo, 1)", "foo atan2 bar", "sum(foo)", "sum by () (foo)",
        "sum by (a, \"b.c\") (foo)", "avg without (a) (foo)", "topk(3, foo)", "count_values(\"v\", foo)", "quantile by (a) (0.9, foo)", "limitk(2, foo)", "time()", "pi()", "hour()",
        "round(foo, 0.1)", "label_replace(foo, \"a\", \"$1\", \"b\", \"(.*)\")", "label_join(foo, \"a\", \",\", \"b\", \"c\")", "histogram_quantile(0.9, sum by (le) (rate(foo_bucket[5m])))",
        "sort_by_label(foo, \"a\")", "info(foo, {a=\"b\"})", "absent_over_time(foo[5m])", "",
        "sum by (job, instance) (rate(http_requests_total{job=\"api\", status=~\"5..\"}[5m])) / on (job) group_left () sum by (job) (rate(http_requests_total{job=\"api\"}[5m])) > 0.05",
        "topk(", "foo{", "sum(1)", "foo[5m] + 1", "rate(foo)", "nosuch(foo)", "foo <b> bar",
    ]

    static func escaped(_ query: String) throws -> String { try #require(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics)) }

    /// What later versions than 3.5 say beyond it, removed.
    private static func common(_ value: Any) -> Any {
        if let list = value as? [Any] { return list.map(common) }
        guard let object = value as? [String: Any] else { return value }
        let isNew = ["anchored", "smoothed", "fillValues", "rangeExpr", "offsetExpr", "stepExpr"]
        return object.filter { !isNew.contains($0.key) }.mapValues(common)
    }

    @Test("trees, texts and refusals are Prometheus's", .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"], arguments: ["--enable-feature=promql-experimental-functions"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--enable-feature=promql-experimental-functions"])
        for query in Self.queries {
            let form = try Data("query=\(Self.escaped(query))".utf8)
            for path in ["format_query", "parse_query"] {
                func ask(_ base: String) throws -> (status: Int, body: String) {
                    try http(base + "/api/v1/" + path, method: "POST", headers: ["Content-Type: application/x-www-form-urlencoded"], body: form)
                }
                let (ours, theirs) = (try ask(stack.url("prometheus")), try ask(prometheus.url()))
                #expect(ours.status == theirs.status, "\(path) \(query): \(ours.body) \(theirs.body)")
                guard path == "parse_query", theirs.status == 200 else {
                    #expect(ours.body == theirs.body, "\(path) \(query)")
                    continue
                }
                let (tree, expected) = (Data(ours.body.utf8), try JSONSerialization.jsonObject(with: Data(theirs.body.utf8)))
                #expect(try Self.common(JSONSerialization.jsonObject(with: tree)) as? NSDictionary == Self.common(expected) as? NSDictionary, "\(query): \(ours.body) \(theirs.body)")
            }
        }
    }

    /// Bytes by upstream's sources at 3.14 (web/api/v1/translate_ast.go), whose release is not here to be asked.
    static let trees: [(query: String, tree: String)] = [
        ("foo", #"{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"foo"}],"name":"foo","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"}"#),
        ("a[5m] smoothed @ 2", #"{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"offsetExpr":null,"range":300000,"rangeExpr":null,"smoothed":true,"startOrEnd":null,"timestamp":2000,"type":"matrixSelector"}"#),
        ("a[(5m)+step():-(range())] offset -1m", #"{"expr":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"offset":-60000,"offsetExpr":null,"range":0,"rangeExpr":{"lhs":{"lhs":null,"op":"+","rhs":{"duration":true,"type":"numberLiteral","val":"300"},"type":"durationExpr","wrapped":true},"op":"+","rhs":{"lhs":null,"op":"step","rhs":null,"type":"durationExpr","wrapped":false},"type":"durationExpr","wrapped":false},"startOrEnd":null,"step":0,"stepExpr":{"lhs":null,"op":"-","rhs":{"lhs":null,"op":"range","rhs":null,"type":"durationExpr","wrapped":true},"type":"durationExpr","wrapped":false},"timestamp":null,"type":"subquery"}"#),
        ("1 + 2", #"{"bool":false,"lhs":{"type":"numberLiteral","val":"1"},"matching":null,"op":"+","rhs":{"type":"numberLiteral","val":"2"},"type":"binaryExpr"}"#),
        ("vector(1) >= on (x) fill_left (1e-7) vector(2)", #"{"bool":false,"lhs":{"args":[{"type":"numberLiteral","val":"1"}],"func":{"argTypes":["scalar"],"name":"vector","returnType":"vector","variadic":0},"type":"call"},"matching":{"card":"one-to-one","fillValues":{"lhs":1e-07,"rhs":null},"include":[],"labels":["x"],"on":true},"op":"\u003e=","rhs":{"args":[{"type":"numberLiteral","val":"2"}],"func":{"argTypes":["scalar"],"name":"vector","returnType":"vector","variadic":0},"type":"call"},"type":"binaryExpr"}"#),
        ("-sum(\"\u{2028}\" and 1)", ""),
    ]

    @Test("a tree has its members in alphabetical order, and what is new in 3.14; features decide what is understood")
    func trees() async throws {
        let stack = try await RunningStack(arguments: ["--enable-feature", "promql-extended-range-selectors,promql-binop-fill-modifiers", "--enable-feature=no-such,xor2-encoding,native-histograms"])
        defer { stack.stop() }
        for (query, tree) in Self.trees {
            let answer = try http(stack.url("prometheus", "/api/v1/parse_query?query=\(Self.escaped(query))"))
            if tree.isEmpty { #expect(answer.status == 400) } else { #expect(answer.body == #"{"status":"success","data":\#(tree)}"#, "\(query)") }
        }
        let refused = try http(stack.url("prometheus", "/api/v1/query?query=limitk(1,up)"))
        #expect(refused.status == 400)
        #expect(refused.body.contains("must be enabled with --enable-feature=promql-experimental-functions"), "\(refused.body)")
        let flags = try #require(try json(stack.url("prometheus", "/api/v1/status/flags"))["data"] as? [String: String])
        #expect(flags["enable-feature"] == "promql-extended-range-selectors,promql-binop-fill-modifiers,no-such,xor2-encoding,native-histograms")
        #expect(flags["query.timeout"] == "2m" && flags["query.max-concurrency"] == "20" && flags["query.max-samples"] == "50000000" && flags["query.lookback-delta"] == "5m")
        for sentence in ["warning", "no-such is not known", "xor2-encoding is known to Prometheus and has no effect", "native-histograms is on", "promql-binop-fill-modifiers is on"] {
            #expect(stack.log.contains(sentence), "\(sentence)")
        }
    }

    @Test("every feature of the language is off until it is named", arguments: [
        ("promql-experimental-functions", "sort_by_label(vector(1), \"a\")"), ("promql-extended-range-selectors", "rate(a[5m] anchored)"),
        ("promql-binop-fill-modifiers", "vector(1) + fill (0) vector(2)"),
    ])
    func features(_ feature: String, _ query: String) async throws {
        let path = try "/api/v1/query?query=\(Self.escaped(query))"
        for arguments in [[], ["--enable-feature=\(feature)"]] {
            let stack = try await RunningStack(arguments: arguments)
            #expect(try http(stack.url("prometheus", path)).status == (arguments.isEmpty ? 400 : 200))
            stack.stop()
        }
    }
}
