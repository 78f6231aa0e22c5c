import Bytes
import Dashboards
import MetricModel
import PromQL
import Testing

struct FrameTests {
    private static let reader = HandMadeReader([
        (["__name__": "requests_total", "code": "200", "handler": "/q"], [(1, 21), (2, .nan), (3, .infinity)]), (["__name__": "requests_total", "code": "400"], [(1, 0.5), (2, Staleness.marker)]),
        (["__name__": "bucket", "le": "+Inf"], [(1, 35), (2, 12)]), (["__name__": "bucket", "le": "0.5"], [(1, 10), (2, 10), (3, 4)]), (["__name__": "bucket", "le": "10"], [(1, 30), (2, 9)]),
        (["__name__": "hits", "primitive": "Cache"], [(1, 1)]), (["__name__": "hits", "primitive": "Retry"], [(1, 2)]), (["__name__": "plain"], (0...300).map { ($0, Double($0) * 2) }),
    ])

    private func run(_ request: String) async throws -> JSONValue {
        let store = try TemporaryStore()
        try await store.store.provision(dataSources: [.prometheus(url: "", scrapeInterval: "1s"), .jaeger(url: "")])
        let queries = PanelQueries(store: store.store, engine: Self.reader.engine)
        let outcomes = try await queries.run(PanelQueryRequest(JSONParser.parse(Array(request.utf8)), now: store.now))
        return try JSONParser.parse(outcomes.encoded)
    }

