import Bytes
import Foundation
import Testbed
import Testing

/// Exemplars from every way in to `/api/v1/query_exemplars`, alone and beside Prometheus.
@Suite("Exemplars", .serialized)
struct ExemplarTests {
    private typealias SentExemplar = (labels: [(String, String)], value: Double, millis: Int64)

    /// A remote write 1.0 body in which a series may have exemplars, samples, or both.
    private static func remoteWrite(_ series: [(labels: [(String, String)], samples: [(Int64, Double)], exemplars: [SentExemplar])]) -> Data {
        func label(_ out: inout ByteWriter, _ pair: (String, String)) {
            out.appendMessage(1) { out in
                out.appendField(1, string: pair.0)
                out.appendField(2, string: pair.1)
            }
        }
        var message = ByteWriter()
        for (labels, samples, exemplars) in series {
            message.appendMessage(1) { out in
                for pair in labels { label(&out, pair) }
                for (millis, value) in samples {
                    out.appendMessage(2) { out in
                        out.appendField(1, double: value)
                        out.appendField(2, varint: UInt64(bitPattern: millis))
                    }
                }
                for exemplar in exemplars {
                    out.appendMessage(3) { out in
                        for pair in exemplar.labels { label(&out, pair) }
                        out.appendField(2, double: exemplar.value)
                        out.appendField(3, varint: UInt64(bitPattern: exemplar.millis))
                    }
                }
            }
        }
        return Data(Compression.snappy.compress(message.array()))
    }

    /// Everything that the validation of exemplars distinguishes, request by request.
    private static func requests(now: Int64) -> [Data] {
        let a = [("__name__", "a_total"), ("job", "x")], b = [("__name__", "b_bucket"), ("le", "0.5")], c = [("__name__", "c"), ("odd", "a\"b\\c\n✓")]
        func trace(_ id: String) -> [(String, String)] { [("trace_id", id)] }
        let odd: [Double] = [.nan, .infinity, -.infinity, 1e-9, 1e21, -0.0, 123456.789]
        return [
            // Of a series that is not known, first alone, then before its sample.
            remoteWrite([(a, [], [(trace("unknown"), 1, now)])]),
            remoteWrite([(a, [(now, 1)], [(trace("one"), 1, now - 3)]), (b, [(now, 1)], [(trace("b1"), 0.1, now - 2), (trace("b2"), 0.2, now - 1)]), (c, [(now, 1)], [])]),
            // As Prometheus sends them; one told twice, one late, one twice in a request, one late in a request.
            remoteWrite([(a, [], [(trace("two"), 2, now)]), (b, [], [(trace("b2"), 0.2, now - 1)])]),
            remoteWrite([(a, [], [(trace("two"), 2, now), (trace("late"), 5, now - 10)])]),
            remoteWrite([(a, [], [(trace("three"), 2, now + 5), (trace("three"), 2, now + 5), (trace("four"), 2, now + 4)])]),
            // One time: by value, then by the labels' hash.
            remoteWrite([(a, [], [(trace("three and more"), 3, now + 5), (trace("three and less"), 1, now + 5)])]),
            remoteWrite((0..<12).map { (b, [], [(trace("tie \($0 * 7 % 12)"), 9, now + 7)]) }),
            remoteWrite((0..<12).map { (b, [], [(trace("another tie, of a length above thirty-two bytes, \($0 * 5 % 12)"), 9, now + 7)]) }),
            // Labels that are many, none, unsorted, empty, and as long as they may be and longer.
            remoteWrite([(c, [], [([("z", "1"), ("a", "2"), ("m", ""), ("ü", "ä")], 1, now), ([], 1, now + 1)])]),
            remoteWrite([(c, [], [(trace(String(repeating: "é", count: 120)), 1, now + 2), (trace(String(repeating: "é", count: 121)), 1, now + 3)])]),
            remoteWrite(odd.enumerated().map { (c, [], [(trace("odd \($0)"), $1, now + 10 + Int64($0))]) }),
            // Without a time of their own, and with a time after that.
            remoteWrite([([("__name__", "timeless")], [(now, 1)], [(trace("none"), 1, 0), (trace("none"), 1, 0), (trace("none"), 1, 5), (trace("some"), 1, 0)])]),
        ]
    }

    private static let everything = "query=%7B__name__%3D~%22.%2B%22%7D"
    /// The first one all but what has the time of a scrape, which each scraper has of its own.
    private static let queries = [
        "query=%7B__name__%3D~%22.%2B%22%2C__name__!%3D%22timeless_total%22%7D", "query=a_total", "query=rate(b_bucket%5B5m%5D)%20%2F%20on()%20a_total", "query=a_total%7Bjob!%3D%22x%22%7D", "query=1%2B1",
        "query=absent", "query=", "query=a_total%7B", "query=topk(scalar(c)%2Cmax_over_time(b_bucket%5B1h%3A5m%5D))", "query=c%7Bmissing%3D%22%22%7D",
    ]

