import FoundationEssentials
import MetricModel
import OTLP
import Testing
import TraceModel

struct MetricTests {
    private let service = [
        Attribute("service.name", .string("shop")), Attribute("service.namespace", .string("eu")), Attribute("service.instance.id", .string("i-1")),
    ]

    @Test("a histogram becomes its sum, its count and cumulative buckets, with bounds as Go spells them")
    func histogram() throws {
        let histogram = ResourceMetrics.HistogramPoint(
            point([Attribute("route", .string("/a")), Attribute("le", .string("mine")), Attribute("z", .int(2))]), count: 10, sum: 12.5,
            bounds: [2.5e-7, 1, 1e21], bucketCounts: [1, 2, 3, 4])
        let translation = try translate(metrics(service, ResourceMetrics.Metric("latency", unit: "s", description: "how long", .histogram([histogram]))))
        func line(_ name: String, _ le: String) -> String {
            #"latency_seconds_\#(name){instance="i-1", job="eu/shop", le="\#(le)", route="/a", z="2"}"#
        }
        #expect(translation.batch.lines == [
            line("sum", "mine") + " 12.5 @1000", line("count", "mine") + " 10.0 @1000", line("bucket", "0.00000025") + " 1.0 @1000",
            line("bucket", "1") + " 3.0 @1000", line("bucket", "1000000000000000000000") + " 6.0 @1000", line("bucket", "+Inf") + " 10.0 @1000",
        ])
        #expect(translation.batch.metadata.map(\.metric) == ["latency_seconds"])
        #expect(translation.batch.metadata.map(\.1) == [MetricMetadata(kind: .histogram, unit: "seconds", help: "how long")])
        #expect(translation.pointCount == 1 && translation.refusedPointCount == 0)
    }

    @Test("a histogram without a sum has no sum series; one without bounds has one bucket")
    func sparseHistograms() throws {
        let points = [
            ResourceMetrics.HistogramPoint(point([Attribute("p", .string("a"))]), count: 3, sum: nil, bounds: [1], bucketCounts: [1, 2]),
            ResourceMetrics.HistogramPoint(point([Attribute("p", .string("b"))]), count: 3, sum: 4, bounds: [], bucketCounts: [3]),
            ResourceMetrics.HistogramPoint(point([Attribute("p", .string("c"))], stale: true), count: 0, sum: 0, bounds: [1], bucketCounts: [0, 0]),
        ]
        #expect(try translate(metrics([], ResourceMetrics.Metric("h", .histogram(points)))).batch.lines == [
            #"h_count{p="a"} 3.0 @1000"#, #"h_bucket{le="1", p="a"} 1.0 @1000"#, #"h_bucket{le="+Inf", p="a"} 3.0 @1000"#,
            #"h_sum{p="b"} 4.0 @1000"#, #"h_count{p="b"} 3.0 @1000"#, #"h_bucket{le="+Inf", p="b"} 3.0 @1000"#,
            #"h_sum{p="c"} stale @1000"#, #"h_count{p="c"} stale @1000"#, #"h_bucket{le="1", p="c"} stale @1000"#, #"h_bucket{le="+Inf", p="c"} stale @1000"#,
        ])
    }

    @Test("a summary becomes its sum, its count and a series a quantile")
    func summary() throws {
        let summary = ResourceMetrics.SummaryPoint(point([Attribute("quantile", .string("mine"))]), count: 4, sum: 10, quantiles: [(0, 1), (0.99, 3), (1, 4)])
        #expect(try translate(metrics([], ResourceMetrics.Metric("s", .summary([summary])))).batch.lines == [
            #"s_sum{quantile="mine"} 10.0 @1000"#, #"s_count{quantile="mine"} 4.0 @1000"#, #"s{quantile="0"} 1.0 @1000"#,
            #"s{quantile="0.99"} 3.0 @1000"#, #"s{quantile="1"} 4.0 @1000"#,
        ])
    }

    @Test("numbers come as floats or integers, and a point without a value marks its series stale")
    func numbers() throws {
        let points = [
            ResourceMetrics.NumberPoint(point([Attribute("k", .string("a"))]), .double(-0.5)),
            ResourceMetrics.NumberPoint(point([Attribute("k", .string("b"))]), .int(-7)),
            ResourceMetrics.NumberPoint(point([Attribute("k", .string("c"))], stale: true), .int(1)),
            ResourceMetrics.NumberPoint(point([Attribute("k", .string("a"))], millis: 2000), .double(.infinity)),
        ]
        let batch = try translate(metrics([], ResourceMetrics.Metric("n", .sum(points, isMonotonic: false)))).batch
        #expect(batch.lines == [#"n{k="a"} -0.5 @1000"#, #"n{k="b"} -7.0 @1000"#, #"n{k="c"} stale @1000"#, #"n{k="a"} inf @2000"#])
        #expect(batch.metadata.first?.1.kind == .gauge)
    }

    @Test("delta and unspecified temporality are refused with their count and the rest is kept")
    func refusals() throws {
        let points = [ResourceMetrics.NumberPoint(point(), .int(1)), ResourceMetrics.NumberPoint(point(), .int(2))]
        let histogram = ResourceMetrics.HistogramPoint(point(), count: 1, sum: 1, bounds: [], bucketCounts: [1])
        let exponential = ResourceMetrics.ExponentialHistogramPoint(point(), count: 0, sum: 0, scale: 0)
        let translation = try translate(metrics(
            [], ResourceMetrics.Metric("d", .sum(points, isMonotonic: true, temporality: .delta)),
            ResourceMetrics.Metric("u", .histogram([histogram], temporality: .unspecified)),
            ResourceMetrics.Metric("e", .exponentialHistogram([exponential, exponential, exponential], temporality: .delta)), gauge("kept")))
        #expect(translation.pointCount == 7 && translation.refusedPointCount == 6)
        #expect(translation.batch.lines == ["kept 1.0 @1000"])
        #expect(translation.refusals == [
            "metric \"d\": delta temporality is not supported; send cumulative data points",
            "metric \"u\": its aggregation temporality is not specified; send cumulative data points",
            "metric \"e\": delta temporality is not supported; send cumulative data points",
        ])
    }

    @Test("keys that escape to one label name are joined in the order of the keys")
    func collisions() throws {
        let attributes = ["http_method", "http.method", "http-method"].map { Attribute($0, .string(String($0[$0.index($0.startIndex, offsetBy: 4)]))) }
        #expect(try translate(metrics([], gauge("m", attributes))).batch.lines == [#"m{http_method="-;.;_"} 1.0 @1000"#])
    }

    @Test("the resource's job and instance win over a point's own; __name__ is not a point's to set; empty values vanish")
    func reserved() throws {
        let attributes = [("job", "mine"), ("instance", "own"), ("__name__", "no"), ("empty", ""), ("Z", "first")].map { Attribute($0.0, .string($0.1)) }
        #expect(try translate(metrics(service, gauge("m", attributes))).batch.lines == [#"m{Z="first", instance="i-1", job="eu/shop"} 1.0 @1000"#])
    }

    @Test("values of every type become text as the collector writes them", arguments: [
        (AttributeValue.bool(true), "true"), (.int(-42), "-42"), (.double(0.1), "0.1"), (.double(3), "3"), (.double(1e21), "1e+21"),
        (.double(0x1p70), "1.1805916207174113e+21"), (.double(0x1p60), "1152921504606847000"), (.double(1.5e-7), "1.5e-7"), (.double(-1e-6), "-0.000001"), (.double(100), "100"),
        (.double(.infinity), "json: unsupported value: +Inf"), (.bytes([0, 255, 16]), "AP8Q"),
        (.array([.string("a<"), .int(1), .double(2.5), .empty, .bytes([1])]), #"["a\u003c",1,2.5,null,"AQ=="]"#),
        (.keyValues([Attribute("z", .int(1)), Attribute("a", .array([])), Attribute("z", .string("\n\u{1}"))]), #"{"a":[],"z":"\n\u0001"}"#),
    ])
    func values(value: AttributeValue, text: String) throws {
        #expect(value.text == text)
        #expect(try translate(metrics([], gauge("m", [Attribute("v", value)]))).batch.labelSets.first?["v"] == text)
    }

    @Test("target_info carries what else the resource says, once a resource and moment, and needs an identity")
    func targetInfo() throws {
        let host = [Attribute("host.name", .string("box")), Attribute("process.pid", .int(7))]
        #expect(try translate(metrics(service + host, gauge("m"))).batch.lines.last == #"target_info{host_name="box", instance="i-1", job="eu/shop", process_pid="7"} 1.0 @1000"#)
        #expect(try translate(metrics(service, gauge("m"))).batch.lines.count == 1)
        #expect(try translate(metrics(host, gauge("m"))).batch.lines.count == 1)
        #expect(try translate(metrics(service + host, gauge("m")) + metrics(service + host, gauge("n"))).batch.lines.count == 3)
        var options = MetricTranslationOptions()
        options.keepsIdentifyingResourceAttributes = true
        #expect(try translate(metrics(service + host, gauge("m")), options).batch.labelSets.last?["service_name"] == "shop")
    }

    @Test("target_info has a sample every half lookback between a resource's points, and never more than a thousand", arguments: [
        (UInt64(1000), UInt64(401_000), [Int64(1000), 151_000, 301_000, 401_000]), (1000, 301_000, [1000, 151_000, 301_000]), (0, UInt64(Int64.max) / 1_000_000, nil),
    ])
    func targetInfoSpan(first: UInt64, last: UInt64, expected: [Int64]?) throws {
        let points = [first, last].map { ResourceMetrics.NumberPoint(point(millis: $0), .int(1)) }
        let batch = try translate(metrics(service + [Attribute("host", .string("h"))], ResourceMetrics.Metric("m", .gauge(points)))).batch
        let times = Array(batch.timestamps[try #require(batch.series.last).samples])
        #expect(times.count <= 1000 && times.last == Int64(last) && times == times.sorted())
        if let expected { #expect(times == expected) }
    }

    @Test("promoted resource attributes and scope metadata become labels when asked for")
    func promotion() throws {
        var batch = metrics(service + [Attribute("host.name", .string("box")), Attribute("zone", .string("z"))], gauge("m", [Attribute("zone", .string("own"))]), gauge("n"))
        batch[0].scopes[0].scope = InstrumentationScope(name: "lib", version: "1.2", attributes: [Attribute("flavour", .string("x"))])
        batch[0].scopes[0].schemaURL = "s"
        batch[0].scopes.append(ResourceMetrics.ScopeMetrics(metrics: [gauge("o")]))
        var options = MetricTranslationOptions()
        options.promotion = .only(["host.name", "zone"])
        options.promotesScopeMetadata = true
        let scope = #"otel_scope_flavour="x", otel_scope_name="lib", otel_scope_schema_url="s", otel_scope_version="1.2""#
        #expect(try translate(batch, options).batch.lines == [
            #"m{host_name="box", instance="i-1", job="eu/shop", \#(scope), zone="own"} 1.0 @1000"#,
            #"n{host_name="box", instance="i-1", job="eu/shop", \#(scope), zone="z"} 1.0 @1000"#,
            #"o{host_name="box", instance="i-1", job="eu/shop", zone="z"} 1.0 @1000"#,
            #"target_info{host_name="box", instance="i-1", job="eu/shop", zone="z"} 1.0 @1000"#,
        ])
        options.promotion = .all(except: ["zone", "service.name", "service.namespace", "service.instance.id"])
        #expect(try translate(batch, options).batch.labelSets.first?["host_name"] == "box")
        #expect(try translate(batch, options).batch.labelSets.first?["service_name"] == nil)
    }

    @Test("JSON translates to the same batch as protobuf")
    func json() throws {
        let histogram = ResourceMetrics.HistogramPoint(point(), count: 3, sum: 1.5, bounds: [1], bucketCounts: [1, 2])
        let summary = ResourceMetrics.SummaryPoint(point(), count: 4, sum: 10, quantiles: [(0.5, .nan)])
        let batch = metrics(
            service, ResourceMetrics.Metric("h", unit: "s", .histogram([histogram])), ResourceMetrics.Metric("s", .summary([summary])),
            ResourceMetrics.Metric("c", .sum([ResourceMetrics.NumberPoint(point(stale: true), .int(-1))], isMonotonic: true)), gauge("g"))
        let json = try OTLPMetrics.translate(json: OTLPMetrics.encodeJSON(batch))
        #expect(try json.batch.lines == translate(batch).batch.lines)
        #expect(json.batch.lines.count == 9)
    }

    @Test("a body cut off or changed anywhere translates or is refused, and never traps")
    func damage() throws {
        let histogram = ResourceMetrics.HistogramPoint(point([Attribute("a", .array([.int(1)]))]), count: 3, sum: 1.5, bounds: [1, 2], bucketCounts: [1, 2, 0])
        let summary = ResourceMetrics.SummaryPoint(point(), count: 4, sum: 10, quantiles: [(0.5, 1)])
        let whole = OTLPMetrics.encode(metrics(
            service + [Attribute("host", .string("h"))], ResourceMetrics.Metric("h", unit: "By/s", .histogram([histogram])),
            ResourceMetrics.Metric("s", .summary([summary])), gauge("g", [Attribute("..", .string("x")), Attribute("k", .double(1))])))
        for length in whole.indices { _ = try? OTLPMetrics.translate(protobuf: Array(whole[..<length])) }
        for index in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[index] ^= 1 << UInt8(bit)
                if let batch = try? OTLPMetrics.translate(protobuf: damaged).batch { #expect(batch.timestamps.count == batch.values.count) }
            }
        }
    }

    @Test("a small body with long resource labels that would fill the memory is refused")
    func memory() {
        let points = (0..<5000).map { _ in ResourceMetrics.NumberPoint(point(), .int(1)) }
        let body = OTLPMetrics.encode(metrics([Attribute("service.name", .string(String(repeating: "x", count: 10_000)))], ResourceMetrics.Metric("m", .gauge(points))))
        #expect(throws: OTLPError.tooLarge(limit: 1 << 20)) { try OTLPMetrics.translate(protobuf: body, memoryMax: 1 << 20) }
    }

    @Test("the specification's own example translates")
    func conformance() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/conformance/otlp/metrics.json").standardizedFileURL
        guard let data = try? Data(contentsOf: url) else {
            print("skipped: no conformance data at ../shared/conformance")
            return
        }
        let translation = try OTLPMetrics.translate(json: [UInt8](data))
        #expect(translation.pointCount >= 4)
        #expect(translation.batch.lines.contains { $0.hasPrefix("my_gauge_ratio{") })
        #expect(translation.refusals.contains { $0.contains("my.counter") && $0.contains("delta") })
    }
}
