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

    @Test("what is sent is stored and answered as Prometheus's receiver stores and answers it",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--web.enable-otlp-receiver", "--enable-feature=native-histograms"])
        defer { prometheus.stop() }
        let now = Int64(Date().timeIntervalSince1970) * 1000
        for (index, time) in [now - 60_000, now - 30_000, now].enumerated() {
            for base in [stack.url("prometheus"), prometheus.url()] {
                let answer = try http(base + "/api/v1/otlp/v1/metrics", method: "POST", headers: ["Content-Type: application/x-protobuf"], body: Self.body(at: UInt64(time), scale: UInt64(index + 1)))
                #expect(answer.status == 200, "\(base): \(answer.body)")
            }
        }
        for name in ["fine", "too fine", "coarse", "none"] {
            for query in ["took_seconds{of=\"\(name)\"}", "rate(took_seconds{of=\"\(name)\"}[2m])", "histogram_quantile(0.7, took_seconds{of=\"\(name)\"})", "histogram_count(took_seconds{of=\"\(name)\"})"] {
                let escaped = try #require(query.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                let path = "/api/v1/query?query=\(escaped)&time=\(now / 1000)"
                let (our, their) = (try http(stack.url("prometheus", path)), try http(prometheus.url(path)))
                #expect(our == their, "\(query)")
                #expect(their.body.contains("metric"), "\(query): \(their.body)")
            }
        }
    }
}
