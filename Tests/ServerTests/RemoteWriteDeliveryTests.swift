import Bytes
import Foundation
import Testbed
import Testing

/// Remote write to real receivers: whatever is killed meanwhile, every acknowledged sample arrives.
@Suite("Remote write delivers", .serialized, .ownWaitingThread,
       .enabled(if: peer("prometheus") != nil && peer("victoria-metrics") != nil, "the peers are not here: run scripts/get-peers.sh"))
struct RemoteWriteDeliveryTests {
    private static func configuration(_ url: String, _ more: String = "") -> String {
        """
        global:
          external_labels: {site: "lab-$${}"}
        scrape_configs: []
        remote_write:
        - url: \(url)
          name: receiver
          \(more)
          write_relabel_configs:
          - source_labels: [__name__]
            regex: secret_.*
            action: drop
          queue_config: {batch_send_deadline: 50ms, min_backoff: 10ms, max_backoff: 200ms, max_samples_per_send: 70, capacity: 200, max_shards: 4}
          metadata_config: {send_interval: 1s}
        """
    }

    /// Sends batches of 50 series to a stack and remembers what was acknowledged.
    private struct Load {
        let start = Int64(Date().timeIntervalSince1970) * 1_000 - 120_000
        private(set) var acknowledged: Set<String> = []
        private var batch = 0

