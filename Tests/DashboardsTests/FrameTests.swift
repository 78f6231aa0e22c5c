import Bytes
import Dashboards
import MetricModel
import Testing

struct FrameTests {
    private func run(_ evaluator: StubEvaluator, _ request: String, store: TemporaryStore? = nil) async throws -> JSONValue {
        let store = try store ?? TemporaryStore()
        try await store.store.provision(dataSources: [.prometheus(url: "", scrapeInterval: "1s"), .jaeger(url: "")])
        let queries = PanelQueries(store: store.store, evaluator: evaluator)
        let outcomes = try await queries.run(PanelQueryRequest(JSONParser.parse(Array(request.utf8)), now: store.now))
        return try JSONParser.parse(outcomes.encoded)
    }

    private func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    /// The shape is that of `pkg/promlib/testdata/range_simple.result.golden.jsonc` and `range_nan`.
    @Test("series become frames as Grafana's Prometheus plugin sends them")
    func timeSeries() async throws {
        let evaluator = StubEvaluator(["up": PanelAnswer(.matrix, [
            series(["__name__": "requests_total", "code": "200", "handler": "/q"], [(1_000, 21), (2_000, .nan), (3_000, .infinity)]), series(["code": "400"], [(1_000, 0.5)]),
        ], warnings: ["look out"])])
        let result = try await run(evaluator, #"{"from": "1000", "to": "3000", "queries": [{"refId": "B", "expr": "up", "legendFormat": "{{ code }} of {{nothing}}{{handler}}"}]}"#)
        #expect(result == (try json(#"""
            {"results":{"B":{"status":200,"frames":[
              {"schema":{"refId":"B","meta":{"type":"timeseries-multi","typeVersion":[0,1],"custom":{"resultType":"matrix"},"notices":[{"severity":"warning","text":"look out"}],
                "executedQueryString":"Expr: up\nStep: 1s"},"fields":[
                {"name":"Time","type":"time","typeInfo":{"frame":"time.Time"},"config":{"interval":1000}},
                {"name":"requests_total","type":"number","typeInfo":{"frame":"float64"},"labels":{"__name__":"requests_total","code":"200","handler":"/q"},
                 "config":{"displayNameFromDS":"200 of /q"}}]},
               "data":{"values":[[1000,2000,3000],[21,null,null]],"entities":[null,{"NaN":[1],"Inf":[2]}]}},
              {"schema":{"refId":"B","meta":{"type":"timeseries-multi","typeVersion":[0,1],"custom":{"resultType":"matrix"},"notices":[{"severity":"warning","text":"look out"}]},"fields":[
                {"name":"Time","type":"time","typeInfo":{"frame":"time.Time"},"config":{"interval":1000}},
                {"name":"Value","type":"number","typeInfo":{"frame":"float64"},"labels":{"code":"400"},"config":{"displayNameFromDS":"400 of "}}]},
               "data":{"values":[[1000],[0.5]]}}]}}}
            """#)))
        #expect(evaluator.calls == [.init(expression: "up", start: 1_000, end: 3_000, step: 1_000)])
    }

    @Test("a series is called by its legend, by what tells it apart, or by its labels", arguments: [
        ("", "m{a=\"1\", b=\"2\"}", "q"), ("__auto", "m{a=\"1\", b=\"2\"}", "q"), ("static", "static", "static"), ("{{a}}/{{__name__}}", "1/m", "/"), ("{{a", "{{a", "{{a"),
    ])
    func legends(format: String, full: String, empty: String) async throws {
        let evaluator = StubEvaluator(["q": PanelAnswer(.matrix, [series(["__name__": "m", "a": "1", "b": "2"], [(0, 1)]), series([:], [(0, 1)])])])
        let result = try await run(evaluator, #"{"from": "0", "to": "0", "queries": [{"refId": "A", "expr": "q", "legendFormat": "\#(format)"}]}"#)
        let names = result["results"]?["A"]?["frames"]?.array?.map { $0["schema"]?["fields"]?.array?[1]["config"]?["displayNameFromDS"]?.string }
        #expect(names == [full, empty])
    }

    @Test("an automatic legend names one telling label by its value alone")
    func autoLegend() async throws {
        let evaluator = StubEvaluator(["q": PanelAnswer(.vector, [series(["primitive": "Cache"], [(0, 1)]), series(["primitive": "Retry"], [(0, 1)])])])
        let result = try await run(evaluator, #"{"from": "0", "to": "0", "queries": [{"refId": "A", "expr": "q", "legendFormat": "__auto", "instant": true}]}"#)
        let frames = try #require(result["results"]?["A"]?["frames"]?.array)
        #expect(frames.map { $0["schema"]?["fields"]?.array?[1]["config"]?["displayNameFromDS"]?.string } == ["Cache", "Retry"])
        #expect(frames.map { $0["schema"]?["meta"]?["type"]?.string } == ["numeric-multi", "numeric-multi"])
    }

    @Test("a table has a row for every sample and a column for every label")
    func table() async throws {
        let evaluator = StubEvaluator(["q": PanelAnswer(.vector, [series(["__name__": "m", "a": "1"], [(9, 2)]), series(["__name__": "m", "b": "x"], [(9, 3)])])])
        let result = try await run(evaluator, #"{"from": "0", "to": "9", "queries": [{"refId": "A", "expr": "q", "format": "table", "instant": true}]}"#)
        let frames = try #require(result["results"]?["A"]?["frames"]?.array)
        #expect(frames.count == 1)
        #expect(frames[0]["schema"]?["fields"]?.array?.map { $0["name"]?.string } == ["Time", "__name__", "a", "b", "Value"])
        #expect(frames[0]["data"]?["values"] == (try json(#"[[9,9],["m","m"],["1",""],["","x"],[2,3]]"#)))
    }

    @Test("a heat map's cumulative buckets become counts of their own, lowest first, gaps where a bucket has no sample")
    func heatmap() async throws {
        let evaluator = StubEvaluator(["q": PanelAnswer(.matrix, [
            series(["le": "+Inf"], [(1, 35), (2, 12)]), series(["le": "0.5"], [(1, 10), (2, 10), (3, 4)]), series(["le": "10"], [(1, 30), (2, 9)]),
        ])])
        let result = try await run(evaluator, #"{"from": "0", "to": "9", "queries": [{"refId": "A", "expr": "q", "format": "heatmap"}]}"#)
        let frames = try #require(result["results"]?["A"]?["frames"]?.array)
        #expect(frames.count == 1 && frames[0]["schema"]?["meta"]?["type"] == "heatmap-rows")
        #expect(frames[0]["schema"]?["fields"]?.array?.map { $0["name"]?.string } == ["Time", "0.5", "10", "+Inf"])
        #expect(frames[0]["data"] == (try json("{\"values\":[[1,2,3],[10,10,4],[20,0,null],[5,3,null]]}")))
    }

    @Test("each query of a request has its own answer or error; hidden ones are left out")
    func several() async throws {
        let answers = ["a": PanelAnswer(.matrix, []), "b": PanelAnswer(.scalar, [series([:], [(5, 1)])])]
        let result = try await run(StubEvaluator(answers), #"""
            {"from": "0", "to": "5", "queries": [
              {"refId": "A", "expr": "a"}, {"refId": "B", "expr": "b", "instant": true}, {"refId": "C", "expr": "("}, {"refId": "D", "expr": " "}, {"refId": "E", "expr": "a", "hide": true},
              {"refId": "F", "expr": "a", "datasource": {"uid": "jaeger"}}, {"refId": "G", "expr": "a", "datasource": {"uid": "PBFA97CFB590B2093", "type": "prometheus"}},
              {"refId": "H", "expr": "a", "datasource": {"uid": "gone", "type": "loki"}}, {"refId": "I", "expr": "a", "datasource": "Prometheus", "interval": "x"}]}
            """#)
        let results = try #require(result["results"]?.object)
        #expect(results.map(\.key) == ["A", "B", "C", "D", "F", "G", "H", "I"])
        #expect(results.map { $0.value["status"]?.int } == [200, 200, 400, 400, 400, 200, 400, 400])
        #expect(results[0].value["frames"]?.array?.count == 1 && results[0].value["frames"]?.array?[0]["schema"]?["fields"] == [])
        #expect(results[2].value["error"] == "bad_data: 1:1: parse error: unexpected (")
        #expect(results[6].value["error"] == "there is no data source \"gone\"")
    }

    @Test("the range is aligned to the step in the viewer's zone, and variables are put in with the step found")
    func alignment() async throws {
        let evaluator = StubEvaluator(["rate(m{j=\"x\"}[8s]) * 2": PanelAnswer(.matrix, [])])
        _ = try await run(evaluator, #"""
            {"from": "100500", "to": "200700", "variables": {"j": "x", "multi": ["a", "b"]},
             "queries": [{"refId": "A", "expr": "rate(m{j=\"$j\"}[$__rate_interval]) * ${__interval_s}", "intervalMs": 2000, "maxDataPoints": 500, "utcOffsetSec": 1, "interval": "2s"}]}
            """#)
        #expect(evaluator.calls == [.init(expression: "rate(m{j=\"x\"}[8s]) * 2", start: 99_000, end: 199_000, step: 2_000)])
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
