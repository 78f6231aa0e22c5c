import Foundation
import Testbed
import Testing

@Suite("Protobuf expositions, native histograms", .serialized, .ownWaitingThread)
struct ProtobufScrapeTests {
    typealias Histogram = ProtobufFamily.Histogram

    private static let contentType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    /// Every type and every form of a histogram, all at one time, so that both scrapers store the same.
    private static func exposition(at now: Int64) -> [UInt8] {
        func exemplar(_ trace: String, _ value: Double, _ time: Int64) -> ProtobufFamily.Exemplar { .init([("trace_id", trace), ("ü", "✓")], value, at: time) }
        var requests = ProtobufFamily("http_requests_total", .counter, help: "How many.\nIn two lines.", unit: "requests")
        requests.add([("path", "/a"), ("code", "200")], .counter(3, exemplar("c", 1, now - 5)), at: now)
        requests.add([("path", "/\"ü\\"), ("code", "500")], .counter(4), at: now)
        var level = ProtobufFamily("level", .gauge)
        for (index, value) in [0.1, -0.0, .infinity, -.infinity, .nan, 1e300].enumerated() { level.add([("i", "\(index)")], .gauge(value), at: now) }
        var dotted = ProtobufFamily("dotted.näme", .untyped)
        dotted.add([("a.b", "c")], .untyped(2), at: now)
        var took = ProtobufFamily("took", .summary)
        took.add([("a", "b")], .summary(count: 4, sum: 1.5, quantiles: [(0.5, 0.1), (0.99, .nan), (1, 0.9)]), at: now)
        took.add([], .summary(count: 0, sum: 0, quantiles: []), at: now)
        var classic = ProtobufFamily("classic", .histogram)
        classic.add([], .histogram(Histogram { ($0.count, $0.sum, $0.buckets) = (3, 2, [.init(0.001, 1, exemplar("b1", 0, now - 3)), .init(1, 2), .init(2.5e9, 2)]) }), at: now)
        classic.add([("of", "floats")], .histogram(Histogram { ($0.countFloat, $0.sum, $0.buckets) = (3.5, 2, [.init(1, 0, float: 1.25), .init(.infinity, 0, float: 3.5)]) }), at: now)
        var both = ProtobufFamily("both", .histogram, help: "Native and classic.")
        both.add([("l", "v")], .histogram(Histogram {
            ($0.count, $0.sum, $0.schema, $0.zeroThreshold, $0.zeroCount) = (23, 55.5, 3, 2.938735877055719e-39, 2)
            $0.positive = .init(spans: [(-3, 3), (2, 4), (0, 1)], deltas: [1, 2, -3, 4, -1, 0, -3, 3])
            $0.negative = .init(spans: [(0, 2), (5, 1)], deltas: [1, 0, 1])
            $0.buckets = [.init(0.5, 9, exemplar("n1", 0.2, now - 9)), .init(2, 17), .init(.infinity, 23)]
            $0.exemplars = [exemplar("late", 3, now - 1), exemplar("early", 2, now - 2)]
        }), at: now)
        var native = ProtobufFamily("native", .histogram)
        native.add([("of", "floats")], .histogram(Histogram {
            ($0.countFloat, $0.sum, $0.schema, $0.zeroThreshold, $0.zeroCountFloat) = (7.5, -3, -2, 0.25, 1.5)
            $0.positive = .init(spans: [(1, 2)], counts: [2.25, 3.75])
            $0.isPacked = false
        }), at: now)
        native.add([("of", "none")], .histogram(Histogram { $0.positive.spans = [(0, 0)] }), at: now)
        native.add([("of", "nan")], .histogram(Histogram { ($0.count, $0.sum, $0.zeroThreshold, $0.zeroCount) = (3, .nan, 0.5, 2) }), at: now)
        var queue = ProtobufFamily("queue", .gaugeHistogram)
        queue.add([], .histogram(Histogram {
            ($0.count, $0.sum) = (4, 6)
            $0.positive = .init(spans: [(0, 3)], deltas: [1, 1, -1])
            $0.buckets = [.init(1, 3)]
        }), at: now)
        return [requests, level, dotted, took, classic, both, native, queue].flatMap(\.delimited)
    }

