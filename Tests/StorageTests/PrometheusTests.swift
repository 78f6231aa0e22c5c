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

/// Both ways: what real Prometheus wrote is read here, and what is written here is read there.
@Suite(.serialized, .ownWaitingThread, .enabled(if: Peer.path("prometheus") != nil && Peer.path("promtool") != nil, "needs prometheus and promtool under ~/.cache/observability-peers"))
struct PrometheusTests {
    private let port: Int

    init() throws { port = try freePort() }

    @Test("a log that Prometheus wrote before it was killed is read back with every sample")
    func readsLogOfPrometheus() throws {
        let folder = try TemporaryFolder()
        let prometheus = try #require(Peer.path("prometheus"))
        try Disk().publish(folder.path + "/prometheus.yml", Array("""
            global: {scrape_interval: 200ms, scrape_timeout: 200ms}
            scrape_configs: [{job_name: self, static_configs: [{targets: ["127.0.0.1:\(port)"]}]}, {job_name: absent, static_configs: [{targets: ["127.0.0.1:1"]}]}]
            """.utf8))
        let process = try Peer.start(
            [prometheus, "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)", "--log.level=error"],
            output: folder.path + "/prometheus.log")
        // Long enough for a dozen scrapes; whatever was written by then is the test.
        for _ in 0..<100 {
            usleep(100_000)
            if (try Disk().status(folder.path + "/data/wal/00000000")?.size ?? 0) > 150_000 { break }
        }
        kill(process, SIGKILL)
        _ = Peer.wait(process)
        let expected = try Peer.dump(folder.path + "/data")
        #expect(expected.count > 100)
        let store = try StoreFixture.open(Disk(), folder.path + "/data", clock: SystemClock())
        #expect(try Peer.asDump(StoreFixture.read(store)) == expected)
        #expect(store.opening.samplesOfUnknownSeries == 0)
        store.close()
    }

    @Test("blocks and log written here are read by promtool with every sample, and pass its analysis")
    func promtoolReads() async throws {
        let folder = try TemporaryFolder()
        let directory = folder.path + "/data"
        let store = try StoreFixture.open(Disk(), directory) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.blockMillisMax = $0.blockRangeMillis }
        var generator = SeededGenerator(11)
        let labels = (0..<150).map { (index: Int) -> Labels in
            let name = index % 3 == 0 ? "requests_total" : "gauge"
            let odd = index == 7 ? "a\"b\\c\n✓" : ""
            return Labels(["__name__": name, "n": "\(index)", "quoted": odd, "le": index % 2 == 0 ? "0.5" : "+Inf"])
        }
        var values = labels.map { _ in 0.0 }
        // Eleven hours in steps of a minute: five blocks and a head.
        for minute in 0..<660 {
            var samples: [(Labels, Int64, Double)] = []
            for (index, label) in labels.enumerated() where index < 140 || minute < 100 {
                values[index] += index % 3 == 0 ? Double(Int.random(in: 0..<50, using: &generator)) : Double.random(in: -1...1, using: &generator)
                samples.append((label, StoreFixture.start + Int64(minute) * 60_000 + Int64(index), minute == 300 && index == 5 ? Staleness.marker : values[index]))
            }
            _ = try await store.append(StoreFixture.batch(samples), durability: .logged)
            if minute % 60 == 59 { try store.maintain() }
        }
        let whole = try StoreFixture.read(store)
        #expect(whole.values.reduce(0) { $0 + $1.count } == 140 * 660 + 10 * 100)
        store.close()
        #expect(try Disk().list(directory).filter { $0.count == 26 }.count == 4)
        #expect(try Peer.dump(directory) == Peer.asDump(whole))

        let promtool = try #require(Peer.path("promtool"))
        let listing = try Peer.run([promtool, "tsdb", "list", directory], in: folder)
        #expect(listing.split(separator: "\n").count == 5)
        let analysis = try Peer.run([promtool, "tsdb", "analyze", directory], in: folder)
        #expect(analysis.contains("Total Series: 140") || analysis.contains("Total Series: 150"), "\(analysis)")

        let again = try StoreFixture.open(Disk(), directory) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        #expect(try StoreFixture.read(again) == whole)
        #expect(again.opening.blockDamage.isEmpty)
        #expect(again.opening.log.damage.isEmpty)
        again.close()
    }

    @Test("Prometheus starts on a directory written here, answers from it, and what it adds is read here again")
    func prometheusOpens() async throws {
        let folder = try TemporaryFolder()
        let directory = folder.path + "/data"
        let now = SystemClock().unixMillis
        let store = try StoreFixture.open(Disk(), directory, clock: SystemClock()) { $0.maintenanceSeconds = 0 }
        let labels = (0..<20).map { Labels(["__name__": "m", "n": "\($0)"]) }
        for minute in 0..<400 {
            _ = try await store.append(StoreFixture.batch(labels.map { ($0, now - Int64(400 - minute) * 60_000, Double(minute)) }), durability: .logged)
        }
        try store.maintain()
        let whole = try StoreFixture.read(store)
        store.close()
        try Disk().publish(folder.path + "/prometheus.yml", Array("scrape_configs: [{job_name: self, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{targets: [\"127.0.0.1:\(port)\"]}]}]".utf8))
        let prometheus = try #require(Peer.path("prometheus"))
        let process = try Peer.start(
            [prometheus, "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(directory)", "--web.listen-address=127.0.0.1:\(port)", "--log.level=warn"],
            output: folder.path + "/prometheus.log")
        let promtool = try #require(Peer.path("promtool"))
        var answer = ""
        for _ in 0..<100 where !answer.contains("=> 20 @") {
            usleep(100_000)
            answer = (try? Peer.run([promtool, "query", "instant", "http://127.0.0.1:\(port)", "count(count_over_time(m[1d]))"], in: folder)) ?? ""
        }
        #expect(answer.contains("=> 20 @"), "\(answer)")
        // Until it has scraped itself, which it begins some seconds after it is up.
        for _ in 0..<150 where !answer.contains("up{") {
            usleep(100_000)
            answer = (try? Peer.run([promtool, "query", "instant", "http://127.0.0.1:\(port)", "up"], in: folder)) ?? ""
        }
        kill(process, SIGTERM)
        #expect(Peer.wait(process) == 0)
        let log = String(decoding: try Disk().contents(folder.path + "/prometheus.log.err") ?? [], as: UTF8.self)
        #expect(!log.lowercased().contains("corrupt"), "\(log)")

        let expected = try Peer.dump(directory)
        let again = try StoreFixture.open(Disk(), directory, clock: SystemClock()) { $0.maintenanceSeconds = 0 }
        let read = try StoreFixture.read(again)
        for (labels, samples) in whole { #expect(read[labels] == samples) }
        #expect(read.count > 100)
        #expect(Peer.asDump(read) == expected)
        again.close()
    }
}
