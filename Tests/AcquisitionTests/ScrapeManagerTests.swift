import Acquisition
import Bytes
import MetricModel
import MetricStore
import Platform
import Testing

@Suite("Scraping", .timeLimit(.minutes(5)))
struct ScrapeManagerTests {
    @Test("a scrape stores the samples, the automatic series and the metadata, under one timestamp")
    func stores() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("# HELP a Something.\n# TYPE a counter\na{x=\"1\"} 5\na{x=\"2\"} 6 999\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        #expect(rig.manager.targets.active.first?.report.health == .unknown)
        try await rig.tick(2)
        #expect(rig.samples("a", ("x", "1")) == ["5.0@1000010000", "5.0@1000020000"])
        #expect(rig.samples("a", ("x", "2")) == ["6.0@999"])
        #expect(rig.samples("up") == ["1.0@1000010000", "1.0@1000020000"])
        #expect(rig.samples("scrape_samples_scraped") == ["2.0@1000010000", "2.0@1000020000"])
        #expect(rig.samples("scrape_samples_post_metric_relabeling") == ["2.0@1000010000", "2.0@1000020000"])
        #expect(rig.samples("scrape_series_added") == ["2.0@1000010000", "0.0@1000020000"])
        #expect(rig.samples("scrape_duration_seconds") == ["0.0@1000010000", "0.0@1000020000"])
        #expect(rig.writer.metadata("a") == MetricMetadata(kind: .counter, help: "Something."))
        #expect(rig.writer.names.count == 7)

        let target = try #require(rig.manager.targets.active.first)
        #expect(target.report.health == .up)
        #expect(target.report.lastScrapeUnixNanos == 1_000_020_000_000_000)
        #expect(target.scrapePool == "j")
        #expect(rig.manager.targetMetadata.first?.families.map(\.metric) == ["a"])
        await rig.stop()
    }

    @Test("a known series goes to the store by its reference alone")
    func references() async throws {
        let rig = try ScrapeRig()
        let body = (0..<2000).map { "metric_\($0 % 7){n=\"\($0)\"} 1\n" }.joined()
        rig.transport.script("host:1", .text(body))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        #expect(rig.writer.takeCounts() == (2005, 2005))
        try await rig.tick(3)
        #expect(rig.writer.takeCounts() == (0, 3 * 2005))
        await rig.stop()
    }