        mutating func send(_ count: Int, to stack: RunningStack) throws {
            for _ in 0..<count {
                let time = start + Int64(batch) * 250
                let series: [(labels: [(String, String)], samples: [(millis: Int64, value: Double)])] = (0..<50).map {
                    ([("__name__", "delivery_test"), ("series", "\($0)")], [(time, Double(batch * 100 + $0))])
                }
                let secret: (labels: [(String, String)], samples: [(millis: Int64, value: Double)]) = ([("__name__", "secret_test")], [(time, 1)])
                let answer = try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: remoteWriteBody(series + [secret]))
                try #require(answer.status == 204, "\(answer.body)")
                for index in 0..<50 { acknowledged.insert("\(index) \(time) \(batch * 100 + index)") }
                batch += 1
            }
        }
    }

    @Test("Prometheus: the receiver is killed and comes back, the sender is killed and comes back; the receiver has every acknowledged sample, once and in order")
    func toPrometheus() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try freePort()
        func receiver() async throws -> RunningPrometheus {
            try await RunningPrometheus(configuration: "scrape_configs: []\n", folder: folder.appendingPathComponent("prometheus"), port: port, arguments: ["--web.enable-remote-write-receiver"])
        }
        let configuration = ["prometheus.yml": Self.configuration("http://127.0.0.1:\(port)/api/v1/write")]
        var peer = try await receiver()
        defer { peer.stop() }
        var stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: configuration)
        defer { stack.stop() }
        var load = Load()
        try load.send(20, to: stack)
        peer.stop()
        try load.send(20, to: stack)
        stack.killNow()
        stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: configuration)
        try load.send(20, to: stack)
        peer = try await receiver()
        try load.send(20, to: stack)
        // In the midst of sending, three times.
        for _ in 0..<3 {
            stack.killNow()
            stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: configuration)
            try load.send(10, to: stack)
        }
        func arrived() throws -> Set<String> {
            let answer = try json(peer.url("/api/v1/query?query=delivery_test%7Bsite%3D%22lab-%24%7B%7D%22%7D%5B1h%5D&time=\(load.start / 1_000 + 1_800)"))
            let result = (answer["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
            return Set(result.flatMap { series in
                (series["values"] as? [[Any]] ?? []).map { pair in
                    let time = (pair[0] as? NSNumber)?.doubleValue ?? 0
                    return "\((series["metric"] as? [String: String])?["series"] ?? "?") \(Int64((time * 1_000).rounded())) \(pair[1])"
                }
            })
        }
        let isThere = try await eventually(within: 120) { try arrived() == load.acknowledged }
        let missing = load.acknowledged.subtracting(try arrived())
        #expect(isThere, "\(missing.count) of \(load.acknowledged.count) are missing, such as \(missing.sorted().prefix(5))\n\(stack.log.suffix(2_000))")
        #expect(try http(peer.url("/api/v1/query?query=secret_test")).body.contains("\"result\":[]"))
        let metrics = try http(stack.url("prometheus", "/metrics")).body
        #expect(metrics.contains("prometheus_remote_storage_samples_dropped_total{remote_name=\"receiver\",url=\"http://127.0.0.1:\(port)/api/v1/write\",reason=\"dropped_series\"}"))
        #expect(metrics.contains("prometheus_remote_storage_samples_pending{remote_name=\"receiver\""))
    }

    @Test("VictoriaMetrics: restarted while samples come, it has every acknowledged one")
    func toVictoriaMetrics() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try freePort()
        var peer = try await RunningVictoriaMetrics(folder: folder.appendingPathComponent("victoria"), port: port)
        defer { peer.stop(SIGKILL) }
        let stack = try await RunningStack(
            reusing: folder.appendingPathComponent("stack"), configuration: ["prometheus.yml": Self.configuration("http://127.0.0.1:\(port)/api/v1/write")])
        defer { stack.stop() }
        var load = Load()
        try load.send(20, to: stack)
        peer.stop()
        try load.send(20, to: stack)
        peer = try await RunningVictoriaMetrics(folder: folder.appendingPathComponent("victoria"), port: port)
        try load.send(20, to: stack)
        func arrived() throws -> Set<String> {
            _ = try http(peer.url("/internal/force_flush"))
            let lines = try http(peer.url("/api/v1/export?match%5B%5D=delivery_test")).body.split(separator: "\n")
            return Set(try lines.flatMap { line -> [String] in
                let series = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let name = (series["metric"] as? [String: String])?["series"] ?? "?"
                let (times, values) = (series["timestamps"] as? [NSNumber] ?? [], series["values"] as? [NSNumber] ?? [])
                return zip(times, values).map { "\(name) \($0.int64Value) \($1.int64Value)" }
            })
        }
        let isThere = try await eventually(within: 120) { try arrived() == load.acknowledged }
        let missing = load.acknowledged.subtracting(try arrived())
        #expect(isThere, "\(missing.count) of \(load.acknowledged.count) are missing\n\(stack.log.suffix(2_000))")
    }

    @Test("native histograms, exemplars, the marker of stale series and metadata arrive at Prometheus as they are here")
    func kinds() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let peer = try await RunningPrometheus(
            configuration: "scrape_configs: []\n", folder: folder.appendingPathComponent("prometheus"),
            arguments: ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms,exemplar-storage"])
        defer { peer.stop() }
        let other = try await RunningStack(reusing: folder.appendingPathComponent("other"), configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { other.stop() }
        let configuration = Self.configuration("http://127.0.0.1:\(peer.port)/api/v1/write", "send_exemplars: true\n  send_native_histograms: true")
            .replacingOccurrences(of: "  external_labels: {site: \"lab-$${}\"}\n", with: "  scrape_interval: 1s\n")
            + "\n- {url: \"\(other.url("prometheus", "/api/v1/write"))\", metadata_config: {send_interval: 1s}}\n"
        let stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: ["prometheus.yml": configuration])
        defer { stack.stop() }
        let now = Int64(Date().timeIntervalSince1970) * 1_000
        let answer = try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: Self.allKinds(now))
        try #require(answer.status == 204, "\(answer.body)")
        let second = now / 1_000
        let paths = [
            "query?query=lat%5B5m%5D&time=\(second)", "query?query=histogram_quantile(0.9,lat)&time=\(second)", "query?query=gone%5B5m%5D&time=\(second)", "query?query=gone&time=\(second)",
            "query_exemplars?query=level&start=\(second - 100)&end=\(second + 10)",
        ]
        for path in paths {
            let ours = try http(stack.url("prometheus", "/api/v1/" + path)).body
            let isEqual = try await eventually(within: 60) { try http(peer.url("/api/v1/" + path)).body == ours }
            let theirs = try http(peer.url("/api/v1/" + path)).body
            #expect(isEqual, "\(path): \(ours)\n\(theirs)")
        }
        // The comparison is of something.
        #expect(try http(stack.url("prometheus", "/api/v1/\(paths[0])")).body.contains("histogram"))
        #expect(try http(stack.url("prometheus", "/api/v1/\(paths[2])")).body.contains("\"values\":[["))
        #expect(try http(stack.url("prometheus", "/api/v1/\(paths[3])")).body.contains("\"result\":[]"))
        #expect(try http(stack.url("prometheus", "/api/v1/\(paths[4])")).body.contains("abc123"))
        // Prometheus passes metadata over that it is sent, so another stack tells.
        #expect(try await eventually(within: 60) { try http(other.url("prometheus", "/api/v1/metadata?metric=level")).body.contains("How high.") })
    }

    @Test("the queue's metrics have Prometheus's names, kinds and labels")
    func metrics() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let configuration = "scrape_configs: []\nremote_write: [{url: \"http://127.0.0.1:\(try freePort())/nobody\", name: receiver}]\n"
        let peer = try await RunningPrometheus(configuration: configuration, folder: folder.appendingPathComponent("prometheus"))
        defer { peer.stop() }
        let stack = try await RunningStack(reusing: folder.appendingPathComponent("stack"), configuration: ["prometheus.yml": configuration])
        defer { stack.stop() }
        /// The kinds of families, and the labels of series without their values.
        func names(_ text: String) -> Set<String> {
            var names: Set<String> = []
            for line in text.split(separator: "\n") where line.contains("prometheus_remote_storage_") && !line.contains("_bucket") {
                if line.hasPrefix("# TYPE") { names.insert(String(line)) }
                if !line.hasPrefix("#") { names.insert(String(line.prefix { $0 != " " }).replacing(/="[^"]*"/, with: "")) }
            }
            return names
        }
        let ours = names(try http(stack.url("prometheus", "/metrics")).body)
        let theirs = names(try http(peer.url("/metrics")).body)
        let missing = theirs.subtracting(ours).filter { !$0.contains("enqueue_retries") && !$0.contains("string_interner") }
        #expect(missing.isEmpty && theirs.count > 40, "\(missing.sorted())")
    }

    private static func allKinds(_ now: Int64) -> Data {
        func label(_ out: inout ByteWriter, _ name: String, _ value: String) {
            out.appendMessage(1) { out in
                out.appendField(1, string: name)
                out.appendField(2, string: value)
            }
        }
        func sample(_ out: inout ByteWriter, _ time: Int64, _ bits: UInt64) {
            out.appendMessage(2) { out in
                out.appendField(1, fixed64: bits)
                out.appendField(2, varint: UInt64(bitPattern: time))
            }
        }
        var message = ByteWriter()
        message.appendMessage(1) { series in
            label(&series, "__name__", "lat")
            for step in 1...3 {
                let count = UInt64(step)
                series.appendMessage(4) { histogram in
                    histogram.appendField(1, varint: 6 * count)
                    histogram.appendField(3, double: 12.5 * Double(step))
                    histogram.appendField(4, varint: 2)
                    histogram.appendField(5, double: 0.25)
                    histogram.appendField(6, varint: count)
                    histogram.appendMessage(8) { $0.appendField(2, varint: 1) }
                    histogram.appendMessage(9) { $0.appendVarint(Int64(2 * step)) }
                    histogram.appendMessage(11) { span in
                        span.appendField(1, varint: 3)
                        span.appendField(2, varint: 2)
                    }
                    histogram.appendMessage(12) { deltas in for delta in [2 * step, -step] { deltas.appendVarint(Int64(delta)) } }
                    histogram.appendField(15, varint: UInt64(bitPattern: now - 40_000 + Int64(step) * 10_000))
                }
            }
        }
        message.appendMessage(1) { series in
            label(&series, "__name__", "gone")
            sample(&series, now - 20_000, (1.5).bitPattern)
            sample(&series, now - 10_000, 0x7FF0_0000_0000_0002)
        }
        message.appendMessage(1) { series in
            label(&series, "__name__", "level")
            sample(&series, now - 5_000, (3.0).bitPattern)
            series.appendMessage(3) { exemplar in
                label(&exemplar, "trace_id", "abc123")
                exemplar.appendField(2, double: 3)
                exemplar.appendField(3, varint: UInt64(bitPattern: now - 5_500))
            }
        }
        message.appendMessage(3) { metadata in
            metadata.appendField(1, varint: 2)
            metadata.appendField(2, string: "level")
            metadata.appendField(4, string: "How high.")
            metadata.appendField(5, string: "meters")
        }
        return Data(Compression.snappy.compress(message.array()))
    }
}