    private func frames(_ query: String, from: Int = 1_000, to: Int = 3_000) async throws -> [JSONValue] {
        let result = try await run(#"{"from": "\#(from)", "to": "\#(to)", "queries": [{"refId": "A", \#(query)}]}"#)
        return try #require(result["results"]?["A"]?["frames"]?.array, "\(String(decoding: result.encoded, as: UTF8.self))")
    }

    private func names(_ frames: [JSONValue]) -> [String?] { frames.map { $0["schema"]?["fields"]?.array?.last?["config"]?["displayNameFromDS"]?.string } }

    private func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    /// The shape is that of `pkg/promlib/testdata/range_simple.result.golden.jsonc` and `range_nan`.
    @Test("series become frames as Grafana's Prometheus plugin sends them")
    func timeSeries() async throws {
        let result = try await run(#"{"from": "1000", "to": "3000", "queries": [{"refId": "B", "expr": "requests_total", "legendFormat": "{{ code }} of {{nothing}}{{handler}}"}]}"#)
        #expect(result == (try json(#"""
            {"results":{"B":{"status":200,"frames":[
              {"schema":{"refId":"B","meta":{"type":"timeseries-multi","typeVersion":[0,1],"custom":{"resultType":"matrix"},"executedQueryString":"Expr: requests_total\nStep: 1s"},"fields":[
                {"name":"Time","type":"time","typeInfo":{"frame":"time.Time"},"config":{"interval":1000}},
                {"name":"requests_total","type":"number","typeInfo":{"frame":"float64"},"labels":{"__name__":"requests_total","code":"200","handler":"/q"},
                 "config":{"displayNameFromDS":"200 of /q"}}]},
               "data":{"values":[[1000,2000,3000],[21,null,null]],"entities":[null,{"NaN":[1],"Inf":[2]}]}},
              {"schema":{"refId":"B","meta":{"type":"timeseries-multi","typeVersion":[0,1],"custom":{"resultType":"matrix"}},"fields":[
                {"name":"Time","type":"time","typeInfo":{"frame":"time.Time"},"config":{"interval":1000}},
                {"name":"requests_total","type":"number","typeInfo":{"frame":"float64"},"labels":{"__name__":"requests_total","code":"400"},"config":{"displayNameFromDS":"400 of "}}]},
               "data":{"values":[[1000],[0.5]]}}]}}}
            """#)))
    }

    @Test("a series is called by its legend, by the one label that tells it apart, by its labels, or by the query", arguments: [
        ("hits", "", ["hits{primitive=\"Cache\"}", "hits{primitive=\"Retry\"}"]), ("hits", "__auto", ["Cache", "Retry"]), ("hits", "always", ["always", "always"]),
        ("hits", "{{primitive}}/{{ __name__ }}", ["Cache/hits", "Retry/hits"]), ("hits", "{{primitive", ["{{primitive", "{{primitive"]), ("sum(hits)", "", ["sum(hits)"]), ("sum(hits)", "__auto", ["sum(hits)"]),
        ("requests_total", "__auto", ["requests_total{code=\"200\", handler=\"/q\"}", "requests_total{code=\"400\"}"]), ("hits", "$__interval {{primitive}}", ["1s Cache", "1s Retry"]),
    ])
    func legends(expression: String, format: String, expected: [String]) async throws {
        #expect(try await names(frames(#""expr": "\#(expression)", "legendFormat": "\#(format)""#, to: 1_000)) == expected)
    }

    @Test("an instant query gives one row a series, a scalar and a string theirs")
    func instants() async throws {
        let vector = try await frames(#""expr": "hits", "instant": true"#)
        #expect(vector.map { $0["schema"]?["meta"]?["type"] } == ["numeric-multi", "numeric-multi"])
        #expect(vector.map { $0["data"]?["values"] } == [[[3_000], [1]], [[3_000], [2]]])
        let scalar = try await frames(#""expr": "1+1", "instant": true"#)
        #expect(scalar.count == 1 && scalar[0]["schema"]?["meta"]?["custom"]?["resultType"] == "scalar" && scalar[0]["data"]?["values"] == [[3_000], [2]])
        let text = try await frames(#""expr": "'words'", "instant": true"#)
        #expect(text.count == 1 && text[0]["schema"]?["fields"]?.array?[1]["type"] == "string" && text[0]["data"]?["values"] == [[3_000], ["words"]])
        #expect(try await frames(#""expr": "hits", "instant": true, "range": true"#).count == 4)
    }

    @Test("a table has a row for every sample, in time order, and a column for every label")
    func table() async throws {
        let frames = try await frames(#""expr": "requests_total", "format": "table""#, to: 2_000)
        #expect(frames.count == 1)
        #expect(frames[0]["schema"]?["fields"]?.array?.map { $0["name"]?.string } == ["Time", "__name__", "code", "handler", "Value"])
        #expect(frames[0]["data"]?["values"] == (try json(#"[[1000,1000,2000],["requests_total","requests_total","requests_total"],["200","400","200"],["/q","","/q"],[21,0.5,null]]"#)))
    }

    @Test("a heat map's cumulative buckets become counts of their own, lowest first")
    func heatmap() async throws {
        let frames = try await frames(#""expr": "bucket", "format": "heatmap""#)
        #expect(frames.count == 1 && frames[0]["schema"]?["meta"]?["type"] == "heatmap-rows")
        #expect(frames[0]["schema"]?["fields"]?.array?.map { $0["name"]?.string } == ["Time", "0.5", "10", "+Inf"])
        #expect(frames[0]["data"] == (try json(#"{"values":[[1000,2000,3000],[10,10,4],[20,0,5],[5,3,3]]}"#)))
    }

    @Test("each query of a request has its own answer or error; hidden ones are left out")
    func several() async throws {
        let result = try await run(#"""
            {"from": "0", "to": "5000", "queries": [
              {"refId": "A", "expr": "nothing"}, {"refId": "B", "expr": "1", "instant": true}, {"refId": "C", "expr": "("}, {"refId": "D", "expr": " "}, {"refId": "E", "expr": "hits", "hide": true},
              {"refId": "F", "expr": "hits", "datasource": {"uid": "jaeger"}}, {"refId": "G", "expr": "hits", "datasource": {"uid": "PBFA97CFB590B2093", "type": "prometheus"}},
              {"refId": "H", "expr": "hits", "datasource": {"uid": "gone", "type": "loki"}}, {"refId": "I", "expr": "hits", "datasource": "Prometheus", "interval": "x"}]}
            """#)
        let results = try #require(result["results"]?.object)
        #expect(results.map(\.key) == ["A", "B", "C", "D", "F", "G", "H", "I"])
        #expect(results.map { $0.value["status"]?.int } == [200, 200, 400, 400, 400, 200, 400, 400])
        #expect(results[0].value["frames"]?.array?.count == 1 && results[0].value["frames"]?.array?[0]["schema"]?["fields"] == [])
        #expect(results[2].value["error"]?.string?.hasPrefix(#"bad_data: invalid parameter "query": 1:2: parse error: "#) == true, "\(results[2].value)")
        #expect(results[6].value["error"] == "there is no data source \"gone\"")
    }

    @Test("the range is aligned to the step in the viewer's zone, and variables are put in with the step found")
    func alignment() async throws {
        let result = try await run(#"""
            {"from": "100500", "to": "104700", "variables": {"m": "plain", "many": ["a", "b"]},
             "queries": [{"refId": "A", "expr": "rate({__name__=\"$m\",x!~\"$many\"}[$__rate_interval]) * ${__interval_s}", "intervalMs": 2000, "maxDataPoints": 500, "utcOffsetSec": 1, "interval": "2s"}]}
            """#)
        let frame = try #require(result["results"]?["A"]?["frames"]?.array?.first)
        #expect(frame["schema"]?["meta"]?["executedQueryString"] == "Expr: rate({__name__=\"plain\",x!~\"(a|b)\"}[8s]) * 2\nStep: 2s")
        #expect(frame["data"]?["values"] == [[99_000, 101_000, 103_000], [4, 4, 4]])
    }

    @Test("a request that is no request is refused in words", arguments: [
        (#"{}"#, "no queries found"), (#"{"queries": [{"refId": "A"}, {"refId": "A"}]}"#, "two queries have the refId \"A\""), (#"{"queries": [3]}"#, "queries[0] must be an object"),
        (#"{"queries": [{}], "from": "soon"}"#, "from \"soon\" is not a time; \"now-1h\", milliseconds since the epoch and RFC 3339 are"), (#"{"queries": [{}], "from": "2", "to": "1"}"#, "from (2) is after to (1)"),
    ])
    func refused(text: String, reason: String) throws {
        let json = try json(text)
        #expect(throws: DashboardsError.invalidQuery(reason: reason)) { try PanelQueryRequest(json, now: 0) }
    }
}
