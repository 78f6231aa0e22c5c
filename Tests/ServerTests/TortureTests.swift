import AsyncHTTPClient
import Foundation
import NIOCore
import Synchronization
import Testing

/// Kills the real binary at random moments of a remote-write load that runs fast through time, so that blocks are made all along.
///
/// `OBSTACK_TORTURE_ROUNDS` says how many times (3 where it is not set), `OBSTACK_TORTURE_SEED` repeats a run.
@Suite("Torture", .serialized)
struct TortureTests {
    static let rounds = ProcessInfo.processInfo.environment["OBSTACK_TORTURE_ROUNDS"].flatMap { Int($0) } ?? 3
    static let seed = ProcessInfo.processInfo.environment["OBSTACK_TORTURE_SEED"].flatMap { UInt64($0) } ?? .random(in: 1 ... 1 << 32)
    static let senders = 4
    static let seriesPerSender = 10
    static let stepMillis: Int64 = 10_000

    private static func value(_ sender: Int, _ series: Int, _ batch: Int) -> Double { Double(batch * 1000 + sender * 100 + series) + 0.25 }

    /// The load: senders that write batch after batch until the server is gone; what was acknowledged is what counts.
    private final class Load: Sendable {
        private let base: Int64
        private let next = Atomic<Int>(0)
        /// Numbers of acknowledged batches, by sender.
        private let acknowledged = Mutex<[[Int]]>(Array(repeating: [], count: senders))
        private let refusals = Mutex<[String]>([])

        init(base: Int64) { self.base = base }

        var acknowledgements: [[Int]] { acknowledged.withLock { $0 } }
        var refused: [String] { refusals.withLock { $0 } }
        var endMillis: Int64 { base + Int64(next.load(ordering: .relaxed)) * stepMillis }
        func millis(_ batch: Int) -> Int64 { base + Int64(batch) * stepMillis }

        func run(_ url: String) async {
            await withTaskGroup(of: Void.self) { group in
                for sender in 0..<senders { group.addTask { await self.send(sender, url) } }
            }
        }

