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

/// The same histograms, sent to real Prometheus and to the store: each reads the other's directory, and the chunks are the same bytes.
@Suite(.serialized, .ownWaitingThread, .enabled(if: Peer.path("prometheus") != nil && Peer.path("promtool") != nil, "needs prometheus and promtool under ~/.cache/observability-peers"))
struct HistogramPeerTests {
    @Test("native histograms of every kind: what Prometheus keeps is read here, and the other way round, line by line and chunk by chunk")
    func bothWays() async throws {
        let folder = try TemporaryFolder()
        let store = try StoreFixture.open(Disk(), folder.path + "/ours", clock: SystemClock()) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
        var prometheus = PeerPrometheus(folder, configuration: "global: {scrape_interval: 1h}")
        try prometheus.start("theirs")
        let clock = SystemClock()
        let start = clock.unixMillis - 6 * 3_600_000
        // Prometheus before 3.6 puts observations into wrong buckets when empty ones come and go (prometheus/prometheus#16894).
        var scenarios = (HistogramScenario.Character.allCases + HistogramScenario.Character.allCases).enumerated().map {
            HistogramScenario($1, seed: UInt64(1000 + $0), hasEmptyBuckets: false)
        }
        let labels = scenarios.indices.map { Labels(["__name__": "h\($0)", "kind": "\(HistogramScenario.Character.allCases[$0 % 8])"]) }
        try await prometheus.write(
            (0..<710).map { step in scenarios.indices.map { (labels[$0], [MixedSample(time: start + Int64(step) * 30_000 + Int64($0), value: scenarios[$0].next())]) } }, and: store)
        try store.maintain()
        try prometheus.awaitRest { try !PeerPrometheus.blocks(folder.path + "/theirs").isEmpty }
        prometheus.stop(SIGKILL)
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
        let mine = Dictionary(grouping: try PeerPrometheus.blocks(folder.path + "/ours"), by: \.meta.minTime)
        var compared = 0
        for (path, meta) in try PeerPrometheus.blocks(folder.path + "/theirs") {
            guard let twin = mine[meta.minTime]?.first else { continue }
            compared += 1
            let (left, right) = (
                try ChunkFile.chunks(try Disk().contents("\(path)/chunks/000001") ?? []), try ChunkFile.chunks(try Disk().contents("\(twin.path)/chunks/000001") ?? []))
            #expect(left.count == right.count && left.contains { $0.encoding != 1 })
            let first = zip(left, right).enumerated().first { $1.0 != $1.1 }
            #expect(first == nil, "block from \(meta.minTime): chunk \(first?.offset ?? 0) of \(left.count), of encoding \(first?.element.0.encoding ?? 0), is another one")
        }
        #expect(compared > 0)

        // Real Prometheus answers the same from either directory.
        let time = clock.unixMillis / 1000
        var answers: [String] = []
        for name in ["ours", "theirs"] {
            try prometheus.start(name)
            answers.append(try prometheus.answer("{__name__=~\"h.*\"}[7h]", at: time))
            #expect(prometheus.stop() == 0)
        }
        #expect(answers[0].utf8.count > 100_000)
        let isSame = answers[0] == answers[1]
        #expect(isSame, "\(answers[0].utf8.count) and \(answers[1].utf8.count) bytes, same up to \(zip(answers[0].utf8, answers[1].utf8).prefix { $0 == $1 }.count)")
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
}