    @Test("a series that vanishes gets a stale marker at the scrape's time, once, and may come back")
    func vanishes() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\nb 1\n"), .text("b 2\n"), .text("b 3\n"), .text("a 4\nb 4\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick(4)
        #expect(rig.samples("a") == ["1.0@1000010000", "stale@1000020000", "4.0@1000040000"])
        #expect(rig.samples("b") == ["1.0@1000010000", "2.0@1000020000", "3.0@1000030000", "4.0@1000040000"])
        #expect(rig.samples("up").count == 4)
        await rig.stop()
    }

    @Test("a failed scrape marks everything stale and up 0, and says why", arguments: [
        (.failure(.connection("connection refused")), "Get \"http://host:1/metrics\": connection refused"), (.failure(.timeout), "context deadline exceeded"), (.failure(.bodyTooLarge), "body size limit exceeded"),
        (.response(ScrapeResponse(status: 500, reason: "Internal Server Error", contentType: "text/plain", body: Array("a 1\n".utf8))), "server returned HTTP status 500 Internal Server Error"),
        (.response(ScrapeResponse(status: 200, reason: "OK", contentType: "text/html", body: Array("a 1\n".utf8))), "received unsupported Content-Type"),
        (.response(ScrapeResponse(status: 200, reason: "OK", contentType: "", body: Array("a 1\n".utf8))), "blank Content-Type"), (.text("a 1\nb 1\nc\n"), "line 3"), (.openMetrics("a 1\n"), "# EOF"),
        (.response(ScrapeResponse(status: 200, reason: "OK", contentType: "text/plain", contentEncoding: "gzip", body: [1, 2, 3])), "gzip"),
    ] as [(ScriptedTransport.Answer, String)])
    func fails(answer: ScriptedTransport.Answer, reason: String) async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\nb{x=\"y\"} 1\n"), answer, answer, .text("a 2\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick(3)
        #expect(rig.samples("a") == ["1.0@1000010000", "stale@1000020000"])
        #expect(rig.samples("b", ("x", "y")) == ["1.0@1000010000", "stale@1000020000"])
        #expect(rig.samples("up") == ["1.0@1000010000", "0.0@1000020000", "0.0@1000030000"])
        let report = try #require(rig.manager.targets.active.first?.report)
        #expect(report.health == .down)
        #expect(report.lastError.contains(reason))
        try await rig.tick()
        #expect(rig.samples("a").last == "2.0@1000040000")
        #expect(rig.samples("up").last == "1.0@1000040000")
        #expect(rig.manager.targets.active.first?.report.lastError == "")
        await rig.stop()
    }

    @Test("an empty body is a good scrape of nothing")
    func emptyBody() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"), .text(""))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick(2)
        #expect(rig.samples("a") == ["1.0@1000010000", "stale@1000020000"])
        #expect(rig.samples("up") == ["1.0@1000010000", "1.0@1000020000"])
        await rig.stop()
    }

    @Test("what the store could not take is not forgotten: the marker comes with the next scrape that it takes")
    func storeFails() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\nb 1\n"), .text("b 2\n"), .text("b 3\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        rig.writer.fail(.closed)
        try await rig.tick()
        rig.writer.fail(nil)
        try await rig.tick()
        #expect(rig.samples("a") == ["1.0@1000010000", "stale@1000030000"])
        #expect(rig.samples("b") == ["1.0@1000010000", "3.0@1000030000"])
        await rig.stop()
    }

    @Test("exposed labels yield to the target's, or not", arguments: [
        (false, ["a{exported_instance=\"i\", exported_job=\"k\", instance=\"host:1\", job=\"j\"}", "a{exported_exported_job=\"l\", exported_job=\"m\", instance=\"host:1\", job=\"j\"}", "a{instance=\"host:1\", job=\"j\"}"]),
        (true, ["a{instance=\"i\", job=\"k\"}", "a{exported_job=\"m\", instance=\"host:1\", job=\"l\"}", "a{job=\"j\"}"]),
    ])
    func honorLabels(honors: Bool, series: [String]) async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a{job=\"k\",instance=\"i\"} 1\na{job=\"l\",exported_job=\"m\"} 1\na{instance=\"\"} 1\n"))
        try await rig.apply([ScrapeRig.config { $0.honorsLabels = honors }], sleepers: 1)
        try await rig.tick()
        #expect(rig.writer.names.filter { $0.hasPrefix("a{") } == Set(series))
        #expect(rig.samples("up") == ["1.0@1000010000"])
        await rig.stop()
    }

    @Test("timestamps of the exposition are honoured, or not; those ten minutes ahead are left out")
    func honorTimestamps() async throws {
        let body = "a 1 5000\nb 1 1000620001\nc 1\n"
        let honoring = try ScrapeRig()
        honoring.transport.script("host:1", .text(body), .text("c 1\n"))
        try await honoring.apply([ScrapeRig.config()], sleepers: 1)
        try await honoring.tick(2)
        // A series with timestamps of its own is not marked when it goes.
        #expect(honoring.samples("a") == ["1.0@5000"])
        #expect(honoring.samples("b") == [])
        #expect(honoring.samples("scrape_samples_post_metric_relabeling").first == "3.0@1000010000")
        #expect(honoring.samples("scrape_series_added").first == "2.0@1000010000")
        await honoring.stop()

        let ignoring = try ScrapeRig()
        ignoring.transport.script("host:1", .text(body), .text("c 1\n"))
        try await ignoring.apply([ScrapeRig.config { $0.honorsTimestamps = false }], sleepers: 1)
        try await ignoring.tick(2)
        #expect(ignoring.samples("a") == ["1.0@1000010000", "stale@1000020000"])
        #expect(ignoring.samples("b") == ["1.0@1000010000", "stale@1000020000"])
        await ignoring.stop()
    }

    @Test("metric relabeling changes and drops series; two that become one are stored once and not marked while one is left")
    func metricRelabeling() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("keep{x=\"1\"} 1\nkeep{x=\"2\"} 2\ndrop 1\n"), .text("keep{x=\"2\"} 3\ndrop 1\n"), .text("drop 1\n"))
        let config = try ScrapeRig.config {
            $0.metricRelabelRules = [try RelabelRule(RelabelTests.rule(.drop, from: ["__name__"], "drop")), try RelabelRule(RelabelTests.rule(.labeldrop, "x"))]
        }
        try await rig.apply([config], sleepers: 1)
        try await rig.tick(3)
        #expect(rig.samples("keep") == ["1.0@1000010000", "3.0@1000020000", "stale@1000030000"])
        #expect(rig.samples("drop") == [])
        #expect(rig.samples("scrape_samples_scraped").first == "3.0@1000010000")
        #expect(rig.samples("scrape_samples_post_metric_relabeling").first == "2.0@1000010000")
        await rig.stop()
    }

    @Test("a limit that is exceeded fails the scrape as a whole", arguments: [
        (ConfigChange { $0.sampleLimit = 2 }, "sample limit exceeded", "3.0"), (ConfigChange { $0.labelLimit = 3 }, "label_limit exceeded (metric: c, number of labels: 4, limit: 3)", "2.0"),
        (ConfigChange { $0.labelNameLengthMax = 8 }, "label_name_length_limit exceeded (metric: c, label name: name_of_c, length: 9, limit: 8)", "2.0"),
        (ConfigChange { $0.labelValueLengthMax = 9 }, "label_value_length_limit exceeded (metric: c, label name: name_of_c, value: \"value_of_c\", length: 10, limit: 9)", "2.0"), (ConfigChange { $0.bodyBytesMax = 20 }, "body size limit exceeded", "0.0"),
    ])
    func limits(change: ConfigChange, reason: String, postRelabeling: String) async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"), .text("a 1\nb 1\nc{name_of_c=\"value_of_c\"} 1\n"))
        try await rig.apply([ScrapeRig.config(change.make)], sleepers: 1)
        try await rig.tick(2)
        #expect(rig.manager.targets.active.first?.report.lastError == reason)
        #expect(rig.samples("a") == ["1.0@1000010000", "stale@1000020000"])
        #expect(rig.samples("b") == [])
        #expect(rig.samples("up").last == "0.0@1000020000")
        #expect(rig.samples("scrape_samples_post_metric_relabeling").last == "\(postRelabeling)@1000020000")
        await rig.stop()
    }

    @Test("too many targets fail all of their scrapes, without asking them")
    func targetLimit() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"))
        let config = ScrapeRig.config {
            $0.staticGroups = [TargetGroup(addresses: ["host:1", "host:2"])]
            $0.targetLimit = 1
        }
        try await rig.apply([config], sleepers: 2)
        try await rig.tick(sleepers: 2)
        #expect(rig.samples("up") == ["0.0@1000010000"])
        #expect(rig.manager.targets.active.map(\.report.lastError) == Array(repeating: "target_limit exceeded (number of targets: 2, limit: 1)", count: 2))
        #expect(rig.transport.requests.isEmpty)
        await rig.stop()
    }

    @Test("a metric named twice is stored once and counted")
    func repeated() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\na 2\nb 1 1000\nb 2 2000\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        #expect(rig.samples("a") == ["1.0@1000010000"])
        #expect(rig.samples("b") == ["1.0@1000", "2.0@2000"])
        #expect(rig.samples("scrape_samples_post_metric_relabeling") == ["4.0@1000010000"])
        let duplicates = rig.manager.selfMetrics.first { $0.name == "prometheus_target_scrapes_sample_duplicate_timestamp_total" }
        #expect(duplicates?.points.first?.value == 1)
        await rig.stop()
    }

    @Test("the request says what Prometheus 3 says, with compression and authorization as configured")
    func request() async throws {
        let rig = try ScrapeRig()
        let packed = Compression.gzip.compress(Array("a 1\n".utf8))
        rig.transport.script("host:1", .response(ScrapeResponse(status: 200, reason: "OK", contentType: "text/plain", contentEncoding: "gzip", body: packed)))
        try rig.disk.makeDirectory("/s")
        try rig.disk.publish("/s/password", Array("secret\n".utf8))
        let config = ScrapeRig.config {
            $0.http.authorization = .basic(username: .inline("me"), password: .file("/s/password"))
            $0.timeout = ModelDuration(millis: 1500)
        }
        try await rig.apply([config], sleepers: 1)
        try await rig.tick()
        #expect(rig.samples("a") == ["1.0@1000010000"])
        let request = try #require(rig.transport.requests.first)
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["Accept"] == "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
        #expect(headers["Accept-Encoding"] == "gzip")
        #expect(headers["X-Prometheus-Scrape-Timeout-Seconds"] == "1.5")
        #expect(headers["Authorization"] == "Basic bWU6c2VjcmV0")
        #expect(request.timeoutNanos == 1_500_000_000)
        await rig.stop()
    }

    @Test("a removed target's series end two intervals later, at the time of its next scrape, the automatic ones too")
    func removed() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"))
        rig.transport.script("host:2", .text("a 1\n"))
        let both = ScrapeRig.config { $0.staticGroups = [TargetGroup(addresses: ["host:1", "host:2"])] }
        try await rig.apply([both], sleepers: 2)
        try await rig.tick(sleepers: 2)
        try await rig.apply([ScrapeRig.config()], sleepers: 2)
        #expect(rig.manager.targets.active.count == 1)
        try await rig.tick(2, sleepers: 2)
        #expect(rig.samples("a", instance: "host:2") == ["1.0@1000010000"])
        try await rig.tick(sleepers: 1)
        #expect(rig.samples("a", instance: "host:2") == ["1.0@1000010000", "stale@1000020000"])
        #expect(rig.samples("up", instance: "host:2") == ["1.0@1000010000", "stale@1000020000"])
        #expect(rig.samples("a").count == 4)
        await rig.stop()
    }

    @Test("a target that comes back in time is not marked")
    func flapping() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        try await rig.apply([ScrapeRig.config { $0.staticGroups = [] }], sleepers: 1)
        try await rig.apply([ScrapeRig.config()], sleepers: 2)
        try await rig.tick(2, sleepers: 2)
        try await rig.tick(sleepers: 1)
        #expect(rig.samples("a") == ["1.0@1000010000", "1.0@1000020000", "1.0@1000030000", "1.0@1000040000"])
        await rig.stop()
    }

    @Test("a removed job leaves its series to the lookback; shutting down does so too")
    func removedJob() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        try await rig.apply([], sleepers: 0)
        try await rig.tick(4, sleepers: 0)
        #expect(rig.samples("a") == ["1.0@1000010000"])
        #expect(rig.manager.targets.pools == [])
        await rig.stop()
    }

    @Test("reloading the same settings changes nothing; a new interval keeps what is known; new rules start anew")
    func reloads() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\nb 1\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        _ = rig.writer.takeCounts()
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick()
        #expect(rig.writer.takeCounts() == (0, 7))

        // Known series keep their references, and one that vanished across the change is still noticed.
        rig.transport.script("host:1", .text("b 2\n"))
        try await rig.apply([ScrapeRig.config { $0.timeout = .seconds(4) }], sleepers: 1)
        #expect(rig.manager.targets.active.first?.report.health == .up)
        try await rig.tick()
        #expect(rig.writer.takeCounts() == (0, 7))
        #expect(rig.samples("a") == ["1.0@1000010000", "1.0@1000020000", "stale@1000030000"])
        #expect(rig.samples("b") == ["1.0@1000010000", "1.0@1000020000", "2.0@1000030000"])

        let rules = try ScrapeRig.config { $0.metricRelabelRules = [try RelabelRule(RelabelTests.rule(to: "new", replacement: "1"))] }
        try await rig.apply([rules], sleepers: 2)
        try await rig.tick(sleepers: 2)
        #expect(rig.samples("b", ("new", "1")) == ["2.0@1000040000"])
        try await rig.tick(sleepers: 2)
        try await rig.tick(sleepers: 1)
        #expect(rig.samples("b").last == "stale@1000040000")
        #expect(rig.samples("up").allSatisfy { !$0.hasPrefix("stale") })
        await rig.stop()
    }

    @Test("a reload with an invalid configuration changes nothing")
    func invalidReload() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", .text("a 1\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        #expect(throws: AcquisitionError.duplicateJob("j")) { try rig.manager.apply([ScrapeRig.config(), ScrapeRig.config()]) }
        #expect(throws: AcquisitionError.self) { try rig.manager.apply([ScrapeRig.config { $0.scheme = "x" }]) }
        try await rig.tick()
        #expect(rig.samples("a") == ["1.0@1000010000"])
        await rig.stop()
    }

    @Test("target files are read, watched, and kept when they break")
    func files() async throws {
        let rig = try ScrapeRig()
        for port in 1...3 { rig.transport.script("host:\(port)", .text("a 1\n")) }
        try rig.disk.makeDirectory("/t")
        try rig.disk.publish("/t/one.json", Array(#"[{"targets": ["host:1"], "labels": {"env": "x"}}]"#.utf8))
        try rig.disk.publish("/t/other.txt", Array("no".utf8))
        let config = ScrapeRig.config {
            $0.staticGroups = []
            $0.fileDiscoveries = [FileDiscoveryOptions(paths: ["/t/*.json", "/t/*.yml"])]
        }
        try await rig.apply([config], sleepers: 2)
        func addresses() -> [String] { rig.manager.targets.active.map { $0.target.labels["instance"] ?? "" } }
        #expect(addresses() == ["host:1"])
        #expect(rig.manager.targets.active.first?.target.discoveredLabels["__meta_filepath"] == "/t/one.json")
        #expect(rig.manager.targets.active.first?.target.labels["env"] == "x")

        try rig.disk.publish("/t/two.yml", Array(#"[{"targets": ["host:2", "host:3"]}]"#.utf8))
        try await rig.tick(sleepers: 4)
        #expect(addresses() == ["host:1", "host:2", "host:3"])
        try rig.disk.publish("/t/two.yml", Array("broken".utf8))
        try await rig.tick(sleepers: 4)
        #expect(addresses() == ["host:1", "host:2", "host:3"])
        try rig.disk.removeFile("/t/two.yml")
        try await rig.tick(3, sleepers: 4)
        #expect(addresses() == ["host:1"])
        await rig.stop()
    }
}
