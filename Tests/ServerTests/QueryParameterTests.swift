import Foundation
import HTTPSurface
import Bytes
import Testbed
import Testing

@Suite("Parameters of queries", .serialized, .ownWaitingThread)
struct QueryParameterTests {
    /// Twelve series of a counter, a sample every 15 seconds of five minutes.
    static func body(endingAt end: Int64) -> Data {
        remoteWriteBody((0..<12).map { number in
            (labels: [("__name__", "c_total"), ("n", "\(number)")], samples: (0..<20).map { (millis: end - 285_000 + Int64($0) * 15_000, value: Double($0 * number)) })
        })
    }

    /// `END` is the time of the last sample, `FROM` four minutes before.
    static let paths = [
        "query?query=c_total&time=END&limit=3", "query?query=c_total&time=END&limit=12", "query?query=c_total&time=END&limit=0", "query?query=c_total&time=END&limit=x",
        "query?query=c_total&time=END&limit=-1", "query?query=c_total&time=END&limit=99999999999999999999", "query?query=c_total%5B1m%5D&time=END&limit=2", "query?query=1&time=END&limit=1",
        "query?query=sort_desc(c_total)&time=END&limit=2", "query_range?query=c_total&start=FROM&end=END&step=60&limit=5", "query_range?query=c_total&start=FROM&end=END&step=60&limit=12",
        "query?query=c_total%7Bn=%221%22%7D&time=LATER&lookback_delta=1m", "query?query=c_total%7Bn=%221%22%7D&time=LATER&lookback_delta=150s", "query?query=c_total%7Bn=%221%22%7D&time=LATER&lookback_delta=150",
        "query?query=c_total%7Bn=%221%22%7D&time=LATER&lookback_delta=-1", "query?query=c_total&lookback_delta=x", "query?query=c_total&timeout=x", "query?query=c_total&time=x&limit=x",
        "query_range?query=c_total&start=x&end=END&step=1&limit=x", "query_range?query=c_total&start=0&end=11000&step=1", "query_range?query=c_total&start=0&end=11001&step=1",
        "query_range?query=c_total&start=0&end=1&step=0", "query_range?query=c_total&start=1&end=0&step=1", "query_range?query=c_total&start=0&end=1", "query?query=c_total%3C%3C1",
        "query_range?query=%22%3Ca%3E%22&start=0&end=1&step=1",
    ]

    @Test("limit, lookback_delta and what is refused are Prometheus's to the byte; statistics count as it counts",
          .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--web.enable-remote-write-receiver"])
        let end = Int64(Date().timeIntervalSince1970) * 1000
        for base in [stack.url("prometheus"), prometheus.url()] {
            #expect(try http(base + "/api/v1/write", method: "POST", headers: remoteWriteHeaders, body: Self.body(endingAt: end)).status / 100 == 2)
        }
        func both(_ path: String) throws -> (ours: (status: Int, body: String), theirs: (status: Int, body: String)) {
            let path = "/api/v1/" + path.replacingOccurrences(of: "END", with: "\(end / 1000)").replacingOccurrences(of: "FROM", with: "\(end / 1000 - 240)")
                .replacingOccurrences(of: "LATER", with: "\(end / 1000 + 120)")
            return (try http(stack.url("prometheus", path)), try http(prometheus.url(path)))
        }
        /// The series of a vector, in the order of their labels: Prometheus has them in the order of its index.
        func ordered(_ body: String) throws -> NSDictionary? {
            var document = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:]
            guard var data = document["data"] as? [String: Any], let result = data["result"] as? [[String: Any]] else { return document as NSDictionary }
            data["result"] = result.sorted { ($0["metric"] as? [String: String])?["n"] ?? "" < ($1["metric"] as? [String: String])?["n"] ?? "" }
            document["data"] = data
            return document as NSDictionary
        }
        for path in Self.paths {
            let (ours, theirs) = try both(path)
            #expect(ours.status == theirs.status, "\(path)")
            if theirs.status != 200 || path.contains("sort") || path.hasPrefix("query_range") { #expect(ours.body == theirs.body, "\(path)") } else if !path.contains("limit=3") {
                #expect(try ordered(ours.body) == ordered(theirs.body), "\(path): \(ours.body) \(theirs.body)")
            }
        }
        let (cut, _) = try both("query?query=c_total&time=END&limit=3")
        #expect(cut.body.contains(#""warnings":["results truncated due to limit"]"#) && cut.body.components(separatedBy: "\"metric\"").count == 4)

