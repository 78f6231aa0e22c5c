import Foundation
import Testbed
import Testing

@Suite("Scraping real targets", .serialized)
struct ScrapeTests {
    @Test("a real node_exporter: rate(node_cpu_seconds_total[1m]) answers the same as Prometheus scraping the same target",
          .enabled(if: peer("prometheus") != nil && peer("prometheus-node-exporter") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let exporterPort = try freePort()
        let exporter = Process()
        exporter.executableURL = URL(fileURLWithPath: try #require(peer("prometheus-node-exporter")))
        exporter.arguments = ["--web.listen-address=127.0.0.1:\(exporterPort)"]
        exporter.standardError = FileHandle.nullDevice
        try exporter.run()
        defer { exporter.terminate() }
        let configuration = """
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: node
                static_configs: [{targets: ['127.0.0.1:\(exporterPort)']}]

            """
        let stack = try await RunningStack(configuration: ["prometheus.yml": configuration])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(configuration: configuration, folder: stack.folder.appendingPathComponent("prometheus"))
        // Until both have scraped for the whole minute asked for: the one that was up earlier would otherwise rate seconds that the other
        // has not seen. Both scrape at moments of their own, so their windows differ by up to a second at either end.
        try await Task.sleep(for: .seconds(63))
        let at = Date().timeIntervalSince1970 - 0.5
        func rates(_ base: String) throws -> [String: Double] {
            let document = try json("\(base)/api/v1/query?query=rate(node_cpu_seconds_total%5B1m%5D)&time=\(at)")
            let result = (document["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
            return Dictionary(uniqueKeysWithValues: try result.map { series in
                let labels = try #require(series["metric"] as? [String: String])
                let value = try #require((series["value"] as? [Any])?.last as? String)
                return (labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","), try #require(Double(value)))
            })
        }
        let ours = try rates(stack.url("prometheus"))
        let theirs = try rates(prometheus.url())
        #expect(!ours.isEmpty)
        #expect(Set(ours.keys) == Set(theirs.keys))
        for (series, rate) in ours {
            #expect(abs(rate - (theirs[series] ?? .nan)) < 0.1, "\(series): \(rate) beside \(theirs[series] ?? .nan)")
        }
    }

    @Test("the same samples answer the same to the last digit: Prometheus's own data is written here and rated on both sides",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func sameSamplesSameRate() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(configuration: """
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:PORT']}]}]
            remote_write: [{url: '\(stack.url("prometheus", "/api/v1/write"))', queue_config: {batch_send_deadline: 500ms}}]
            """, folder: stack.folder.appendingPathComponent("prometheus"))
        try await Task.sleep(for: .seconds(12))
        let at = Date().timeIntervalSince1970 - 3
        for query in ["rate(prometheus_http_requests_total[5s])", "rate(go_memstats_alloc_bytes_total[5s])", "sum by (handler) (increase(prometheus_http_request_duration_seconds_bucket[6s]))"] {
            let escaped = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? query
            func answer(_ base: String) throws -> [String: String] {
                let document = try json("\(base)/api/v1/query?query=\(escaped)&time=\(at)")
                let result = (document["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
                return Dictionary(uniqueKeysWithValues: result.map { series in
                    ("\((series["metric"] as? [String: String] ?? [:]).sorted { $0.key < $1.key })", (series["value"] as? [Any])?.last as? String ?? "")
                })
            }
            let theirs = try answer(prometheus.url())
            var ours = try answer(stack.url("prometheus"))
            // Our own scrape of ourselves is a target that Prometheus does not have.
            ours = ours.filter { theirs[$0.key] != nil || !$0.key.contains("obstack") }
            #expect(!theirs.isEmpty)
            for (series, value) in theirs { #expect(Double(ours[series] ?? "") == Double(value), "\(query) \(series): \(ours[series] ?? "absent") beside \(value)") }
        }
    }

    @Test("a real prometheus_client application is scraped, counters and histograms and all",
          .enabled(if: clientsPython != nil, "the Python clients are not here: run scripts/test.sh"))
    func pythonApplication() async throws {
        let port = try freePort()
        let script = """
            import time, prometheus_client as p
            c = p.Counter("app_jobs", "Jobs.", ["kind"]); h = p.Histogram("app_latency_seconds", "Latency."); g = p.Gauge("app_busy", "Busy.")
            i = p.Info("app_build", "Build."); i.info({"version": "1.2.3", "quoted": 'a "b" \\\\c'})
            c.labels("fast").inc(3); c.labels("slow").inc(4.5); h.observe(0.3); h.observe(7); g.set(-2.5)
            p.start_http_server(\(port), addr="127.0.0.1")
            time.sleep(60)
            """
        let application = Process()
        application.executableURL = URL(fileURLWithPath: try #require(clientsPython))
        application.arguments = ["-c", script]
        try application.run()
        defer { kill(application.processIdentifier, SIGKILL) }
        let stack = try await RunningStack(configuration: [
            "prometheus.yml": "scrape_configs: [{job_name: app, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['127.0.0.1:\(port)']}]}]\n"
        ])
        defer { stack.stop() }
        func value(_ query: String) throws -> String? {
            let escaped = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? query
            let document = try json(stack.url("prometheus", "/api/v1/query?query=\(escaped)"))
            let result = (document["data"] as? [String: Any])?["result"] as? [[String: Any]]
            return (result?.first?["value"] as? [Any])?.last as? String
        }
        #expect(try await eventually(within: 15) { try value("up{job=\"app\"}") == "1" })
        #expect(try value("app_jobs_total{kind=\"slow\"}") == "4.5")
        #expect(try value("app_latency_seconds_bucket{le=\"0.5\"}") == "1")
        #expect(try value("app_latency_seconds_count") == "2")
        #expect(try value("app_busy") == "-2.5")
        #expect(try value("app_build_info{version=\"1.2.3\",quoted=\"a \\\"b\\\" \\\\c\"}") == "1")
        // Not SIGTERM, which a child of this process may have inherited as ignored.
        kill(application.processIdentifier, SIGKILL)
        #expect(try await eventually(within: 15) { try value("up{job=\"app\"}") == "0" })
        #expect(try value("app_busy") == nil, "a target that is gone has stale series")
    }
}
