import MetricModel
import OTLP
import Testing

struct MetricExemplarTests {
    private static func translate(_ data: String) throws -> [String] {
        let body = #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m",\#(data)}]}]}]}"#
        let batch = try OTLPMetrics.translate(json: Array(body.utf8)).batch
        let labels = batch.labelSets
        return batch.exemplars.map { row in
            "\(labels[row.series]) # \(row.exemplar.labels) \(row.exemplar.value) @\(row.exemplar.timestamp)\(row.exemplar.hasTimestamp ? "" : " not told")"
        }
    }

    @Test("exemplars of sums follow their series with the trace's and the span's id; those of gauges do not", arguments: [
        ("gauge", [], ""), ("sum", ["m_total"], #","aggregationTemporality":2,"isMonotonic":true"#), ("sum", ["m"], #","aggregationTemporality":2"#),
    ])
    func numbers(kind: String, names: [String], more: String) throws {
        let long = String(repeating: "x", count: 60)
        let lines = try Self.translate(#"""
            "\#(kind)":{"dataPoints":[{"timeUnixNano":"1000000000","asInt":"3","exemplars":[
            {"timeUnixNano":"1500000000","asDouble":0.25,"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8","filteredAttributes":[{"key":"user.id","value":{"intValue":"7"}}]},
            {"asInt":"-2","traceId":"00000000000000000000000000000000","filteredAttributes":[{"key":"k","value":{"stringValue":"v"}}]},
            {"timeUnixNano":"1600000000","asDouble":1,"spanId":"a1a2a3a4a5a6a7a8","traceId":"0102030405060708090a0b0c0d0e0f10","filteredAttributes":[{"key":"toolong","value":{"stringValue":"\#(long)"}}]},
            {"timeUnixNano":"1700000000"}]}]\#(more)}
            """#)
        #expect(lines == names.flatMap { [
            #"\#($0) # {span_id="a1a2a3a4a5a6a7a8", trace_id="0102030405060708090a0b0c0d0e0f10", "user.id"="7"} 0.25 @1500"#,
            #"\#($0) # {k="v"} -2.0 @0 not told"#,
            #"\#($0) # {span_id="a1a2a3a4a5a6a7a8", trace_id="0102030405060708090a0b0c0d0e0f10"} 1.0 @1600"#,
        ] })
    }

    @Test("exemplars of a histogram go to the bucket that counted them")
    func histogram() throws {
        let exemplars = [7.0, 0.5, 1, 1.5, 1e9].map { #"{"timeUnixNano":"1000000000","asDouble":\#($0)}"# }.joined(separator: ",")
        let lines = try Self.translate(#"""
            "histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1000000000","count":"5","sum":1,"bucketCounts":["2","1","1","1"],"explicitBounds":[1,2,10],
            "exemplars":[\#(exemplars)]}]}
            """#)
        #expect(lines == [("10", 7.0), ("1", 0.5), ("1", 1), ("2", 1.5), ("+Inf", 1e9)].map { #"m_bucket{le="\#($0)"} # {} \#($1) @1000"# })
    }
}