    /// What both answer to every query, in whole and in parts of the time, and to what is wrong.
    private static func expectSame(_ ours: String, _ theirs: String, now: Int64, _ when: String) throws {
        func seconds(_ millis: Int64) -> String { String(format: "%.3f", Double(millis) / 1000) }
        let times = ["", "&start=\(seconds(now))", "&end=\(seconds(now - 1))", "&start=\(seconds(now - 2))&end=\(seconds(now + 7))", "&start=2&end=1", "&start=never", "&end=never"]
        var answers = 0
        for query in queries {
            for time in times {
                let path = "/api/v1/query_exemplars"
                let (our, their) = (try http("\(ours)\(path)?\(query)\(time)"), try http("\(theirs)\(path)?\(query)\(time)"))
                #expect(our == their, "\(when): \(query)\(time)")
                if our.body.contains("trace_id") { answers += 1 }
                let form = try http(ours + path, method: "POST", headers: ["Content-Type: application/x-www-form-urlencoded"], body: Data((query + time).utf8))
                #expect(form == our, "\(when): \(query)\(time) posted")
            }
        }
        #expect(answers > 10)
    }

    private static func otlp(_ now: Int64) -> String {
        #"""
        {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"metrics":[
        {"name":"orders","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"\#(now)000000","asInt":"3","exemplars":[
        {"timeUnixNano":"\#(now)000000","asDouble":0.25,"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8","filteredAttributes":[{"key":"user.id","value":{"intValue":"7"}}]}]}]}},
        {"name":"latency","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"\#(now)000000","count":"4","sum":1,"bucketCounts":["2","1","1"],"explicitBounds":[1,2],"exemplars":[
        {"timeUnixNano":"\#(now)000000","asDouble":7,"traceId":"0102030405060708090a0b0c0d0e0f11"},{"timeUnixNano":"\#(now)000000","asDouble":1,"traceId":"0102030405060708090a0b0c0d0e0f12"},
        {"timeUnixNano":"\#(now)000000","asDouble":0.5,"traceId":"0102030405060708090a0b0c0d0e0f13"},{"timeUnixNano":"\#(now)000000","asInt":"2","traceId":"0102030405060708090a0b0c0d0e0f14"}]}]}}]}]}]}
        """#
    }

    @Test("remote write and a scrape: the same answers as Prometheus to the byte, after kill -9 too, and from each other's directories",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let target = try ExemplarTarget(now: now)
        defer { target.stop() }
        let configuration = """
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs: [{job_name: app, static_configs: [{targets: ['127.0.0.1:\(target.port)']}]}]

            """
        let flags = ["--enable-feature=exemplar-storage", "--web.enable-remote-write-receiver"]
        let stack = try await RunningStack(configuration: ["prometheus.yml": configuration], arguments: ["--enable-feature=exemplar-storage"])
        let folder = stack.folder
        defer { try? FileManager.default.removeItem(at: folder) }
        let prometheus = try await RunningPrometheus(configuration: configuration, folder: folder.appendingPathComponent("prometheus"), arguments: flags)
        for (ours, theirs) in [(stack.url("prometheus"), prometheus.url())] {
            for (index, body) in Self.requests(now: now).enumerated() {
                let our = try http(ours + "/api/v1/write", method: "POST", headers: remoteWriteHeaders, body: body)
                let their = try http(theirs + "/api/v1/write", method: "POST", headers: remoteWriteHeaders, body: body)
                #expect(our.status == 204 && their.status == 204, "request \(index): \(our), \(their)")
            }
            let scraped = "/api/v1/query_exemplars?query=scraped_total"
            #expect(try await eventually(within: 20) { try http(ours + scraped).body.contains("trace_id") && http(theirs + scraped).body.contains("trace_id") })
            try Self.expectSame(ours, theirs, now: now, "as sent")
            let kept = try http(ours + "/api/v1/query_exemplars?" + Self.queries[0]).body
            for text in ["three and more", "odd 6"] { #expect(kept.contains(text), "\(text) is not in \(kept)") }
        }
        stack.killNow()
        prometheus.stop()
        target.stop()

        // Each on a copy of the other's directory, and we on our own again. What a scrape without times of its own told is in the log, too.
        let data = folder.appendingPathComponent("data/metrics"), theirData = folder.appendingPathComponent("prometheus/data")
        let crossed = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: crossed) }
        try FileManager.default.createDirectory(at: crossed.appendingPathComponent("ours/data"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: crossed.appendingPathComponent("theirs"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: theirData, to: crossed.appendingPathComponent("ours/data/metrics"))
        try FileManager.default.copyItem(at: data, to: crossed.appendingPathComponent("theirs/data"))
        for (ours, theirs, when) in [(folder, folder.appendingPathComponent("prometheus"), "restarted"), (crossed.appendingPathComponent("ours"), crossed.appendingPathComponent("theirs"), "crossed")] {
            let stack = try await RunningStack(reusing: ours, configuration: ["prometheus.yml": "scrape_configs: []\n"])
            let prometheus = try await RunningPrometheus(configuration: "scrape_configs: []\n", folder: theirs, arguments: flags)
            defer {
                stack.stop(removing: false)
                prometheus.stop()
            }
            try Self.expectSame(stack.url("prometheus"), prometheus.url(), now: now, when)
        }
    }

    @Test("exemplars of an OpenMetrics target and of OTLP are there, after kill -9 too; how many are kept follows the configuration")
    func scraped() async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let target = try ExemplarTarget(now: now, odd: #"a\"b\\c\n✓"#)
        defer { target.stop() }
        func configuration(_ storage: String) -> [String: String] {
            ["prometheus.yml": "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: app, static_configs: [{targets: ['127.0.0.1:\(target.port)']}]}]\n\(storage)\n"]
        }
        let stack = try await RunningStack(configuration: configuration("storage: {exemplars: {max_exemplars: 77}}"))
        let folder = stack.folder
        defer { try? FileManager.default.removeItem(at: folder) }
        let everything = "/api/v1/query_exemplars?" + Self.everything
        #expect(try await eventually(within: 20) { try http(stack.url("prometheus", everything)).body.contains("timeless") })
        #expect(try http(stack.url("prometheus", "/metrics")).body.contains("prometheus_tsdb_exemplar_max_exemplars 77\n"))
        target.stop()
        let sent = try http(stack.url("prometheus", "/api/v1/otlp/v1/metrics"), method: "POST", headers: ["Content-Type: application/json"], body: Data(Self.otlp(now).utf8))
        #expect(sent.status == 200, "\(sent)")
        func traces(_ query: String) throws -> [String] {
            let answer = try http(stack.url("prometheus", "/api/v1/query_exemplars?query=\(query)")).body
            return answer.components(separatedBy: "\"trace_id\":\"").dropFirst().map { String($0.prefix(32).suffix(2)) }
        }
        #expect(try http(stack.url("prometheus", "/api/v1/query_exemplars?query=orders_total")).body.contains(#""exemplars":[{"labels":{"span_id":"a1a2a3a4a5a6a7a8","trace_id":"0102030405060708090a0b0c0d0e0f10","user.id":"7"},"value":"0.25""#))
        // In each bucket by value, as one time asks for: 0.5 comes too late behind 1.
        #expect(try traces("latency_bucket%7Ble%3D%221%22%7D") == ["12"] && traces("latency_bucket%7Ble%3D%222%22%7D") == ["14"] && traces("latency_bucket%7Ble%3D%22%2BInf%22%7D") == ["11"])
        let before = try http(stack.url("prometheus", everything)).body
        #expect(before.contains(#"{"trace_id":"a\"b\\c\n✓"}"#), "\(before)")
        #expect(before.contains(#"{"labels":{"span_id":"s1","trace_id":"t1"},"value":"0.5","timestamp":"#))
        stack.killNow()
        let again = try await RunningStack(reusing: folder, configuration: configuration(""))
        defer { again.stop() }
        #expect(try http(again.url("prometheus", everything)).body == before)
        #expect(try http(again.url("prometheus", "/metrics")).body.contains("prometheus_tsdb_exemplar_max_exemplars 100000\n"))
        for (name, text) in configuration("storage: {exemplars: {max_exemplars: 1}}") { try text.write(to: folder.appendingPathComponent("config/\(name)"), atomically: true, encoding: .utf8) }
        #expect(try http(again.url("prometheus", "/-/reload"), method: "POST").status == 200)
        let left = try http(again.url("prometheus", everything)).body
        #expect(left.components(separatedBy: "\"labels\"").count == 2, "\(left)")
    }
}

/// A target that exposes the same OpenMetrics text at every scrape.
private final class ExemplarTarget {
    let port: Int
    private let process = Process()
    private let folder: URL

    /// `odd` is a label's value as it stands in the text.
    init(now: Int64, odd: String = "✓") throws {
        port = try freePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let seconds = String(format: "%.3f", Double(now) / 1000)
        let text = """
            # TYPE scraped counter
            scraped_total 5 # {trace_id="t1",span_id="s1"} 0.5 \(seconds)
            # TYPE timeless counter
            timeless_total 5 # {trace_id="timeless"} 0.25
            # TYPE lat histogram
            lat_bucket{le="0.1"} 1 # {trace_id="l1"} 0.05 \(seconds)
            lat_bucket{le="1"} 2 # {} 0.7 \(seconds)
            lat_bucket{le="+Inf"} 3 # {trace_id="\(odd)"} 7e9 \(seconds)
            lat_sum 4
            lat_count 3
            # EOF

            """
        try text.write(to: folder.appendingPathComponent("metrics"), atomically: true, encoding: .utf8)
        let script = """
            import http.server
            body = open("metrics", "rb").read()
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                def log_message(self, *_): pass
            http.server.HTTPServer(("127.0.0.1", \(port)), Handler).serve_forever()
            """
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        process.currentDirectoryURL = folder
        try process.run()
    }

    deinit { stop() }

    func stop() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }
}
