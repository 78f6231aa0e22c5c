import Bytes
import MetricFormats
import MetricModel
import MetricStore
import Platform
import Testing
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The same histograms, sent to real Prometheus and to the store: each reads the other's directory, and the chunks are the same bytes.
@Suite(.serialized, .enabled(if: Peer.path("prometheus") != nil && Peer.path("promtool") != nil, "needs prometheus and promtool under ~/.cache/observability-peers"))
struct HistogramPeerTests {
    private let port: UInt16

    init() throws { port = try Peer.freePort() }

    @Test("native histograms of every kind: what Prometheus keeps is read here, and the other way round, line by line and chunk by chunk")
    func bothWays() async throws {
        let folder = try TemporaryFolder()
        let store = try StoreFixture.open(Disk(), folder.path + "/ours", clock: SystemClock()) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        var process = try startPrometheus(folder, "theirs")
        let clock = SystemClock()
        let start = clock.unixMillis - 6 * 3_600_000
        // Prometheus before 3.6 puts observations into wrong buckets when empty ones come and go (prometheus/prometheus#16894).
        var scenarios = (HistogramScenario.Character.allCases + HistogramScenario.Character.allCases).enumerated().map {
            HistogramScenario($1, seed: UInt64(1000 + $0), hasEmptyBuckets: false)
        }
        let labels = scenarios.indices.map { Labels(["__name__": "h\($0)", "kind": "\(HistogramScenario.Character.allCases[$0 % 8])"]) }
        for step in 0..<710 {
            var request: [(labels: Labels, samples: [MixedSample])] = []
            for index in scenarios.indices { request.append((labels[index], [MixedSample(time: start + Int64(step) * 30_000 + Int64(index), value: scenarios[index].next())])) }
            let body = StoreFixture.remoteWrite(request)
            let status = try Peer.post(port, "/api/v1/write", Compression.snappy.compress(body), attempts: step == 0 ? 100 : 1)
            #expect(status == 204, "step \(step)")
            let report = try await store.append(try RemoteWriteRequest.decode(body).batch, durability: .logged)
            #expect(report.refused == 0, "\(report.firstRefusal ?? "")")
        }
        try store.maintain()
        // Prometheus compacts when it comes to it: the first block must be there, and the directory must rest.
        for _ in 0..<100 where try Self.blocks(folder.path + "/theirs").count < 1 { usleep(100_000) }
        usleep(1_000_000)
        kill(process, SIGKILL)
        _ = Peer.wait(process)
        let samples = try StoreFixture.readMixed(store)
        let ours = StoreFixture.lines(samples)
        store.close()

        let theirs = try Peer.mixedDump(folder.path + "/theirs")
        #expect(theirs.count == labels.count)
        StoreFixture.expectSame(try Peer.mixedDump(folder.path + "/ours"), theirs)
        let isCut = theirs.values.contains { $0.count < 700 }
        StoreFixture.expectSame(isCut ? StoreFixture.cutLines(samples) : ours, theirs)

        let copy = folder.path + "/copy"
        try Peer.copyTree(folder.path + "/theirs", to: copy)
        let reader = try StoreFixture.open(Disk(), copy, clock: SystemClock()) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        #expect(reader.opening.blockDamage.isEmpty)
        #expect(reader.opening.samplesOfUnknownSeries == 0)
        StoreFixture.expectSame(StoreFixture.lines(try StoreFixture.readMixed(reader)), ours)
        reader.close()

        // Blocks of the same time hold the same chunks.
        let (mine, other) = (try Self.blocks(folder.path + "/ours"), try Self.blocks(folder.path + "/theirs"))
        var compared = 0
        for (time, block) in other {
            guard let twin = mine[time] else { continue }
            compared += 1
            let (left, right) = (try Disk().contents("\(block)/chunks/000001") ?? [], try Disk().contents("\(twin)/chunks/000001") ?? [])
            let isSame = left == right
            #expect(isSame, "block from \(time): \(left.count) and \(right.count) bytes, same up to \(zip(left, right).prefix { $0 == $1 }.count)")
        }
        #expect(compared > 0)

        // Real Prometheus answers the same from either directory.
        let query = "/api/v1/query?query=%7B__name__%3D~%22h.*%22%7D%5B7h%5D&time=\(clock.unixMillis / 1000)"
        var answers: [String] = []
        for name in ["ours", "theirs"] {
            process = try startPrometheus(folder, name)
            answers.append(try Peer.get(port, query, attempts: 100))
            kill(process, SIGTERM)
            #expect(Peer.wait(process) == 0)
        }
        #expect(answers[0].utf8.count > 100_000)
        let isSame = answers[0] == answers[1]
        #expect(isSame, "\(answers[0].utf8.count) and \(answers[1].utf8.count) bytes, same up to \(zip(answers[0].utf8, answers[1].utf8).prefix { $0 == $1 }.count)")
    }