    /// What both find of the body, or cannot read.
    private static func broken() -> [String: [UInt8]] {
        func of(_ value: ProtobufFamily.Value, _ kind: ProtobufFamily.Kind = .histogram, _ labels: [(String, String)] = []) -> [UInt8] {
            var family = ProtobufFamily("m", kind)
            family.add(labels, value)
            return family.delimited
        }
        let whole = of(.gauge(1), .gauge)
        return [
            "truncated": Array(whole.dropLast()), "garbage": Array("m 1\n".utf8), "type": { var family = ProtobufFamily("m", kind: 6); family.add([], .gauge(1)); return family.delimited }(),
            "label": of(.gauge(1), .gauge, [("", "x")]), "twice": of(.gauge(1), .gauge, [("a", "1"), ("a", "2")]),
            "count": of(.histogram(Histogram { ($0.count, $0.zeroThreshold, $0.zeroCount) = (1, 1, 2) })),
            "negative": of(.histogram(Histogram { $0.positive = .init(spans: [(0, 2)], deltas: [1, -2]) })),
        ]
    }

    /// The result of a query by series, each as text.
    private static func result(_ base: String, _ query: String, _ time: Int64) throws -> [String: String] {
        let escaped = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? query
        let data = try json("\(base)/api/v1/query?query=\(escaped)&time=\(Double(time) / 1000)")["data"] as? [String: Any]
        var series: [String: String] = [:]
        for element in data?["result"] as? [[String: Any]] ?? [] {
            let labels = (element["metric"] as? [String: String] ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            let text = String(decoding: try JSONSerialization.data(withJSONObject: element, options: [.sortedKeys]), as: UTF8.self)
            series[labels] = text
        }
        return series
    }

    @Test("one target scraped by both: all series, histograms, exemplars and metadata as Prometheus has them, and the same is asked for",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let body = Self.exposition(at: now)
        let broken = Self.broken()
        let jobs = ["native", "all", "limited", "coarse", "protocols"]
        var answers: [String: (contentType: String, body: [UInt8])] = [:]
        for job in jobs { answers["/" + job] = (Self.contentType, body) }
        for (name, body) in broken { answers["/" + name] = (Self.contentType, body) }
        let target = try FixedTarget(answers)
        defer { target.stop() }
        func job(_ name: String, _ more: String = "") -> String {
            "  - {job_name: \(name), metrics_path: /\(name), \(more)static_configs: [{targets: ['127.0.0.1:\(target.port)']}]}\n"
        }
        let configuration = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n" + job("native") + job("all", "always_scrape_classic_histograms: true, ")
            + job("limited", "native_histogram_bucket_limit: 4, ") + job("coarse", "native_histogram_min_bucket_factor: 2.5, ")
            + job("protocols", "scrape_protocols: [PrometheusText0.0.4, PrometheusProto], fallback_scrape_protocol: PrometheusProto, ") + broken.keys.sorted().map { job($0) }.joined()
        let stack = try await RunningStack(configuration: ["prometheus.yml": configuration], arguments: ["--enable-feature=native-histograms"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: configuration, folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--enable-feature=native-histograms,exemplar-storage"])
        defer { prometheus.stop() }
        let (ours, theirs) = (stack.url("prometheus"), prometheus.url())
        func up(_ base: String) throws -> [String: String] {
            let data = try json("\(base)/api/v1/query?query=up")["data"] as? [String: Any]
            return Dictionary(uniqueKeysWithValues: (data?["result"] as? [[String: Any]] ?? []).map {
                (($0["metric"] as? [String: String])?["job"] ?? "", ($0["value"] as? [Any])?.last as? String ?? "")
            })
        }
        #expect(try await eventually(within: 60) { try up(ours).count == jobs.count + broken.count && up(theirs).count == jobs.count + broken.count })
        let expected = Dictionary(uniqueKeysWithValues: jobs.map { ($0, "1") } + broken.keys.map { ($0, "0") })
        for (job, value) in expected { #expect(try up(theirs)[job] == value && up(ours)[job] == value, "\(job)") }

        var compared = 0
        for job in jobs {
            let (our, their) = (try Self.result(ours, #"{job="\#(job)",__name__!~"up|scrape_.*"}"#, now), try Self.result(theirs, #"{job="\#(job)",__name__!~"up|scrape_.*"}"#, now))
            #expect(Set(our.keys) == Set(their.keys), "\(job)")
            for (series, value) in their { #expect(our[series] == value, "\(job): \(series)") }
            compared += their.count
            for name in ["scrape_samples_scraped", "scrape_samples_post_metric_relabeling"] {
                func value(_ base: String) throws -> String? {
                    let data = try json("\(base)/api/v1/query?query=\(name)%7Bjob%3D%22\(job)%22%7D")["data"] as? [String: Any]
                    return ((data?["result"] as? [[String: Any]])?.first?["value"] as? [Any])?.last as? String
                }
                #expect(try value(ours) == value(theirs), "\(name) of \(job)")
            }
            let exemplars = "/api/v1/query_exemplars?query=%7Bjob%3D%22\(job)%22%7D"
            let (ourExemplars, theirExemplars) = (try Self.exemplars(ours + exemplars), try Self.exemplars(theirs + exemplars))
            #expect(ourExemplars == theirExemplars, "\(job)")
            #expect(!theirExemplars.isEmpty)
            #expect(target.accepts("/" + job).count == 1, "both ask alike: \(target.accepts("/" + job))")
        }
        #expect(compared > 100)
        for metric in ["http_requests_total", "both", "queue", "took", "level"] {
            func metadata(_ base: String) throws -> NSDictionary { try #require(json("\(base)/api/v1/metadata?metric=\(metric)")["data"] as? NSDictionary) }
            let (our, their) = (try metadata(ours), try metadata(theirs))
            #expect(our == their, "\(metric)")
            #expect(their.count == 1)
        }
        for query in ["histogram_quantile(0.9, both)", "histogram_count(native)", "histogram_sum(queue)", "histogram_quantile(0.5, both_bucket)"] {
            #expect(try Self.result(ours, query, now) == Self.result(theirs, query, now), "\(query)")
            #expect(try !Self.result(ours, query, now).isEmpty, "\(query)")
        }
    }

    private static func exemplars(_ url: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for element in try json(url)["data"] as? [[String: Any]] ?? [] {
            let key = String(decoding: try JSONSerialization.data(withJSONObject: element["seriesLabels"] ?? [:], options: [.sortedKeys]), as: UTF8.self)
            found[key] = String(decoding: try JSONSerialization.data(withJSONObject: element["exemplars"] ?? [], options: [.sortedKeys]), as: UTF8.self)
        }
        return found
    }

    @Test("what prometheus.yml says of formats wrongly is refused as Prometheus refuses it", arguments: [
        ("scrape_protocols: []", "scrape_protocols cannot be empty for scrape config with job name \"a\""),
        ("scrape_protocols: [PrometheusProto, prometheusproto]", "duplicated protocol in scrape_protocols, got [PrometheusProto prometheusproto] for scrape config with job name \"a\""),
        ("scrape_protocols: [Proto]", "scrape_protocols: unknown scrape protocol Proto, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0] for scrape config with job name \"a\""),
        ("fallback_scrape_protocol: Proto", "invalid fallback_scrape_protocol for scrape config with job name \"a\": unknown scrape protocol Proto, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0]"),
    ])
    func refused(setting: String, verdict: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("prometheus.yml")
        try "scrape_configs: [{job_name: a, \(setting)}]\n".write(to: file, atomically: true, encoding: .utf8)
        let stack = try run(RunningStack.binary.path, ["serve", "--config", folder.path, "--data", folder.appendingPathComponent("data").path])
        #expect(stack.status != 0)
        #expect(stack.error.contains(verdict), "\(stack.error)")
        if let promtool = peer("promtool") {
            let theirs = try run(promtool, ["check", "config", file.path])
            #expect((theirs.output + theirs.error).contains(verdict), "\(theirs.output)\(theirs.error)")
        }
    }
}
