import Bytes
import MetricFormats
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

/// Directories that Prometheus left with chunks in `chunks_head`.
@Suite(.serialized, .ownWaitingThread, .enabled(if: Peer.path("prometheus") != nil && Peer.path("promtool") != nil, "needs prometheus and promtool under ~/.cache/observability-peers"))
struct HeadChunksTests {
    private static let seriesCount = 40
    private static let steps = 500

    private static func labels(_ series: Int) -> Labels { Labels(["__name__": series % 5 == 4 ? "h" : "f", "n": "\(series)"]) }

    /// A directory that Prometheus wrote and closed, and the lines of all that its log holds.
    private static func directory(_ folder: TemporaryFolder) throws -> (path: String, lines: [String: [String]], start: Int64) {
        let port = try freePort()
        try Disk().publish(folder.path + "/prometheus.yml", Array("global: {scrape_interval: 1h}".utf8))
        let process = try Peer.start(
            [
                try #require(Peer.path("prometheus")), "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/theirs", "--web.listen-address=127.0.0.1:\(port)",
                "--enable-feature=native-histograms", "--web.enable-remote-write-receiver", "--log.level=warn",
            ], output: folder.path + "/prometheus.log")
        let start = SystemClock().unixMillis - 5_000_000
        var generator = SeededGenerator(51)
        var scenarios = (0..<seriesCount).map { HistogramScenario(HistogramScenario.Character.allCases[$0 % 2], seed: UInt64($0), hasEmptyBuckets: false) }
        for step in 0..<steps {
            let request = (0..<seriesCount).map { series in
                let value: MixedSample.Value = series % 5 == 4 ? scenarios[series].next() : .float(Double(Int.random(in: 0...9, using: &generator)))
                return (labels: labels(series), samples: [MixedSample(time: start + Int64(step) * 10_000 + Int64(series), value: value)])
            }
            #expect(try Peer.post(port, "/api/v1/write", Compression.snappy.compress(StoreFixture.remoteWrite(request)), attempts: step == 0 ? 100 : 1) == 204)
        }
        // Prometheus maps chunks that are complete when it is closed.
        kill(process, SIGTERM)
        #expect(Peer.wait(process) == 0)
        let (path, logOnly) = (folder.path + "/theirs", folder.path + "/log-only")
        try Peer.copyTree(path, to: logOnly)
        try Disk().removeTree(logOnly + "/chunks_head")
        let store = try open(logOnly)
        defer { store.close() }
        let expected = lines(try StoreFixture.readMixed(store))
        #expect(expected.count == seriesCount)
        #expect(expected.values.allSatisfy { $0.count == steps })
        return (path, expected, start)
    }

    /// Samples as text, without what histograms say of counter resets.
    private static func lines(_ samples: [Labels: [MixedSample]]) -> [String: [String]] {
        StoreFixture.lines(samples.mapValues { samples in
            samples.map { sample in
                guard case .histogram(var histogram) = sample.value else { return sample }
                histogram.counterReset = .unknown
                return MixedSample(time: sample.time, value: .histogram(histogram))
            }
        })
    }

    /// Expects that promtool sees the same in a directory and in a copy without mapped chunks.
    private static func expectNoDifference(_ path: String, to copy: String) throws {
        try Peer.copyTree(path, to: copy)
        try Disk().removeTree(copy + "/chunks_head")
        let dump = try Peer.mixedDump(path)
        #expect(dump.count == seriesCount)
        StoreFixture.expectSame(dump, try Peer.mixedDump(copy))
    }

    private static func count(_ lines: [String: [String]]) -> Int { lines.values.reduce(0) { $0 + $1.count } }

    private static func open(_ path: String) throws -> MetricStore {
        try StoreFixture.open(Disk(), path, clock: SystemClock()) { $0.maintenanceSeconds = 0; $0.retentionMillis = 0 }
    }

    private static func chunkFiles(_ path: String) throws -> [String] { try Disk().list(path + "/chunks_head") }

