import Bytes
import HTTPTypes
import Testing
import TraceModel
import TraceStore

@Suite struct JaegerRouteTests {
    private static let start: UInt64 = UInt64(Door.nowMillis) * 1_000_000 - 3_600_000_000_000

    /// A request through two services, with an error in the second.
    private static let checkout: [ResourceSpans] = {
        let id = TraceID(high: 0x0102, low: 0xA0B0)
        func group(_ service: String, _ spans: [Span]) -> ResourceSpans {
            ResourceSpans(
                resource: Resource(attributes: [Attribute("service.name", .string(service)), Attribute("host.name", .string("h1"))]),
                scopes: [.init(scope: InstrumentationScope(name: "lib", version: "1.2"), spans: spans)])
        }
        return [
            group("web/front", [
                Span(traceID: id, spanID: SpanID(1), flags: 0x101, name: "GET /", kind: .server, startUnixNano: start, endUnixNano: start + 5_000_000,
                     attributes: [Attribute("http.status_code", .int(200))]),
                Span(traceID: id, spanID: SpanID(2), parentSpanID: SpanID(1), name: "call", kind: .client, startUnixNano: start + 1000,
                     endUnixNano: start + 3_000_000),
            ]),
            group("pay", [
                Span(traceID: id, spanID: SpanID(3), parentSpanID: SpanID(2), name: "charge", kind: .server, startUnixNano: start + 2000,
                     endUnixNano: start + 2_500_000, attributes: [Attribute("amount", .double(1.5)), Attribute("big", .int(.max))],
                     events: [Span.Event(timeUnixNano: start + 3000, name: "exception", attributes: [Attribute("exception.type", .string("Declined"))])],
                     links: [Span.Link(traceID: TraceID(high: 0, low: 9), spanID: SpanID(9))], status: Span.Status(code: .error, message: "declined"))
            ]),
        ]
    }()

