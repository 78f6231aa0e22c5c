import Foundation
import Testbed
import Testing

@Suite("What is kept of queries", .serialized, .ownWaitingThread)
struct QueryLogTests {
    /// Minutes of work: 300 series, each with 11,000 windows of 3,600 points.
    static let endless = "/api/v1/query_range?query=quantile_over_time(0.5,load%5B1h:1s%5D)&start=1000000&end=1010999&step=1"

    private static func load(_ stack: RunningStack) throws {
        let now = Int64(Date().timeIntervalSince1970) * 1000
        let series = (0..<300).map { number in
            (labels: [("__name__", "load"), ("n", "\(number)")], samples: (0..<75).map { (millis: now - 17_760_000 + Int64($0) * 240_000, value: Double($0 * number % 7)) })
        }
        #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: remoteWriteBody(series)).status / 100 == 2)
    }

    /// A client that asks and waits.
    private static func client(_ stack: RunningStack) throws -> Process {
        let end = Int(Date().timeIntervalSince1970)
        return try curl([stack.url("prometheus", endless.replacingOccurrences(of: "1000000", with: "\(end - 10_999)").replacingOccurrences(of: "1010999", with: "\(end)"))])
    }

    /// A panel of a dashboard that asks for the same.
    private static func panel(_ stack: RunningStack) throws -> Process {
        let end = Int(Date().timeIntervalSince1970) * 1000
        let query = #"{"refId": "A", "expr": "quantile_over_time(0.5,load[1h:1s])", "range": true, "instant": false, "intervalMs": 1000, "maxDataPoints": 11000, "datasource": {"uid": "prometheus"}}"#
        return try curl(["-u", "admin:admin", "-H", "Content-Type: application/json", "-d", #"{"from": "\#(end - 10_000_000)", "to": "\#(end)", "queries": [\#(query)]}"#, stack.url("grafana", "/api/ds/query")])
    }

    private static func curl(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = ["-sS", "-g"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func active(_ stack: RunningStack) throws -> String {
        let bytes = try Data(contentsOf: stack.folder.appendingPathComponent("data/metrics/queries.active"))
        return String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    }

    @Test("a running query stands in queries.active; its client or panel going away ends it; what a crash cut off is told at the next start")
    func activeQueries() async throws {
        // Nothing else is written, so that samples of hours ago are not too old.
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"], arguments: ["--query.max-concurrency=3"])
        #expect(try Data(contentsOf: stack.folder.appendingPathComponent("data/metrics/queries.active")).count == 3_001)
        try Self.load(stack)
        for (asker, ask) in [("the client", Self.client), ("the panel", Self.panel)] {
            let gone = try ask(stack)
            #expect(try await eventually(within: 20) { try Self.active(stack).contains("quantile_over_time(0.5,load[1h:1s])") }, "the query of \(asker) is not written down")
            kill(gone.processIdentifier, SIGKILL)
            gone.waitUntilExit()
            #expect(try await eventually(within: 20) { try Self.active(stack) == "[" }, "the query goes on after \(asker) has gone")
        }

        let cut = try Self.client(stack)
        #expect(try await eventually(within: 20) { try Self.active(stack).contains(#"{"query":"quantile_over_time(0.5,load[1h:1s])","timestamp_sec":"#) })
        stack.killNow()
        cut.waitUntilExit()
        let next = try await RunningStack(reusing: stack.folder)
        defer { next.stop() }
        #expect(next.log.contains(#"these queries did not finish when the stack last ran: [{"query":"quantile_over_time(0.5,load[1h:1s])","timestamp_sec":"#), "\(next.log)")
        #expect(try Self.active(next) == "[")
        next.stop(removing: false)
        let clean = try await RunningStack(reusing: stack.folder)
        defer { clean.stop() }
        #expect(!clean.log.contains("did not finish"))
    }

    @Test("query_log_file gets a line of JSON for every query that ran, with its cost, its error and who asked; a reload opens it anew")
    func log() async throws {
        func configuration(_ name: String) -> [String: String] { ["prometheus.yml": "global: {\(name.isEmpty ? "" : "query_log_file: \(name)")}\nscrape_configs: []\n"] }
        let stack = try await RunningStack(configuration: configuration("queries.log"))
        defer { stack.stop() }
        func ask(_ path: String, method: String = "GET") throws { _ = try http(stack.url("prometheus", "/api/v1/" + path), method: method) }
        try ask("query?query=1%3Cbool%202&time=1.5")
        try ask("query_range?query=vector(time())&start=0&end=60.25&step=1.5", method: "POST")
        try ask("query?query=label_replace(vector(1),%22a%22,%22%22,%22b%22,%22(%22)&time=0")
        try ask("query?query=topk(")
        let file = stack.folder.appendingPathComponent("config/queries.log")
        func lines(_ file: URL) throws -> [[String: Any]] {
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        }
        let written = try lines(file)
        #expect(written.count == 3)
        #expect(written.compactMap { ($0["params"] as? NSDictionary) } == [
            ["query": "1<bool 2", "start": "1970-01-01T00:00:01.500Z", "end": "1970-01-01T00:00:01.500Z", "step": 0],
            ["query": "vector(time())", "start": "1970-01-01T00:00:00.000Z", "end": "1970-01-01T00:01:00.250Z", "step": 1],
            ["query": "label_replace(vector(1),\"a\",\"\",\"b\",\"(\")", "start": "1970-01-01T00:00:00.000Z", "end": "1970-01-01T00:00:00.000Z", "step": 0],
        ] as [NSDictionary])
        #expect(written.map { $0["error"] as? String } == [nil, nil, "invalid regular expression in label_replace(): ("])
        #expect(written.map { $0["httpRequest"] as? NSDictionary } == [
            ["clientIP": "127.0.0.1", "method": "GET", "path": "/api/v1/query"], ["clientIP": "127.0.0.1", "method": "POST", "path": "/api/v1/query_range"],
            ["clientIP": "127.0.0.1", "method": "GET", "path": "/api/v1/query"],
        ] as [NSDictionary])
        for line in written {
            #expect(line["msg"] as? String == "promql query logged" && line["level"] as? String == "INFO")
            #expect((line["time"] as? String)?.hasSuffix("Z") == true)
            let timings = (line["stats"] as? [String: Any])?["timings"] as? [String: Double]
            #expect(timings?["execTotalTime"] ?? 0 > 0)
        }
        #expect(try http(stack.url("prometheus", "/metrics")).body.contains("prometheus_engine_query_log_enabled 1"))

        // Moved away and opened anew; then a file that cannot be opened, which changes nothing; then none.
        let moved = stack.folder.appendingPathComponent("config/moved.log")
        try FileManager.default.moveItem(at: file, to: moved)
        let reload = stack.url("prometheus", "/-/reload")
        #expect(try http(reload, method: "POST").status == 200)
        try ask("query?query=2")
        #expect(try lines(file).count == 1 && lines(moved).count == 3)
        let yaml = stack.folder.appendingPathComponent("config/prometheus.yml")
        for (name, status, count) in [("nowhere/queries.log", 500, 2), ("", 200, 2)] {
            try configuration(name)["prometheus.yml"]?.write(to: yaml, atomically: true, encoding: .utf8)
            #expect(try http(reload, method: "POST").status == status)
            try ask("query?query=3")
            #expect(try lines(file).count == count, "\(name)")
        }
    }
}
