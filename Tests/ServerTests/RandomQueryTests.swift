import AsyncHTTPClient
import Foundation
import NIOCore
import Testbed
import Testing

/// Queries made at random, asked here and of Prometheus, over the same samples.
@Suite("Random queries", .serialized, .ownWaitingThread, .enabled(if: peer("prometheus") != nil, "the peers are not here: run scripts/get-peers.sh"))
struct RandomQueryTests {
    /// `OBSTACK_RANDOM_QUERIES` asks for more, `OBSTACK_RANDOM_SEED` for others, `OBSTACK_WORKLOAD` for a folder that the benchmark generated.
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["OBSTACK_RANDOM_QUERIES"].flatMap { Int($0) } ?? 2_000
    private static let firstSeed = environment["OBSTACK_RANDOM_SEED"].flatMap { UInt64($0) } ?? 1

    @Test("queries made at random, instant and over a range, are answered as Prometheus answers them")
    func besidePrometheus() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"], arguments: ["--storage.tsdb.retention.time=100y"])
        defer { stack.stop() }
        let prometheus = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: stack.folder.appendingPathComponent("prometheus"), arguments: ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"])
        let fleet = try Self.environment["OBSTACK_WORKLOAD"].map { try Fleet(workload: URL(fileURLWithPath: $0)) }
            ?? Fleet(instances: 14, scrapes: 100, endMillis: 1_767_225_600_000, seed: 7)
        for base in [stack.url("prometheus"), prometheus.url()] {
            for body in fleet.bodies { try await Self.write(body, to: base) }
        }
        var differences: [String] = []
        var (failed, empty, undecided, explained) = (0, 0, 0, 0)
        for seed in Self.firstSeed..<Self.firstSeed + UInt64(Self.count) {
            let (path, form) = Self.request(seed, fleet)
            let ours = try await Self.ask(stack.url("prometheus", path), form)
            let theirs = try await Self.ask(prometheus.url(path), form)
            switch theirs.content {
            case .failure: failed += 1
            case .points(_, let points): if points.isEmpty { empty += 1 }
            }
            guard let difference = ours.difference(from: theirs) else { continue }
            if difference.hasPrefix(Self.strictMatching), Self.compares(form["query"] ?? "") {
                print("refused since a later version: seed \(seed): \(form["query"] ?? "")")
                explained += 1
                continue
            }
            if try await Self.isUndecided(prometheus.url(path), form, theirs) { undecided += 1; continue }
            differences.append("seed \(seed): \(form["query"] ?? "")\n    \(path) \(form.filter { $0.key != "query" }): \(difference)")
        }
        print("\(Self.count) random queries: \(failed) are refused by both, \(empty) have empty answers, \(undecided) are answered by Prometheus now so, now so, \(explained) are refused since a later version, \(differences.count) differ")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        // Else the grammar has lost touch with the data.
        #expect(failed * 4 < Self.count && empty * 2 < Self.count)
    }

    /// The query of a seed, with the times that it is asked for.
    private static func request(_ seed: UInt64, _ fleet: Fleet) -> (path: String, form: [String: String]) {
        var grammar = QueryGrammar(seed: seed)
        let length = Int(fleet.endMillis - fleet.startMillis)
        func text(_ millis: Int64) -> String { "\(Double(millis) / 1000)" }
        func time(_ grammar: inout QueryGrammar) -> Int64 { fleet.startMillis + Int64(grammar.number(length / 8...length + 60_000)) }
        let query = grammar.query().replacingOccurrences(of: "START", with: text(fleet.startMillis + Int64(length / 3))).replacingOccurrences(of: "MIDDLE", with: text(fleet.startMillis + Int64(length / 2)))
        if grammar.chance(2) { return ("/api/v1/query", ["query": query, "time": text(time(&grammar))]) }
        let (a, b) = (time(&grammar), time(&grammar))
        let step = grammar.pick([15, 15, 30, 47, 60, 300])
        return ("/api/v1/query_range", ["query": query, "start": text(min(a, b)), "end": text(max(a, b)), "step": "\(step)"])
    }

    /// Of a comparison, pairs that are dropped count as matches after 3.5 (`engine.go`, `VectorBinop`: the check stands before `keep`), and so do they here.
    private static let strictMatching = "only the first fails: multiple matches for labels"

    /// Whether a query drops pairs by a comparison; the signs in selectors and names of labels are none.
    private static func compares(_ query: String) -> Bool {
        let bare = query.replacing(/\{[^}]*\}|"[^"]*"/, with: "")
        return bare.contains(/==|!=|[<>]/)
    }

    /// Whether Prometheus answers a query that it has answered already in another way. Of series that are equal to `topk` and `bottomk` it takes
    /// any, as it goes through a map (`engine.go`, `rangeEval`).
    private static func isUndecided(_ url: String, _ form: [String: String], _ first: QueryAnswer) async throws -> Bool {
        for _ in 0..<30 { if try await ask(url, form).difference(from: first) != nil { return true } }
        return false
    }

    private static func ask(_ url: String, _ form: [String: String]) async throws -> QueryAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        // The client refuses what is compressed as well as answers are.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        let body = form.map { "\($0.key)=\($0.value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }.joined(separator: "&")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let answer = try await response.body.collect(upTo: 256 << 20)
        return try QueryAnswer(status: Int(response.status.code), body: Array(answer.readableBytesView))
    }

    private static func write(_ body: Data, to base: String) async throws {
        var request = HTTPClientRequest(url: base + "/api/v1/write")
        request.method = .POST
        for header in remoteWriteHeaders {
            let parts = header.split(separator: ":", maxSplits: 1)
            request.headers.add(name: String(parts[0]), value: parts[1].trimmingCharacters(in: .whitespaces))
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        #expect((200..<300).contains(Int(response.status.code)))
    }
}
