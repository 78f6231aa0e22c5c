import Foundation
import OTLP
import Testbed
import Testing
import TraceModel

@Suite("Exponential histograms of OTLP", .serialized, .ownWaitingThread)
struct ExponentialHistogramTests {
    typealias ExponentialPoint = ResourceMetrics.ExponentialHistogramPoint

    private static func body(at millis: UInt64, scale factor: UInt64) -> Data {
        func point(_ name: String) -> ResourceMetrics.Point {
            ResourceMetrics.Point([Attribute("of", .string(name))], startUnixNano: 1, timeUnixNano: millis * 1_000_000)
        }
        let points = [
            ExponentialPoint(point("fine"), count: 17 * factor, sum: 12.25, scale: 5, zeroCount: factor, positive: .init(offset: -40, counts: [1, 2, 0, 0, 0, 0, 3, 4, 0, 5].map { $0 * factor }), negative: .init(offset: 3, counts: [factor, 0])),
            ExponentialPoint(point("too fine"), count: 21 * factor, sum: 3, scale: 12, positive: .init(offset: -37, counts: (1...6).map { $0 * factor })),
            ExponentialPoint(point("coarse"), count: 3 * factor, sum: -1, scale: -4, negative: .init(offset: -1, counts: [factor, 2 * factor])),
            ExponentialPoint(point("none"), count: 0, sum: nil, scale: 0),
        ]
        let service = Resource(attributes: [Attribute("service.name", .string("shop")), Attribute("service.instance.id", .string("1"))])
        return Data(OTLPMetrics.encode([ResourceMetrics(resource: service, scopes: [ResourceMetrics.ScopeMetrics(metrics: [
            ResourceMetrics.Metric("took", unit: "s", description: "how long", .exponentialHistogram(points)),
        ])])]))
    }

    @Test("what is sent over either door is stored as native histograms, and its exact numbers are answered", arguments: [("prometheus", "/api/v1/otlp/v1/metrics"), ("otlpHTTP", "/v1/metrics")])
    func stored(door: String, path: String) async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let now = Int64(Date().timeIntervalSince1970) * 1000
        for (index, time) in [now - 60_000, now - 30_000, now].enumerated() {
            let answer = try http(stack.url(door, path), method: "POST", headers: ["Content-Type: application/x-protobuf"], body: Self.body(at: UInt64(time), scale: UInt64(index + 1)))
            #expect(answer.status == 200, "\(answer.body)")
        }
        func result(_ query: String) throws -> [String: Any] {
            let escaped = try #require(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let data = try json(stack.url("prometheus", "/api/v1/query?query=\(escaped)&time=\(now / 1000)"))["data"] as? [String: Any]
            return try #require((data?["result"] as? [[String: Any]])?.first, "\(query)")
        }
        func value(_ query: String) throws -> String { "\((try result(query)["value"] as? [Any])?.last ?? "")" }
        func buckets(_ query: String) throws -> [[String]] {
            let histogram = try #require((try result(query)["histogram"] as? [Any])?.last as? [String: Any], "\(query)")
            return (histogram["buckets"] as? [[Any]] ?? []).map { $0.dropFirst().map { "\($0)" } }
        }
        #expect(try result("took_seconds{of=\"fine\"}")["metric"] as? [String: String] == ["__name__": "took_seconds", "of": "fine", "job": "shop", "instance": "1"])
        #expect(try value("histogram_count(took_seconds{of=\"fine\"})") == "51")
        #expect(try value("histogram_sum(took_seconds{of=\"fine\"})") == "12.25")
        #expect(try value("histogram_count(took_seconds{of=\"none\"})") == "0")
        #expect(try buckets("took_seconds{of=\"coarse\"}") == [["-65536", "-1", "6"], ["-1", "-0.0000152587890625", "3"]])
        #expect(try buckets("took_seconds{of=\"too fine\"}").map { $0[2] } == ["45", "18"])
        #expect(try buckets("took_seconds{of=\"fine\"}").count == 7)
        #expect(Double(try value("histogram_count(increase(took_seconds{of=\"fine\"}[1m]))")) ?? 0 > 17)
    }
}