    @Test("mapped chunks stand for the log's samples, serve where the log lost them, and go when blocks have their time")
    func reads() async throws {
        let folder = try TemporaryFolder()
        let (path, expected, start) = try Self.directory(folder)
        #expect(try Self.chunkFiles(path) == ["000001"])
        let lossy = folder.path + "/lossy"
        try Peer.copyTree(path, to: lossy)

        var store = try Self.open(path)
        #expect(store.opening.headChunks >= Self.seriesCount * 3 && store.opening.headChunkDamage.isEmpty)
        #expect(store.opening.samples == Self.seriesCount * Self.steps)
        #expect(Self.lines(try StoreFixture.readMixed(store)) == expected)
        #expect(try StoreVerification(directory: path).problems.isEmpty)
        // What comes later goes on behind them, here and after a restart, and Prometheus reads it all.
        for step in Self.steps..<(Self.steps + 20) {
            let batch = StoreFixture.batch((0..<4).map { (Self.labels($0), start + Int64(step) * 10_000 + Int64($0), Double(step)) })
            #expect(try await store.append(batch, durability: .synced).appended == 4)
        }
        let after = Self.lines(try StoreFixture.readMixed(store))
        store.close()
        store = try Self.open(path)
        #expect(Self.lines(try StoreFixture.readMixed(store)) == after)
        store.close()
        try Self.expectNoDifference(path, to: folder.path + "/log-only-again")
        store = try Self.open(path)
        // Four hours later all of it is in blocks.
        _ = try await store.append(StoreFixture.batch([(Self.labels(0), start + 20_000_000, 1)]), durability: .synced)
        try store.maintain()
        #expect(try Self.chunkFiles(path).isEmpty)
        let lines = Self.lines(try StoreFixture.readMixed(store))
        let (now, before) = (Self.count(lines), Self.count(after))
        #expect(now == before + 1)
        store.close()

        // A log of which only the beginning is left, where the series are named.
        let segment = lossy + "/wal/00000000"
        let content = try #require(try Disk().contents(segment))
        #expect(content.count > 4 * 32_768)
        try Disk().publish(segment, Array(content.prefix(32_768)))
        for name in try Disk().list(lossy + "/wal") where name != "00000000" { try Disk().removeTree("\(lossy)/wal/\(name)") }
        let survivor = try Self.open(lossy)
        let left = Self.lines(try StoreFixture.readMixed(survivor))
        for (series, lines) in expected {
            let found = left[series] ?? []
            #expect(found.count >= 300, "\(series)")
            #expect(found == Array(lines.prefix(found.count)), "\(series)")
        }
        survivor.close()
    }

    @Test("damaged files of mapped chunks are told and cut, and the log serves", arguments: [1, 2, 3])
    func damage(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let (path, expected, _) = try Self.directory(folder)
        let file = path + "/chunks_head/000001"
        let whole = try #require(try Disk().contents(file))
        let used = (whole.lastIndex { $0 != 0 } ?? 0) + 1
        var generator = SeededGenerator(seed)
        for round in 0..<12 {
            var content = whole
            switch round % 4 {
            case 0: content = Array(content.prefix(Int.random(in: 4..<used, using: &generator)))
            case 1: content = Array(content.prefix(Int.random(in: 0..<4, using: &generator)))
            default: content[round == 2 ? 1 : Int.random(in: 8..<used, using: &generator)] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
            }
            let copy = "\(folder.path)/copy\(round)"
            try Peer.copyTree(path, to: copy)
            try Disk().publish(copy + "/chunks_head/000001", content)
            for opening in 0..<2 {
                let store = try Self.open(copy)
                // A cut between two chunks, or before the magic number, is no damage.
                if round % 4 > 1 { #expect(store.opening.headChunkDamage.isEmpty == (opening > 0), "round \(round)") }
                #expect(Self.lines(try StoreFixture.readMixed(store)) == expected, "round \(round): \(store.opening.headChunkDamage)")
                store.close()
            }
            if seed == 1, round < 4 { try Self.expectNoDifference(copy, to: copy + "-log-only") }
        }
    }

    @Test("a file of mapped chunks that is gone is noticed, and the log serves")
    func missingFile() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        // Two openings, each with files of its own.
        let expected = try await Self.fill(path, steps: [0..<300, 300..<700])
        #expect(try Self.chunkFiles(path) == ["000001", "000002"])
        for name in ["000001", "000002"] {
            let copy = "\(folder.path)/without-\(name)"
            try Peer.copyTree(path, to: copy)
            try Disk().removeFile("\(copy)/chunks_head/\(name)")
            for opening in 0..<2 {
                let store = try Self.open(copy)
                // Without the last one nothing is amiss: the log goes further than chunks do at any time.
                #expect(store.opening.headChunkDamage.count == (name == "000001" && opening == 0 ? 1 : 0), "\(store.opening.headChunkDamage)")
                #expect(Self.lines(try StoreFixture.readMixed(store)) == expected)
                store.close()
            }
        }
    }