    private func withDoor(_ body: (Door) async throws -> Void) async throws {
        try await Door.with { door in
            try await door.store.write(Self.checkout)
            try await body(door)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var uri: String
        var status: HTTPResponse.Status = .ok
        var body: String
        var testDescription: String { uri }
    }

    private static func failure(_ code: Int, _ message: String) -> String {
        #"{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":\#(code),"msg":"\#(message)"}]}"# + "\n"
    }

    private static func bad(_ uri: String, _ message: String) -> Case { Case(uri: uri, status: .badRequest, body: failure(400, message)) }

    static let whole: [Case] = [
        Case(uri: "/api/services", body: #"{"data":["pay","web/front"],"total":2,"limit":0,"offset":0,"errors":null}"#),
        Case(uri: "/api/services/web%2Ffront/operations", body: #"{"data":["GET /","call"],"total":2,"limit":0,"offset":0,"errors":null}"#),
        Case(uri: "/api/services/nobody/operations", body: #"{"data":null,"total":0,"limit":0,"offset":0,"errors":null}"#),
        Case(uri: "/api/operations?service=web%2Ffront&spanKind=client",
             body: #"{"data":[{"name":"call","spanKind":"client"}],"total":1,"limit":0,"offset":0,"errors":null}"#),
        Case(uri: "/api/operations?service=nobody", body: #"{"data":[],"total":0,"limit":0,"offset":0,"errors":null}"#),
        bad("/api/operations", "parameter 'service' is required"),
        Case(uri: "/api/dependencies?endTs=\(Door.nowMillis)",
             body: #"{"data":[{"parent":"web/front","child":"pay","callCount":1},{"parent":"web/front","child":"web/front","callCount":1}],"total":0,"limit":0,"offset":0,"errors":null}"#),
        Case(uri: "/api/dependencies?service=pay",
             body: #"{"data":[{"parent":"web/front","child":"pay","callCount":1}],"total":0,"limit":0,"offset":0,"errors":null}"#),
        Case(uri: "/api/dependencies?endTs=\(Door.nowMillis)&lookback=60000", body: #"{"data":[],"total":0,"limit":0,"offset":0,"errors":null}"#),
        bad("/api/dependencies?lookback=x", #"unable to parse param 'lookback': strconv.ParseInt: parsing \"x\": invalid syntax"#),
        Case(uri: "/api/traces/ffff", status: .notFound, body: failure(404, "trace not found")),
        bad("/api/traces/chumba!", #"strconv.ParseUint: parsing \"chumba!\": invalid syntax"#),
        bad("/api/traces/ffff?start=a", #"unable to parse param 'start': strconv.ParseInt: parsing \"a\": invalid syntax"#),
        bad("/api/traces/ffff?raw=perhaps", #"unable to parse param 'raw': strconv.ParseBool: parsing \"perhaps\": invalid syntax"#),
        Case(uri: "/api/traces?traceID=1",
             body: #"{"data":[],"total":0,"limit":0,"offset":0,"errors":[{"msg":"trace not found","traceID":"0000000000000001"}]}"#),
        Case(uri: "/api/traces?service=nobody", body: #"{"data":[],"total":0,"limit":0,"offset":0,"errors":null}"#),
        bad("/api/traces?service=s&maxDuration=10ms&minDuration=20ms", "'maxDuration' should be greater than 'minDuration'"),
        bad("/api/traces?service=s&minDuration=fast", #"unable to parse param 'minDuration': time: invalid duration \"fast\""#),
        bad("/api/traces?service=s&limit=few", #"strconv.ParseInt: parsing \"few\": invalid syntax"#),
        bad("/api/traces?service=s&tag=k", "malformed 'tag' parameter, expecting key:value, received: k"),
        bad("/api/traces?service=s&tags=%7B%22a%22%3A1%7D", #"malformed 'tags' parameter, cannot unmarshal JSON: the value of \"a\" must be a string"#),
        bad("/api/traces?service=s&end=99999999999999999999", #"unable to parse param 'end': strconv.ParseInt: parsing \"99999999999999999999\": value out of range"#),
        Case(uri: "/api/services?prettyPrint=1", body: """
            {
                "data": [
                    "pay",
                    "web/front"
                ],
                "total": 2,
                "limit": 0,
                "offset": 0,
                "errors": null
            }
            """),
    ]

    @Test("answers are Jaeger's to the byte", arguments: whole)
    func answers(_ expected: Case) async throws {
        try await withDoor { door in
            let answer = try await door.get(expected.uri)
            #expect(answer.status == expected.status)
            #expect(answer.text == expected.body)
            #expect(answer.contentType == (expected.status == .ok ? "application/json" : "text/plain; charset=utf-8"))
        }
    }

    @Test("a trace comes with its spans, references, tags, logs and processes as Jaeger shows them", arguments: ["0102000000000000a0b0", "AAAAAAAAAQIAAAAAAACgsA=="])
    func trace(_ id: String) async throws {
        try await withDoor { door in
            let answer = try await door.get("/api/traces/\(id)")
            let trace = try #require(try answer.json()["data"]?.array?.first)
            #expect(trace["traceID"]?.string == "0000000000000102000000000000a0b0")
            let spans = try #require(trace["spans"]?.array)
            #expect(spans.map { $0["operationName"]?.string } == ["GET /", "call", "charge"])
            #expect(spans.map { $0["processID"]?.string } == ["p1", "p1", "p2"])
            #expect(spans[0]["flags"]?.int == 1)
            #expect(spans[0]["startTime"]?.int == Int(Self.start / 1000))
            #expect(spans[0]["duration"]?.int == 5000)
            let charge = spans[2]
            #expect(charge["references"] == [
                ["refType": "CHILD_OF", "traceID": "0000000000000102000000000000a0b0", "spanID": "0000000000000002"],
                ["refType": "FOLLOWS_FROM", "traceID": "0000000000000009", "spanID": "0000000000000009"],
            ])
            #expect(charge["tags"] == [
                ["key": "otel.scope.name", "type": "string", "value": "lib"], ["key": "otel.scope.version", "type": "string", "value": "1.2"],
                ["key": "amount", "type": "float64", "value": .number("1.5")], ["key": "big", "type": "int64", "value": "9223372036854775807"],
                ["key": "span.kind", "type": "string", "value": "server"], ["key": "otel.status_code", "type": "string", "value": "ERROR"],
                ["key": "error", "type": "bool", "value": true], ["key": "otel.status_description", "type": "string", "value": "declined"],
            ])
            #expect(charge["logs"] == [[
                "timestamp": JSONValue(Int((Self.start + 3000) / 1000)),
                "fields": [["key": "event", "type": "string", "value": "exception"], ["key": "exception.type", "type": "string", "value": "Declined"]],
            ]])
            #expect(charge["warnings"] == .null)
            #expect(trace["processes"]?["p2"] == ["serviceName": "pay", "tags": [["key": "host.name", "type": "string", "value": "h1"]]])
        }
    }

    @Test("searches find the trace, or do not, by what they name", arguments: [
        ("service=pay", true), ("", true), ("service=pay&operation=charge", true), ("service=pay&operation=call", false),
        ("service=pay&tags=%7B%22error%22%3A%22true%22%7D", true), ("service=web%2Ffront&tag=error:true", false), ("tag=error:false&service=pay", false),
        ("tag=http.status_code:200", true), ("tag=http.status_code:0200", false), ("tag=span.kind:client&operation=call", true),
        ("tag=otel.status_code:ERROR", true), ("tag=exception.type:Declined&tag=amount:1.5", true), ("tag=exception.type:Declined&tag=http.status_code:200", false),
        ("tag=otel.scope.name:lib", true), ("tag=scope.version:1.3", false), ("tag=resource.host.name:h1", true), ("tag=resource.amount:1.5", false),
        ("tag=event:exception", true), ("service=pay&minDuration=2.4ms&maxDuration=2.6ms", true), ("service=pay&minDuration=2.6ms", false),
        ("lookback=30m", false), ("lookback=2h", true), ("start=1&end=2", false), ("service=pay&limit=1", true),
    ])
    func search(_ query: String, isFound: Bool) async throws {
        try await withDoor { door in
            let answer = try await door.get("/api/traces?\(query)")
            #expect(answer.status == .ok)
            let traces = try #require(try answer.json()["data"]?.array)
            #expect(traces.count == (isFound ? 1 : 0))
            if isFound { #expect(traces[0]["spans"]?.array?.count == 3) }
        }
    }

    @Test("identical spans are shown once, and as stored when raw is asked for")
    func duplicates() async throws {
        try await withDoor { door in
            try await door.store.write(Self.checkout)
            let path = "/api/traces/0102000000000000a0b0"
            #expect(try await door.get(path).json()["data"]?.array?.first?["spans"]?.array?.count == 3)
            #expect(try await door.get(path + "?raw=true").json()["data"]?.array?.first?["spans"]?.array?.count == 6)
        }
    }

    @Test("a body that is not OTLP is refused in words")
    func transformRefuses() async throws {
        try await withDoor { door in
            let answer = try await door.post("/api/transform", Array("Bad Payload".utf8))
            #expect(answer.status == .badRequest)
            #expect(answer.text.contains("cannot unmarshal OTLP"))
            #expect(try await door.send(.delete, "/api/services", []).status == .methodNotAllowed)
        }
    }
}
