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

/// Real Prometheus on one directory of a folder after another, to which the same is written as to a store.
struct PeerPrometheus {
    private let folder: TemporaryFolder
    private let configuration: String
    private var port = 0
    private var process: pid_t = 0

    init(_ folder: TemporaryFolder, configuration: String) {
        self.folder = folder
        self.configuration = configuration
    }

    /// Starts on the directory `name` of the folder and waits until ready.
    mutating func start(_ name: String) throws {
        try Disk().publish(folder.path + "/prometheus.yml", Array(configuration.utf8))
        // A port that was free may be another's by the time that it is wanted.
        for _ in 0..<3 {
            port = try freePort()
            try spawn(name)
            if isReadyInTime() { return }
        }
        throw Peer.Failure(description: "prometheus does not start: \(try log)")
    }

    private func isReadyInTime() -> Bool {
        var status: Int32 = 0
        for _ in 0..<600 where waitpid(process, &status, WNOHANG) == 0 {
            if (try? Peer.get(port, "/-/ready", attempts: 1))?.contains("Ready") == true { return true }
            usleep(100_000)
        }
        return false
    }

    private mutating func spawn(_ name: String) throws {
        process = try Peer.start(
            [
                try #require(Peer.path("prometheus")), "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/\(name)", "--web.listen-address=127.0.0.1:\(port)",
                "--enable-feature=native-histograms", "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=10y", "--log.level=warn",
            ], output: folder.path + "/prometheus.log")
    }

    /// Ends it, and returns how it ended.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        kill(process, signal)
        return Peer.wait(process)
    }

    /// What it had to say since it was started.
    var log: String { get throws { String(decoding: try Disk().contents(folder.path + "/prometheus.log.err") ?? [], as: UTF8.self) } }

    /// Sends one request after the other to it and to a store, which both must take whole. `between` is called behind each.
    func write(_ requests: some Sequence<[(labels: Labels, samples: [MixedSample])]>, and store: MetricStore, between: (Int) throws -> Void = { _ in }) async throws {
        for (number, request) in requests.enumerated() {
            let body = StoreFixture.remoteWrite(request)
            #expect(try Peer.post(port, "/api/v1/write", Compression.snappy.compress(body), attempts: 1) == 204, "request \(number)")
            let report = try await store.append(try RemoteWriteRequest.decode(body).batch, durability: .logged)
            #expect(report.refused == 0, "\(report.firstRefusal ?? "")")
            try between(number)
        }
    }

    /// Waits until it has compacted, which it does when it comes to it, and rests.
    func awaitRest(until hasCompacted: () throws -> Bool) rethrows {
        for _ in 0..<100 where try !hasCompacted() { usleep(100_000) }
        usleep(1_000_000)
    }

    /// The answer to an instant query.
    func answer(_ query: String, at seconds: Int64) throws -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyz0123456789_".utf8)
        let escaped = query.utf8.map { plain.contains($0) ? String(UnicodeScalar($0)) : "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return try Peer.get(port, "/api/v1/query?query=\(escaped)&time=\(seconds)", attempts: 10)
    }

    /// The folders of a directory's blocks, with what they say of themselves.
    static func blocks(_ directory: String) throws -> [(path: String, meta: BlockMeta)] {
        try Disk().list(directory).filter { BlockID($0) != nil }.compactMap { name in
            try Disk().contents("\(directory)/\(name)/meta.json").map { ("\(directory)/\(name)", try BlockMeta(json: $0)) }
        }
    }
}
