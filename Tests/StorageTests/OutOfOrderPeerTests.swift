import Bytes
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

/// Late samples, sent to real Prometheus and to the store: each reads the other's directory, with all of them.
@Suite(.serialized, .ownWaitingThread, .enabled(if: Peer.path("prometheus") != nil && Peer.path("promtool") != nil, "needs prometheus and promtool under ~/.cache/observability-peers"))
struct OutOfOrderPeerTests {
    @Test("late floats and histograms: what Prometheus keeps in blocks and log is read here, and the other way round, stopped or killed", arguments: [SIGTERM, SIGKILL])
    func bothWays(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        func open(_ name: String, window: Int64 = 3 * 3_600_000) throws -> MetricStore {
            try StoreFixture.open(Disk(), "\(folder.path)/\(name)", clock: SystemClock()) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0; $0.outOfOrderWindowMillis = window }
        }
        let store = try open("ours")
        var prometheus = PeerPrometheus(folder, configuration: "{global: {scrape_interval: 1h}, storage: {tsdb: {out_of_order_time_window: 3h}}}")
        try prometheus.start("theirs")
        let (truth, total, requests) = Self.load(from: SystemClock().unixMillis - 6 * 3_600_000)
        try await prometheus.write(requests, and: store) { if $0 % 200 == 199 { try store.maintain() } }
        try prometheus.awaitRest { try Self.lateBlocks(folder.path + "/theirs") > 0 }
        prometheus.stop(signal)
        StoreFixture.expectSame(StoreFixture.lines(try StoreFixture.readMixed(store)), truth, "ours")
        store.close()
        for name in ["ours", "theirs"] {
            if name == "ours" { #expect(try Disk().treeSize("\(folder.path)/\(name)/wbl") > 1000) }
            #expect(try Self.lateBlocks("\(folder.path)/\(name)") > 0)
        }
        try Peer.copyTree(folder.path + "/theirs", to: folder.path + "/copy")
        // The second opening finds what the first one left, with no more to come.
        for window in [3 * 3_600_000, 0] as [Int64] {
            let reader = try open("copy", window: window)
            #expect(reader.opening.blockDamage.isEmpty && reader.opening.samplesOfUnknownSeries == 0)
            #expect(reader.opening.outOfOrderLog?.damage.allSatisfy(\.isTornTail) == true)
            #expect(reader.opening.recordsSkipped.isEmpty)
            StoreFixture.expectSame(StoreFixture.lines(try StoreFixture.readMixed(reader)), truth, "theirs, read here")
            try reader.maintain()
            StoreFixture.expectSame(StoreFixture.lines(try StoreFixture.readMixed(reader)), truth, "theirs, read here after compaction")
            reader.close()
        }
        // Real Prometheus answers the same from either directory, and what it leaves of ours is read here. (promtool 3.5 leaves late samples
        // of the head out of its dump.)
        let time = SystemClock().unixMillis / 1000
        var answers: [String] = []
        for name in ["ours", "theirs", "copy"] {
            try prometheus.start(name)
            answers.append(try prometheus.answer("{__name__=~\".+\"}[7h]", at: time))
            let counted = try prometheus.answer("sum(count_over_time({__name__=~\".+\"}[7h]))", at: time)
            #expect(counted.contains("\"\(total)\""), "\(counted)")
            #expect(prometheus.stop() == 0)
            let log = try prometheus.log
            #expect(!log.lowercased().contains("corrupt") && !log.contains("nknown series"), "\(log)")
        }
        #expect(answers[0].utf8.count > 100_000)
        let areSame = answers[0] == answers[1] && answers[1] == answers[2]
        #expect(areSame, "\(answers.map(\.utf8.count)) bytes")
        let again = try open("ours")
        StoreFixture.expectSame(StoreFixture.lines(try StoreFixture.readMixed(again)), truth, "ours, after Prometheus had it")
        again.close()
    }

    /// Six hours of several series, of which every fifth sample comes half an hour late, and some two hours.
    private static func load(from start: Int64) -> (truth: [String: [String]], total: Int, requests: [[(labels: Labels, samples: [MixedSample])]]) {
        var generator = SeededGenerator(77)
        let characters: [HistogramScenario.Character] = [.counter, .floatCounter, .gauge, .floatGauge, .custom]
        var scenarios = characters.enumerated().map { HistogramScenario($1, seed: UInt64(100 + $0), hasEmptyBuckets: false) }
        let labels = (0..<8).map { Labels(["__name__": $0 < characters.count ? "h\($0)" : "f", "n": "\($0)"]) }
        var samples: [Labels: [MixedSample]] = [:]
        var order: [(at: Int, step: Int)] = []
        for step in 0..<720 {
            for (number, label) in labels.enumerated() {
                var value = MixedSample.Value.float(Double(Int.random(in: 0..<1000, using: &generator)) / 8)
                // One kind a series: promtool before 3.7 does not dump others whole.
                if number < scenarios.count {
                    value = scenarios[number].next()
                    while case .float = value { value = scenarios[number].next() }
                }
                samples[label, default: []].append(MixedSample(time: start + Int64(step) * 30_000 + Int64(number), value: value))
            }
            order.append((step + (step % 5 == 3 ? 60 : step % 97 == 11 ? 240 : 0), step))
        }
        order.sort { ($0.at, $0.step) < ($1.at, $1.step) }
        let requests = order.map { entry in labels.map { ($0, [samples[$0]![entry.step]]) } }
        // Stale markers are not counted.
        let total = samples.values.joined().count { if case .histogram(let histogram) = $0.value { !histogram.isStaleMarker } else { true } }
        return (StoreFixture.lines(samples), total, requests)
    }

    /// Blocks of late samples, those that have become one with others included.
    private static func lateBlocks(_ directory: String) throws -> Int {
        try PeerPrometheus.blocks(directory).count { $0.meta.hints.contains("from-out-of-order") || $0.meta.level > 1 }
    }
}