    @Test("what is mapped here spares the log's samples, is the same to Prometheus, and goes when blocks have its time")
    func writes() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        let expected = try await Self.fill(path, steps: [0..<250, 250..<600])
        let chunks = try Self.chunkFiles(path)
        #expect(chunks == ["000001", "000002"])
        #expect(try StoreVerification(directory: path).problems.isEmpty)
        try Self.expectNoDifference(path, to: folder.path + "/log-only")
        let port = try freePort()
        let copy = folder.path + "/copy"
        try Peer.copyTree(path, to: copy)
        try Disk().publish(folder.path + "/prometheus.yml", Array("global: {scrape_interval: 1h}".utf8))
        let process = try Peer.start(
            [
                try #require(Peer.path("prometheus")), "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(copy)", "--web.listen-address=127.0.0.1:\(port)",
                "--enable-feature=native-histograms", "--storage.tsdb.retention.time=10y",
            ], output: folder.path + "/prometheus.log")
        var metrics = ""
        for _ in 0..<200 where !metrics.contains("prometheus_ready 1") {
            metrics = (try? Peer.get(port, "/metrics", attempts: 1)) ?? ""
            if metrics.isEmpty { usleep(50_000) }
        }
        let log = String(decoding: try Disk().contents(folder.path + "/prometheus.log.err") ?? [], as: UTF8.self)
        kill(process, SIGTERM)
        _ = Peer.wait(process)
        #expect(!log.contains("level=ERROR") && log.contains("On-disk memory mappable chunks replay completed"), "\(log)")
        #expect(metrics.contains("prometheus_tsdb_mmap_chunk_corruptions_total 0"))
        // Prometheus closed it; it opens here with the same again.
        for directory in [path, copy] {
            let store = try Self.open(directory)
            #expect(store.opening.headChunkDamage.isEmpty && store.opening.headChunks >= Self.seriesCount * 3, "\(store.opening.headChunkDamage)")
            #expect(Self.lines(try StoreFixture.readMixed(store)) == expected)
            store.close()
        }
        let store = try Self.open(path)
        defer { store.close() }
        _ = try await store.append(StoreFixture.batch([(Self.labels(0), StoreFixture.start + 20_000_000, 1)]), durability: .synced)
        try store.maintain()
        #expect(try Self.chunkFiles(path).isEmpty)
    }

    @Test("while the log of late samples remarks on chunks that never reached the disk, none are written that Prometheus would take for them",
          arguments: [(file: 1, offset: 8, isThere: true), (1, 1 << 30, false), (2, 8, false)])
    func remarks(_ remark: (file: Int, offset: Int, isThere: Bool)) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        _ = try await Self.fill(path, steps: [0..<300, 300..<600]) {
            // A record of one remark, whole on its page.
            var record = ByteWriter()
            record.append(5)
            record.appendBigEndian(UInt64(1))
            record.appendBigEndian(UInt64(remark.file) << 32 | UInt64(remark.offset))
            var segment = ByteWriter()
            segment.append(1)
            segment.appendBigEndian(UInt16(record.count))
            segment.appendBigEndian(record.withBytes { CRC32C.checksum($0) })
            record.withBytes { segment.append($0) }
            try Disk().makeDirectory(path + "/wbl")
            try Disk().publish(path + "/wbl/00000000", segment.withBytes { Array($0) })
        }
        #expect(try Self.chunkFiles(path) == (remark.isThere ? ["000001", "000002"] : ["000001"]))
    }

    /// Fills a directory, opening and closing it for each range of steps, and returns the lines of all that it holds. `afterFirst` is called
    /// behind the first closing.
    private static func fill(_ path: String, steps: [Range<Int>], afterFirst: () throws -> Void = {}) async throws -> [String: [String]] {
        var generator = SeededGenerator(52)
        var scenarios = (0..<seriesCount).map { HistogramScenario(HistogramScenario.Character.allCases[$0 % 8], seed: UInt64($0), hasEmptyBuckets: false) }
        var result: [String: [String]] = [:]
        for range in steps {
            let store = try open(path)
            for step in range {
                var batch = SampleBatch()
                for series in 0..<seriesCount {
                    let time = StoreFixture.start + Int64(step) * 10_000 + Int64(series)
                    let value: MixedSample.Value = series % 5 == 4 ? scenarios[series].next() : .float(Double(Int.random(in: 0...9, using: &generator)))
                    switch value {
                    case .float(let value): batch.append(labels(series), timestamp: time, value: value)
                    case .histogram(let histogram): batch.append(labels(series), timestamp: time, histogram: histogram)
                    }
                }
                #expect(try await store.append(batch, durability: .logged).appended == seriesCount)
            }
            result = lines(try StoreFixture.readMixed(store))
            store.close()
            if range == steps[0] { try afterFirst() }
        }
        let count = steps.reduce(0) { $0 + $1.count }
        #expect(result.count == seriesCount)
        #expect(result.values.allSatisfy { $0.count == count })
        return result
    }
}