        for (query, isRange) in [("c_total", false), ("c_total", true), ("sum(rate(c_total[1m]))", true), ("rate(c_total[2m])", true), ("c_total * 2 + c_total offset 1m", true), ("1", false), ("count(c_total) > 3", true)] {
            let times = isRange ? "query_range?start=FROM&end=END&step=20" : "query?time=END"
            let (ours, theirs) = try both("\(times)&stats=true&query=\(try QuerySyntaxTests.escaped(query))")
            func statistics(_ body: String) throws -> [String: [String: Double]] {
                let document = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
                return try #require((document?["data"] as? [String: Any])?["stats"] as? [String: [String: Double]], "\(body)")
            }
            let (mine, other) = (try statistics(ours.body), try statistics(theirs.body))
            #expect(mine["samples"]?["totalQueryableSamples"] == other["samples"]?["totalQueryableSamples"], "\(query) \(isRange)")
            let timings = try #require(mine["timings"])
            #expect(Set(timings.keys) == Set(try #require(other["timings"]).keys))
            #expect(try #require(timings["execTotalTime"]) >= #require(timings["evalTotalTime"]))
            #expect(try #require(timings["evalTotalTime"]) >= #require(timings["innerEvalTime"]))
            #expect(try #require(timings["innerEvalTime"]) > 0)
        }
        #expect(try both("query?query=1").ours.body.contains("stats") == false)
        #expect(try both("query?query=1&stats=yes").ours.body.contains(#"value \"yes\" for parameter \"stats\" is deprecated"#))
    }

    @Test("the query flags bound queries, and timeout makes it shorter")
    func flags() async throws {
        let stack = try await RunningStack(arguments: ["--query.max-samples=10", "--query.lookback-delta=1m", "--query.timeout=90s"])
        defer { stack.stop() }
        let end = Int64(Date().timeIntervalSince1970) * 1000
        #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: Self.body(endingAt: end)).status / 100 == 2)
        let tooMany = try http(stack.url("prometheus", "/api/v1/query_range?query=c_total&start=\(end / 1000 - 100)&end=\(end / 1000)&step=5"))
        #expect(tooMany.status == 422)
        #expect(tooMany.body.contains("query processing would load too many samples into memory in query execution"))
        #expect(try http(stack.url("prometheus", "/api/v1/query?query=c_total&time=\(end / 1000 + 90)")).body.contains(#""result":[]"#))
        let late = try http(stack.url("prometheus", "/api/v1/query?query=vector(1)&timeout=0"))
        #expect(late.status == 503)
        #expect(late.body.contains(#""errorType":"timeout""#) && late.body.contains("query timed out in"), "\(late.body)")
        for (flag, value) in [("--query.timeout", "soon"), ("--query.max-concurrency", "0"), ("--query.max-samples", "-1"), ("--query.lookback-delta", "0s")] {
            let refused = try run(RunningStack.binary.path, ["serve", "\(flag)=\(value)"])
            #expect(refused.status == 2)
            #expect(refused.error.contains(flag) && refused.error.contains(value), "\(refused.error)")
        }
    }

    @Test("of the encodings that a client takes, the one it likes best is chosen", arguments: [
        (nil, nil), ("", nil), ("br", nil), ("gzip", "gzip"), ("gzip, zstd", "zstd"), ("gzip;q=1.0, zstd;q=0.5", "gzip"), ("gzip;q=0.2,zstd ; q=0.8", "zstd"), ("zstd;q=0, gzip;q=0.000", nil),
        ("*", "zstd"), ("*;q=0.5, zstd;q=0", "gzip"), ("*;q=0", nil), ("identity, gzip;q=0.5", nil), ("identity;q=0.5, gzip;q=0.5", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("gzip;q=x", nil),
    ] as [(String?, String?)])
    func encodings(_ header: String?, _ expected: String?) { #expect(Compression.preferred(by: header)?.rawValue == expected) }

    @Test("long answers are compressed as asked, short ones are not, and both say that it depends")
    func compression() async throws {
        let stack = try await RunningStack()
        defer { stack.stop() }
        // The second is compressed while it is sent.
        for (end, leastBytes) in [(1_000, 10_000), (10_900_000, 1 << 20)] { try compression(stack, end, leastBytes) }
        let short = try run("/usr/bin/curl", ["-sS", "-H", "Accept-Encoding: gzip", "-D", "-", stack.url("prometheus", "/api/v1/query?query=1")]).output
        #expect(!short.contains("ontent-Encoding") && short.contains("Accept-Encoding") && short.contains("success"))
    }

    private func compression(_ stack: RunningStack, _ end: Int, _ leastBytes: Int) throws {
        let copies = (0..<8).map { "label_replace(vector(time()%2B\($0)),%22a%22,%22\($0)%22,%22%22,%22%22)" }.joined(separator: "%20or%20")
        let long = stack.url("prometheus", "/api/v1/query_range?query=\(copies)&start=0&end=\(end)&step=\(max(1, end / 10_900))")
        let plain = try http(long).body
        #expect(plain.utf8.count >= leastBytes)
        for (encoding, tool) in [("gzip", ["/bin/gzip", "-dc"]), ("zstd", ["/usr/bin/zstd", "-dcq"])] {
            let file = stack.folder.appendingPathComponent("answer.\(encoding)")
            let headers = try run("/usr/bin/curl", ["-sS", "-g", "-H", "Accept-Encoding: \(encoding)", "-o", file.path, "-D", "-", long]).output.lowercased()
            #expect(headers.contains("content-encoding: \(encoding)") && headers.contains("vary: accept-encoding"))
            let bytes = try Data(contentsOf: file)
            #expect(bytes.count < plain.utf8.count / 2)
            guard FileManager.default.isExecutableFile(atPath: tool[0]) else { continue }
            // Piped in: the tool goes by names otherwise.
            #expect(try run("/bin/sh", ["-c", "\(tool[0]) \(tool[1]) < '\(file.path)'"]).output == plain)
        }
    }
}