    private func startPrometheus(_ folder: TemporaryFolder, _ name: String) throws -> pid_t {
        let prometheus = try #require(Peer.path("prometheus"))
        try Disk().publish(folder.path + "/prometheus.yml", Array("global: {scrape_interval: 1h}".utf8))
        return try Peer.start(
            [
                prometheus, "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/\(name)", "--web.listen-address=127.0.0.1:\(port)",
                "--enable-feature=native-histograms", "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=10y", "--log.level=warn",
            ], output: folder.path + "/prometheus.log")
    }

    /// The blocks of a directory by the time they begin at.
    private static func blocks(_ directory: String) throws -> [Int: String] {
        var blocks: [Int: String] = [:]
        for name in try Disk().list(directory) where name.utf8.count == 26 {
            guard let meta = try Disk().contents("\(directory)/\(name)/meta.json") else { continue }
            if let time = try JSONParser.parse(meta)["minTime"]?.int { blocks[time] = "\(directory)/\(name)" }
        }
        return blocks
    }
}

extension Peer {
    /// What `promtool tsdb dump` says a directory holds: lines like `MixedSample.line`, by series.
    static func mixedDump(_ directory: String) throws -> [String: [String]] {
        guard let promtool = path("promtool") else { return [:] }
        let folder = try TemporaryFolder()
        try copyTree(directory, to: folder.path + "/data")
        var dump: [String: [String]] = [:]
        for line in try run([promtool, "tsdb", "dump", "--sandbox-dir-root=\(folder.path)", folder.path + "/data"], in: folder).split(separator: "\n") {
            guard let space = line.lastIndex(of: " ") else { throw Failure(description: "unreadable line: \(line)") }
            let (sample, time) = (line[..<space], line[line.index(after: space)...])
            if let at = sample.firstRange(of: "} {count:") {
                let value = sample[sample.index(at.lowerBound, offsetBy: 2)...]
                dump[String(sample[...at.lowerBound]), default: []].append("\(value) @\(time)")
            } else if let last = sample.lastIndex(of: " ") {
                let text = sample[sample.index(after: last)...]
                guard let value = text == "NaN" ? .nan : Double(text) else { throw Failure(description: "unreadable value: \(line)") }
                dump[String(sample[..<last]), default: []].append("\(value.isNaN ? "NaN" : "\(value)") @\(time)")
            }
        }
        return dump
    }

    /// Sends a body of remote write and returns the status of the answer.
    static func post(_ port: UInt16, _ path: String, _ body: [UInt8], attempts: Int) throws -> Int {
        let head = """
            POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
            X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n
            """
        let answer = try exchange(port, Array(head.utf8) + body, attempts: attempts) { $0 != 503 }
        return answer.status
    }

    /// The body of an answer, once the program is ready to give it.
    static func get(_ port: UInt16, _ path: String, attempts: Int) throws -> String {
        let head = "GET \(path) HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return try exchange(port, Array(head.utf8), attempts: attempts) { $0 == 200 }.body
    }

    private static func exchange(_ port: UInt16, _ request: [UInt8], attempts: Int, until isGood: (Int) -> Bool) throws -> (status: Int, body: String) {
        var last = (status: 0, body: "")
        for _ in 0..<attempts {
            if let answer = exchangeOnce(port, request) {
                last = answer
                if isGood(answer.status) { return answer }
            }
            if attempts > 1 { usleep(100_000) }
        }
        return last
    }

    private static func exchangeOnce(_ port: UInt16, _ request: [UInt8]) -> (status: Int, body: String)? {
        #if canImport(Darwin)
        let socket = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { return nil }
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { send(socket, $0.baseAddress! + sent, request.count - sent, 0) }
            guard count > 0 else { return nil }
            sent += count
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = recv(socket, &chunk, chunk.count, 0), count > 0 { answer.append(contentsOf: chunk[..<count]) }
        let text = String(decoding: answer, as: UTF8.self)
        guard let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap({ Int($0) }) else { return nil }
        return (status, text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "")
    }
}