        private func send(_ sender: Int, _ url: String) async {
            while true {
                let batch = next.add(1, ordering: .relaxed).oldValue
                let body = remoteWriteBody((0..<seriesPerSender).map { series in
                    ([("__name__", "torture"), ("sender", "\(sender)"), ("series", "\(series)")], [(millis(batch), value(sender, series, batch))])
                })
                var request = HTTPClientRequest(url: url)
                request.method = .POST
                for header in remoteWriteHeaders {
                    let parts = header.split(separator: ":", maxSplits: 1)
                    request.headers.add(name: String(parts[0]), value: parts[1].trimmingCharacters(in: .whitespaces))
                }
                request.body = .bytes(ByteBuffer(bytes: body))
                guard let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(20)) else { return }
                guard answer.status == .noContent else {
                    let text = (try? await answer.body.collect(upTo: 1 << 16)).map { String(buffer: $0) } ?? ""
                    refusals.withLock { $0.append("\(answer.status): \(text)") }
                    return
                }
                acknowledged.withLock { $0[sender].append(batch) }
            }
        }
    }

    @Test("killed at random moments of a load, some during compaction: every acknowledged sample is there afterwards, and Prometheus opens the directory")
    func killed() async throws {
        print("torture: \(Self.rounds) rounds, OBSTACK_TORTURE_SEED=\(Self.seed)")
        var generator = SplitMix(state: Self.seed)
        let load = Load(base: Int64(Date().timeIntervalSince1970 * 1000) - 12 * 86_400_000)
        var folder: URL?
        var compactions = 0
        for round in 0..<Self.rounds {
            let stack = try await RunningStack(reusing: folder, configuration: ["prometheus.yml": "scrape_configs: []\n"])
            folder = stack.folder
            let delay = Int.random(in: 100...1500, using: &generator)
            let url = stack.url("prometheus", "/api/v1/write")
            async let sending: Void = load.run(url)
            let data = stack.folder.path + "/data/metrics"
            if round % 3 == 1 {
                // Into the making of a block, of a checkpoint, or into what comes right behind.
                let moment = Double.random(in: 0...0.01, using: &generator)
                let process = stack.processID
                try await RunningStack.onThread { Self.waitForCompaction(data, process, andThen: moment) }
            } else {
                try await Task.sleep(for: .milliseconds(delay))
            }
            stack.killNow()
            await sending
            if Self.isCompacting(data) { compactions += 1 }
        }
        print("torture: \(compactions) of \(Self.rounds) kills fell into a compaction or a checkpoint")
        if Self.rounds >= 20 { #expect(compactions > Self.rounds / 10) }
        #expect(load.refused.isEmpty, "refused: \(load.refused.prefix(3))")
        let last = try await RunningStack(reusing: folder, configuration: ["prometheus.yml": "scrape_configs: []\n"])
        try expectEverything(last.url("prometheus"), load, "after \(Self.rounds) kills")
        last.stop(removing: false)
        defer { try? FileManager.default.removeItem(at: last.folder) }
        let blocks = try FileManager.default.contentsOfDirectory(atPath: last.folder.path + "/data/metrics").filter { $0.count == 26 }
        print("torture: \(load.acknowledgements.map(\.count).reduce(0, +)) batches acknowledged, \(blocks.count) blocks")
        guard peer("prometheus") != nil else { return print("torture: Prometheus is not here to open the directory: run scripts/get-peers.sh") }
        let copy = last.folder.appendingPathComponent("prometheus")
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: last.folder.appendingPathComponent("data/metrics"), to: copy.appendingPathComponent("data"))
        try? FileManager.default.removeItem(at: copy.appendingPathComponent("data/lock"))
        let prometheus = try await RunningPrometheus(configuration: "scrape_configs: []\n", folder: copy, arguments: ["--storage.tsdb.retention.time=1y"])
        try expectEverything(prometheus.url(), load, "in Prometheus")
    }

    /// Whether something is begun and not ended: a block on its way in or out, or a checkpoint.
    private static func isCompacting(_ data: String) -> Bool {
        func names(_ folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
        return names(data).contains { $0.contains(".tmp-for-") } || names(data + "/wal").contains { $0.hasSuffix(".tmp") }
    }

    /// Blocks until a compaction begins, for ten seconds at most or until the process has ended; then for as long as is said.
    private static func waitForCompaction(_ data: String, _ process: Int32, andThen seconds: Double) {
        let end = Date().addingTimeInterval(10)
        while !isCompacting(data), Date() < end, kill(process, 0) == 0 { usleep(200) }
        usleep(UInt32(seconds * 1e6))
    }

    private func expectEverything(_ base: String, _ load: Load, _ place: String) throws {
        for (sender, batches) in load.acknowledgements.enumerated() {
            let query = "torture%7Bsender%3D%22\(sender)%22%7D%5B30d%5D"
            let answer = try json("\(base)/api/v1/query?query=\(query)&time=\(Double(load.endMillis) / 1000)")
            let result = (answer["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
            #expect(batches.isEmpty || result.count == Self.seriesPerSender, "sender \(sender) has \(result.count) series \(place)")
            for series in result {
                let number = Int((series["metric"] as? [String: String])?["series"] ?? "") ?? -1
                var found: [Int64: Double] = [:]
                for pair in series["values"] as? [[Any]] ?? [] {
                    guard let time = (pair.first as? NSNumber)?.doubleValue, let text = pair.last as? String else { continue }
                    found[Int64((time * 1000).rounded())] = Double(text)
                }
                let missing = batches.filter { found[load.millis($0)] != Self.value(sender, number, $0) }
                #expect(missing.isEmpty, "sender \(sender), series \(number): \(missing.count) of \(batches.count) acknowledged samples are not there \(place), first batch \(missing.first ?? -1)")
            }
        }
    }

    /// SplitMix64, so that a seed repeats the delays.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }
}
