import Foundation
import Testing

@Suite("What the store says of itself", .serialized)
struct StatusTests {
    @Test("/api/v1/status/tsdb counts as Prometheus counts the same samples, and refuses what it refuses",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--web.enable-remote-write-receiver"])
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let series = (0..<60).map { number in
            (labels: [("__name__", "metric_\(number % 10 < 5 ? 0 : number % 10)"), ("instance", "host-\(number)"), ("job", "j\(number / 40)")], samples: [(millis: now, value: Double(number))])
        }
        for base in [stack.url("prometheus"), prometheus.url()] {
            let answer = try http(base + "/api/v1/write", method: "POST", headers: remoteWriteHeaders, body: remoteWriteBody(series))
            #expect(answer.status / 100 == 2, "\(answer.body)")
        }
        func status(_ base: String, _ query: String) throws -> [String: Any] { try #require(try json(base + "/api/v1/status/tsdb" + query)["data"] as? [String: Any]) }
        for query in ["", "?limit=1", "?limit=100"] {
            let (ours, theirs) = (try status(stack.url("prometheus"), query), try status(prometheus.url(), query))
            for key in ["numSeries", "numLabelPairs", "minTime", "maxTime"] {
                #expect((ours["headStats"] as? [String: Any])?[key] as? Int == (theirs["headStats"] as? [String: Any])?[key] as? Int, "headStats.\(key)")
            }
            // Bytes of label values are a property of the engine; the counts are not. Equal counts have no order.
            for list in ["seriesCountByMetricName", "labelValueCountByLabelName", "seriesCountByLabelValuePair"] {
                func counts(_ status: [String: Any]) -> [Int] { (status[list] as? [[String: Any]] ?? []).compactMap { $0["value"] as? Int } }
                #expect(!counts(ours).isEmpty)
                #expect(counts(ours) == counts(theirs), "\(list)\(query)")
            }
        }
        for query in ["?limit=0", "?limit=x"] {
            let (ours, theirs) = (try http(stack.url("prometheus", "/api/v1/status/tsdb\(query)")), try http(prometheus.url("/api/v1/status/tsdb\(query)")))
            #expect(ours.status == theirs.status)
            #expect(ours.body == theirs.body)
        }
        // Newer than Prometheus 3.5: upstream web/api/v1/api.go, `maxTSDBLimit`.
        #expect(try http(stack.url("prometheus", "/api/v1/status/tsdb?limit=10001")).status == 400)
    }

    @Test("metrics sent in OTLP to Prometheus's own route can be queried")
    func otlp() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let now = UInt64(Date().timeIntervalSince1970 * 1e9)
        let body = """
            {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"metrics":[
            {"name":"queue.depth","gauge":{"dataPoints":[{"timeUnixNano":"\(now)","asDouble":7.5}]}}]}]}]}
            """
        let answer = try http(stack.url("prometheus", "/api/v1/otlp/v1/metrics"), method: "POST", headers: ["Content-Type: application/json"], body: Data(body.utf8))
        #expect(answer.status == 200, "\(answer.body)")
        let found = try json(stack.url("prometheus", "/api/v1/query?query=queue_depth"))
        let result = (found["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
        #expect((result.first?["value"] as? [Any])?.last as? String == "7.5")
        #expect((result.first?["metric"] as? [String: String])?["job"] == "shop")
    }
}
