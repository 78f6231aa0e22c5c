import MetricModel
import MetricStore
import Platform
import Testbed
import Testing
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Blocks that Prometheus's tools wrote, compacted and changed here, and looked at by them again.
@Suite(.serialized, .ownWaitingThread, .enabled(if: Peer.path("prometheus") != nil && Peer.path("promtool") != nil, "needs prometheus and promtool under ~/.cache/observability-peers"))
struct PeerBlockTests {
    private static let hour: Int64 = 3_600_000

    /// Twenty blocks of two hours that promtool made of text.
    private static func makeBlocks(_ folder: TemporaryFolder) throws -> String {
        let directory = folder.path + "/data"
        var text = "# TYPE requests counter\n"
        for step in 0..<(40 * 12) {
            let seconds = StoreFixture.start / 1000 + Int64(step) * 300
            for index in 0..<20 where index < 15 || step % 90 < 40 {
                text += "requests_total{n=\"\(index)\",path=\"/a\\\"b\\\\\(index)\"} \(step * index) \(seconds).\(100 + index)\n"
            }
        }
        text += "# TYPE odd gauge\n"
        for (step, value) in ["NaN", "+Inf", "-Inf", "-0", "1e-7", "1234567", "123456", "0.1", "1e21", "12345678901234567890", "5e-324", "0.00001", "0.0001", "100000", "1000000"].enumerated() {
            text += "odd{text=\"\u{A0}é✓\u{200B}\"} \(value) \(StoreFixture.start / 1000 + Int64(step) * 7200)\n"
        }
        text += "# EOF\n"
        try Disk().publish(folder.path + "/text", Array(text.utf8))
        _ = try Peer.run([try #require(Peer.path("promtool")), "tsdb", "create-blocks-from", "openmetrics", folder.path + "/text", directory], in: folder)
        return directory
    }

    private static func blocks(_ directory: String) throws -> [String] { try Disk().list(directory).filter { BlockID($0) != nil } }

    private static func promtool(_ arguments: [String], _ directory: String) throws -> String {
        let folder = try TemporaryFolder()
        try Peer.copyTree(directory, to: folder.path + "/data")
        try Disk().makeDirectory(folder.path + "/data/wal")
        return try Peer.run([try #require(Peer.path("promtool")), "tsdb"] + arguments + [folder.path + "/data"], in: folder)
    }

    private static func dump(_ directory: String, _ selectors: [[Matcher]] = [], _ time: ClosedRange<Int64> = .min ... .max) throws -> String {
        var text = ""
        let store = try StoreInspection(directory: directory)
        #expect(store.damage.isEmpty)
        try store.dump(selectors, time) { text += $0 }
        return text
    }

    private static func open(_ directory: String) throws -> MetricStore { try StoreFixture.open(Disk(), directory) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 } }

    @Test("blocks of promtool, compacted here, dump line by line as before, there and here, and Prometheus answers from them")
    func compacts() throws {
        let folder = try TemporaryFolder()
        let directory = try Self.makeBlocks(folder)
        #expect(try Self.blocks(directory).count == 20)
        let before = try Self.promtool(["dump"], directory)
        #expect(before.split(separator: "\n").count > 8000)
        #expect(try Self.dump(directory) == before)
        #expect(try StoreVerification(directory: directory).problems == [])
        let store = try Self.open(directory)
        let samples = try StoreFixture.read(store)
        try store.maintain()
        #expect(try StoreFixture.read(store) == samples)
        store.close()
        let left = try Self.blocks(directory)
        #expect(left.count == 4, "\(left)")
        #expect(try Self.promtool(["dump"], directory) == before)
        #expect(try Self.dump(directory) == before)
        #expect(try StoreVerification(directory: directory).problems == [])

        let time = StoreFixture.start + 10 * Self.hour...StoreFixture.start + 20 * Self.hour
        for (match, kind) in [("{n=~\"1.*\"}", try Matcher(.regex, "n", "1.*")), ("{n!=\"3\",__name__=\"requests_total\"}", try Matcher(.notEqual, "n", "3"))] {
            let matchers = kind.kind == .notEqual ? [kind, .equal("__name__", "requests_total")] : [kind]
            let theirs = try Self.promtool(["dump", "--match=\(match)", "--min-time=\(time.lowerBound)", "--max-time=\(time.upperBound)"], directory)
            #expect(try Self.dump(directory, [matchers], time) == theirs)
            #expect(theirs.split(separator: "\n").count > 100)
        }
        for human in [false, true] {
            let theirs = try Self.promtool(human ? ["list", "-r"] : ["list"], directory)
            #expect(BlockSummary.table(try StoreInspection(directory: directory, readsLog: false).summaries, humanReadable: human) == theirs)
        }
        for block in left {
            // Counts that are equal come in any order there.
            func lines(_ text: String?) -> [String] { (text ?? "").split(separator: "\n").map(String.init).sorted() }
            let copy = try TemporaryFolder()
            try Peer.copyTree(directory, to: copy.path + "/data")
            let theirs = try Peer.run([try #require(Peer.path("promtool")), "tsdb", "analyze", "--limit=1000", copy.path + "/data", block], in: copy)
            #expect(lines(try StoreInspection(directory: directory, readsLog: false).analysis(block, limit: 1000, matchers: nil)) == lines(theirs))
        }
        try Self.asksPrometheus(folder, directory, end: StoreFixture.start + 40 * Self.hour, expected: samples.reduce(0) { $0 + ($1.key["n"] != nil ? $1.value.count : 0) })
    }

    /// Starts Prometheus on the directory and has it count the samples.
    private static func asksPrometheus(_ folder: TemporaryFolder, _ directory: String, end: Int64, expected: Int) throws {
        try Disk().publish(folder.path + "/prometheus.yml", [])
        let port = try freePort()
        let process = try Peer.start(
            [try #require(Peer.path("prometheus")), "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(directory)", "--storage.tsdb.retention.time=100y",
             "--web.listen-address=127.0.0.1:\(port)", "--log.level=warn"], output: folder.path + "/prometheus.log")
        defer {
            kill(process, SIGTERM)
            _ = Peer.wait(process)
        }
        let promtool = try #require(Peer.path("promtool"))
        var answer = ""
        for _ in 0..<200 where !answer.contains("=> ") {
            usleep(100_000)
            answer = (try? Peer.run([promtool, "query", "instant", "--time=\(end / 1000)", "http://127.0.0.1:\(port)", "sum(count_over_time({n=~\".+\"}[41h]))"], in: folder)) ?? ""
        }
        #expect(answer.contains("=> \(expected) @"), "\(answer)")
    }

    /// What promtool dumps, but the series whose label is no plain text.
    private static func plain(_ directory: String) throws -> [String: [StoreFixture.Sample]] { try Peer.dump(directory).filter { !$0.key.contains("\"odd\"") } }

    @Test("what is deleted here is deleted for promtool, before and after cleaning, and a snapshot is a directory that it reads")
    func deletes() async throws {
        let folder = try TemporaryFolder()
        let directory = try Self.makeBlocks(folder)
        let store = try Self.open(directory)
        let late = StoreFixture.start + 41 * Self.hour
        _ = try await store.append(StoreFixture.batch((0..<50).map { (Labels(["__name__": "live", "n": "\($0 % 5)"]), late + Int64($0) * 1000, Double($0)) }), durability: .synced)
        try await store.delete([try Matcher(.regex, "n", "[0-3]")], time: StoreFixture.start + 3 * Self.hour + 1...late + 20_000)
        let expected = try StoreFixture.read(store, []).filter { !$0.value.isEmpty && $0.key.metricName != "odd" }
        #expect(expected[Labels(["__name__": "live", "n": "0"])]?.count == 5)
        let name = try await store.snapshot(includingHead: true)
        #expect(try Self.plain(directory) == Peer.asDump(expected))
        #expect(try Self.dump(directory) == Self.promtool(["dump"], directory))
        #expect(try Self.plain("\(directory)/snapshots/\(name)") == Peer.asDump(expected))
        try await store.cleanTombstones()
        #expect(try Self.plain(directory) == Peer.asDump(expected))
        try store.maintain()
        #expect(try Self.plain(directory) == Peer.asDump(expected))
        store.close()
        #expect(try StoreVerification(directory: directory).problems == [])
        #expect(try Self.plain("\(directory)/snapshots/\(name)") == Peer.asDump(expected))
    }

    @Test("text imported here dumps as text that promtool made blocks of")
    func imports() throws {
        let folder = try TemporaryFolder()
        let theirs = try Self.makeBlocks(folder)
        let mine = folder.path + "/mine"
        let read = try Self.open(theirs)
        let samples = try StoreFixture.read(read)
        read.close()
        do {
            let writer = try HistoryWriter(directory: mine)
            for (labels, samples) in samples { for sample in samples { writer.add(labels, sample.time, Double(bitPattern: sample.bits)) } }
            #expect(try writer.writeBlocks(every: 2 * Self.hour).count >= 20)
            #expect(try writer.writeBlocks(every: 2 * Self.hour).isEmpty)
        }
        #expect(try Self.promtool(["dump"], mine) == Self.promtool(["dump"], theirs))
        #expect(try StoreVerification(directory: mine).problems == [])
    }
}
