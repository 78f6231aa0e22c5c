import Bytes
import Foundation
import Testing

@Suite("Native histograms in answers", .serialized)
struct HistogramQueryTests {
    /// Queries with one series at most in their answers, so that the answers have one order.
    static let queries = [
        "lat", "lat[2m]", "custom", "-lat", "lat * 2", "custom / 2", "lat / 0", "histogram_count(lat)", "histogram_avg(custom)", "histogram_quantile(0.9, lat)",
        "histogram_quantile(0.5, custom)", "histogram_fraction(0, 2, lat)", "sum(lat)", "sum({__name__=~\"lat|level\"})", "max({__name__=~\"lat|level\"})", "lat + 1", "lat > lat",
        "lat == lat", "lat + custom", "rate(lat[5m])", "delta(lat[5m])", "count_values(\"v\", lat)", "abs(lat)", "histogram_quantile(2, lat)", "topk(",
    ]

    @Test("instant and range queries are answered to the byte as Prometheus answers them, remarks and all",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: stack.folder.appendingPathComponent("prometheus"),
            arguments: ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"])
        let end = Int64(Date().timeIntervalSince1970) * 1000
        let body = Self.body((0..<20).map { end - 300_000 + Int64($0) * 15_000 })
        for base in [stack.url("prometheus"), prometheus.url()] {
            let answer = try http(base + "/api/v1/write", method: "POST", headers: remoteWriteHeaders, body: body)
            #expect(answer.status / 100 == 2, "\(answer.body)")
        }
        var allowed = CharacterSet.alphanumerics
        allowed.insert(".")
        for query in Self.queries {
            let escaped = try #require(query.addingPercentEncoding(withAllowedCharacters: allowed))
            for path in ["query?query=\(escaped)&time=\(end / 1000)", "query_range?query=\(escaped)&start=\(end / 1000 - 200)&end=\(end / 1000)&step=20"] {
                // A range query for a range vector is refused by both, each in its own words.
                if path.hasPrefix("query_range"), query.hasSuffix("]") { continue }
                let (ours, theirs) = (try http(stack.url("prometheus", "/api/v1/" + path)), try http(prometheus.url("/api/v1/" + path)))
                #expect(ours.status == theirs.status, "\(query)")
                if theirs.status == 200 { #expect(ours.body == theirs.body, "\(query)") }
            }
        }
    }

    /// An exponential histogram, one with custom buckets, and a gauge, a sample at each time.
    private static func body(_ times: [Int64]) -> Data {
        var message = ByteWriter()
        message.appendMessage(1) { series in
            label("__name__", "lat", &series)
            for (index, time) in times.enumerated() {
                let count = Int64(index + 1)
                histogram(time, count: 10 * count, sum: 12.5 * Double(count), schema: 1, &series) { histogram in
                    histogram.appendField(5, double: 0.25)
                    histogram.appendField(6, varint: UInt64(count))
                    histogram.appendMessage(8) { $0.appendField(2, varint: 1) }
                    histogram.appendMessage(9) { $0.appendUvarint(zigzag(2 * count)) }
                    histogram.appendMessage(11) { $0.appendField(2, varint: 2) }
                    histogram.appendMessage(11) {
                        $0.appendField(1, varint: zigzag(2))
                        $0.appendField(2, varint: 1)
                    }
                    histogram.appendMessage(12) { deltas in for delta in [count, count, 2 * count] { deltas.appendUvarint(zigzag(delta)) } }
                }
            }
        }
        message.appendMessage(1) { series in
            label("__name__", "custom", &series)
            for (index, time) in times.enumerated() {
                let count = Int64(index + 1)
                histogram(time, count: 6 * count, sum: 3 * Double(count), schema: -53, &series) { histogram in
                    histogram.appendMessage(11) { $0.appendField(2, varint: 3) }
                    histogram.appendMessage(12) { deltas in for delta in [count, count, count] { deltas.appendUvarint(zigzag(delta)) } }
                    histogram.appendMessage(16) { bounds in for bound in [0.5, 1.0] { bounds.appendLittleEndian(bound.bitPattern) } }
                }
            }
        }
        message.appendMessage(1) { series in
            label("__name__", "level", &series)
            for time in times {
                series.appendMessage(2) { sample in
                    sample.appendField(1, double: 3)
                    sample.appendField(2, varint: UInt64(bitPattern: time))
                }
            }
        }
        return Data(Compression.snappy.compress(message.array()))
    }

    private static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }

    private static func label(_ name: String, _ value: String, _ series: inout ByteWriter) {
        series.appendMessage(1) { label in
            label.appendField(1, string: name)
            label.appendField(2, string: value)
        }
    }

    private static func histogram(_ time: Int64, count: Int64, sum: Double, schema: Int64, _ series: inout ByteWriter, _ buckets: (inout ByteWriter) -> Void) {
        series.appendMessage(4) { histogram in
            histogram.appendField(1, varint: UInt64(count))
            histogram.appendField(3, double: sum)
            histogram.appendField(4, varint: zigzag(schema))
            buckets(&histogram)
            histogram.appendField(15, varint: UInt64(bitPattern: time))
        }
    }
}
