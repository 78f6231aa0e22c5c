import Bytes
import Foundation
import Glibc
import Synchronization
import Testing

@Suite("Backup and restore", .serialized, .ownWaitingThread)
struct BackupTests {
    private static func obstack(_ arguments: [String]) throws -> (status: Int32, output: String, error: String) { try run(RunningStack.binary.path, arguments) }

    private static func dump(_ metrics: URL, _ match: String? = nil) throws -> [String] {
        let result = try obstack(["tsdb", "dump"] + (match.map { ["--match", $0] } ?? []) + [metrics.path])
        #expect(result.status == 0, "\(result.error)")
        return result.output.split(separator: "\n").map(String.init).sorted()
    }

    private static func spans(_ trace: Int) -> Data {
        let hex = String(trace, radix: 16)
        let traceID = String(repeating: "0", count: 32 - hex.count) + hex
        let span = #"{"traceId":"\#(traceID)","spanId":"00000000000000a1","name":"work","kind":2,"startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225601000000000"}"#
        return Data(#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"loaded"}}]},"scopeSpans":[{"spans":[\#(span)]}]}]}"#.utf8)
    }

    /// What a client has been told is kept: up to which number of each kind.
    private final class Told: Sendable {
        struct Counts: Sendable {
            var samples = 0
            var traces = 0
            var pushes = 0
            var isOver = false
        }

        private let counts = Mutex(Counts())

        func withLock<R: Sendable>(_ body: (inout Counts) -> R) -> R { counts.withLock { body(&$0) } }
    }

    /// Writes samples, spans and pushes, one after the other, until it is told that it is over.
    private final class Load: Sendable {
        let told = Told()
        private let done = DispatchGroup()

        init(_ stack: RunningStack, beginning: Int64) {
            let (write, traces, push) = (stack.url("prometheus", "/api/v1/write"), stack.url("otlpHTTP", "/v1/traces"), stack.url("pushgateway", "/metrics/job/load"))
            let told = told
            func loop(_ body: @escaping @Sendable (Int) throws -> Void) {
                done.enter()
                Thread.detachNewThread { [done] in
                    var number = 0
                    while !told.withLock({ $0.isOver }) {
                        number += 1
                        do { try body(number) } catch { Issue.record("\(error)") }
                    }
                    done.leave()
                }
            }
            loop { number in
                let body = remoteWriteBody((0..<20).map { ([("__name__", "load"), ("n", "\($0)")], [(beginning + Int64(number), Double(number))]) })
                let answer = try http(write, method: "POST", headers: remoteWriteHeaders, body: body)
                if answer.status == 204 { told.withLock { $0.samples = number } } else { Issue.record("\(answer)") }
            }
            loop { number in
                let answer = try http(traces, method: "POST", headers: ["Content-Type: application/json"], body: BackupTests.spans(number))
                if answer.status == 200 { told.withLock { $0.traces = number } } else { Issue.record("\(answer)") }
            }
            loop { number in
                let answer = try http(push, method: "POST", body: Data("pushed \(number)\n".utf8))
                if answer.status == 200 { told.withLock { $0.pushes = number } } else { Issue.record("\(answer)") }
            }
        }

        func stop() {
            told.withLock { $0.isOver = true }
            done.wait()
        }
    }

    @Test("a backup under load has all that was acknowledged before and nothing that came after; restored elsewhere it is the same sample by sample, and serves")
    func underLoad() async throws {
        let configuration = ["prometheus.yml": "scrape_configs: []\nstorage: {tsdb: {out_of_order_time_window: 1h}}\n"]
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        // Blocks of three days ago.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        let data = folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let day = now / 1000 - 3 * 86_400
        let text = folder.appendingPathComponent("text")
        try ("# TYPE old gauge\n" + (0..<Int64(100)).map { "old \($0) \(day + $0 * 300)\n" }.joined() + "# EOF\n").write(to: text, atomically: true, encoding: .utf8)
        #expect(try Self.obstack(["tsdb", "import", "--quiet", text.path, data.appendingPathComponent("metrics").path]).status == 0)
        let stack = try await RunningStack(reusing: folder, configuration: configuration, arguments: ["--web.enable-admin-api"])
        defer { stack.stop() }

        // What stands still meanwhile: samples in order and late ones, some deleted, an exemplar.
        func write(_ millis: Int64, _ value: Double) throws {
            let body = remoteWriteBody([(labels: [("__name__", "still")], samples: [(millis, value)])])
            #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body).status == 204)
        }
        for (secondsAgo, value) in [(500, 1.0), (400, 2), (300, 3), (450, 1.5), (350, 2.5)] { try write(now - Int64(secondsAgo) * 1000, value) }
        for deletion in ["match[]=still&start=\((now - 410_000) / 1000)&end=\((now - 390_000) / 1000)", "match[]=old&end=\(day)"] {
            #expect(try http(stack.url("prometheus", "/api/v1/admin/tsdb/delete_series?" + deletion), method: "POST").status == 204)
        }
        let exemplar = remoteWriteExemplar("still", millis: now - 300_000, traceID: "abc123")
        #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: exemplar).status == 204)
        let board = #"{"dashboard":{"uid":"kept","title":"Kept","panels":[]},"overwrite":true}"#
        let saved = try http(
            stack.url("grafana", "/api/dashboards/db"), method: "POST", headers: ["Authorization: Basic YWRtaW46YWRtaW4=", "Content-Type: application/json"], body: Data(board.utf8))
        #expect(saved.status == 200, "\(saved.body)")

        let load = Load(stack, beginning: now)
        #expect(try await eventually(within: 60) { load.told.withLock { $0.samples > 5 && $0.traces > 5 && $0.pushes > 5 } })
        let before = load.told.withLock { $0 }
        let backup = stack.folder.appendingPathComponent("backup")
        let made = try Self.obstack(["backup", "--data", data.path, backup.path])
        #expect(made.status == 0, "\(made.error)")
        let after = load.told.withLock { $0 }
        #expect(try await eventually(within: 60) { load.told.withLock { $0.samples > after.samples + 5 && $0.traces > after.traces + 5 && $0.pushes > after.pushes + 5 } })
        load.stop()

        // Whoever may read passwords' digests is the one who made it; nothing is left beside it, nor in the stores' folders.
        #expect(try FileManager.default.attributesOfItem(atPath: backup.path)[.posixPermissions] as? Int == 0o700)
        for folder in [stack.folder, data.appendingPathComponent("metrics"), data.appendingPathComponent("traces"), data.appendingPathComponent("push")] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains(".partial") || $0 == "backup.tmp" } == [])
        }

        let restored = stack.folder.appendingPathComponent("restored")
        let put = try Self.obstack(["restore", "--data", restored.appendingPathComponent("data").path, backup.path])
        #expect(put.status == 0, "\(put.error)")
        #expect(put.output.split(separator: ":").last == made.output.split(separator: ":").last)
        let metrics = restored.appendingPathComponent("data/metrics")
        let moment = try Self.dump(backup.appendingPathComponent("metrics"))
        #expect(try Self.dump(metrics) == moment)

        let second = try await RunningStack(reusing: restored, configuration: configuration)
        defer { second.stop() }
        #expect(!second.log.contains("warning"), "\(second.log)")
        #expect(try http(second.url("prometheus", "/api/v1/query_exemplars?query=still&start=\(now / 1000 - 600)&end=\(now / 1000)")).body.contains("abc123"))
        let state = try http(second.url("pushgateway", "/metrics")).body
        let pushed = Int(state.firstMatch(of: /\npushed\{[^}]*\} (\d+)/)?.1 ?? "") ?? 0
        #expect(pushed >= before.pushes && pushed <= after.pushes + 1, "\(before.pushes) \(pushed) \(after.pushes)")
        for trace in [1, before.traces] {
            let hex = String(trace, radix: 16)
            let answer = try http(second.url("jaeger", "/api/traces/" + String(repeating: "0", count: 32 - hex.count) + hex))
            #expect(answer.status == 200 && answer.body.contains("\"work\""), "\(trace): \(answer.body)")
        }
        let late = String(after.traces + 3, radix: 16)
        #expect(try http(second.url("jaeger", "/api/traces/" + String(repeating: "0", count: 32 - late.count) + late)).status == 404)
        let kept = try http(second.url("grafana", "/api/dashboards/uid/kept"), headers: ["Authorization: Basic YWRtaW46YWRtaW4="])
        #expect(kept.status == 200 && kept.body.contains("Kept"), "\(kept.body)")
        second.stop(removing: false)
        #expect(try Self.dump(metrics) == moment)
        stack.stop(removing: false)

        // The moment: every series as far as the others, between what was acknowledged before and what was when it was done.
        let counts = (0..<20).map { n in moment.filter { $0.contains(#"{__name__="load", n="\#(n)"}"#) }.count }
        #expect(Set(counts).count == 1 && counts[0] >= before.samples && counts[0] <= after.samples + 1, "\(before.samples) \(counts) \(after.samples)")
        let still = moment.filter { $0.contains("\"still\"") }
        #expect(still.count == 4, "\(still)")
        #expect(try Self.dump(data.appendingPathComponent("metrics"), "still") == still)
        #expect(moment.filter { $0.contains("\"old\"") }.count == 99)
        let verified = try Self.obstack(["tsdb", "verify", metrics.path])
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test("a closed folder is backed up as well, after kill -9 too; a damaged, missing, unknown or cut file is named, and nothing is restored")
    func refusals() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let data = stack.folder.appendingPathComponent("data").path
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let body = remoteWriteBody([(labels: [("__name__", "kept")], samples: [(now, 42)])])
        #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body).status == 204)
        #expect(try http(stack.url("otlpHTTP", "/v1/traces"), method: "POST", headers: ["Content-Type: application/json"], body: Self.spans(1)).status == 200)
        #expect(try http(stack.url("pushgateway", "/metrics/job/j"), method: "POST", body: Data("p 1\n".utf8)).status == 200)

        let inUse = try Self.obstack(["restore", "--data", data, stack.folder.appendingPathComponent("none").path])
        #expect(inUse.status == 1 && inUse.error.contains("there is no"), "\(inUse.error)")
        let live = stack.folder.appendingPathComponent("live").path
        #expect(try Self.obstack(["backup", "--data", data, live]).status == 0)
        let running = try Self.obstack(["restore", "--data", data, live])
        #expect(running.status == 1 && running.error.contains("a stack runs on \(data)"), "\(running.error)")
        let again = try Self.obstack(["backup", "--data", data, live])
        #expect(again.status == 1 && again.error.contains("\(live) is not empty"), "\(again.error)")
        stack.killNow()
        // What other parts of a stack keep in files.
        for (path, text) in [("alerts/notifications.json", "told"), ("remote/here.position", "1:2:3"), ("remote/here.position.tmp", "1:2"), ("remote/lock", "1")] {
            let url = URL(fileURLWithPath: data).appendingPathComponent(path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: true, encoding: .utf8)
        }

        let backup = stack.folder.appendingPathComponent("closed")
        let made = try Self.obstack(["backup", "--data", data, backup.path])
        #expect(made.status == 0, "\(made.error)")
        let full = try Self.obstack(["restore", "--data", data, backup.path])
        #expect(full.status == 1 && full.error.contains("\(data) is not empty"), "\(full.error)")
        #expect(try Self.obstack(["backup", "--data", stack.folder.appendingPathComponent("none").path, live + "2"]).error.contains("is no data folder of a stack"))
        #expect(!FileManager.default.fileExists(atPath: live + "2"))

        let walker = try #require(FileManager.default.enumerator(atPath: backup.path))
        let files = walker.compactMap { $0 as? String }.filter { path in
            let values = try? FileManager.default.attributesOfItem(atPath: backup.appendingPathComponent(path).path)
            return values?[.type] as? FileAttributeType == .typeRegular && (values?[.size] as? Int ?? 0) > 0
        }
        #expect(files.filter { $0.hasPrefix("remote/") } == ["remote/here.position"])
        for part in ["alerts/notifications.json", "metrics/", "traces/", "push/", "dashboards.db", "manifest.json"] { #expect(files.contains { $0.hasPrefix(part) }, "\(part): \(files)") }
        let target = stack.folder.appendingPathComponent("target").path
        func expectRefusal(_ path: String, _ word: String) throws {
            let refused = try Self.obstack(["restore", "--data", target, backup.path])
            #expect(refused.status == 1 && refused.error.contains("/\(path)") && refused.error.contains(word), "\(path): \(refused.error)")
            #expect(refused.error.split(separator: "\n").count == 1)
            #expect(!FileManager.default.fileExists(atPath: target))
            #expect(try FileManager.default.contentsOfDirectory(atPath: stack.folder.path).filter { $0.contains(".partial") } == [])
        }
        for path in files {
            let url = backup.appendingPathComponent(path)
            let whole = try Data(contentsOf: url)
            // A bit of the first byte, of one in the middle, of the last.
            for offset in Set([0, whole.count / 2, whole.count - 1]) {
                var flipped = whole
                flipped[offset] ^= 4
                try flipped.write(to: url)
                try expectRefusal(path, path == "manifest.json" ? "manifest" : "SHA-256")
            }
            try whole.dropLast().write(to: url)
            try expectRefusal(path, path == "manifest.json" ? "manifest" : "bytes instead of")
            try FileManager.default.removeItem(at: url)
            try expectRefusal(path, path == "manifest.json" ? "there is no" : "is missing")
            try whole.write(to: url)
        }
        let extra = backup.appendingPathComponent("traces/wal/00000099")
        try Data("x".utf8).write(to: extra)
        try expectRefusal("traces/wal/00000099", "is not in manifest.json")
        try FileManager.default.removeItem(at: extra)
        try FileManager.default.createSymbolicLink(at: extra, withDestinationURL: backup.appendingPathComponent("dashboards.db"))
        try expectRefusal("traces/wal/00000099", "neither a file nor a folder")
        try FileManager.default.removeItem(at: extra)

        let put = try Self.obstack(["restore", "--data", target, backup.path])
        #expect(put.status == 0, "\(put.error)")
        #expect(try FileManager.default.attributesOfItem(atPath: target + "/dashboards.db")[.posixPermissions] as? Int == 0o600)
        #expect(try Self.dump(URL(fileURLWithPath: target + "/metrics")).filter { $0.hasPrefix(#"{__name__="kept"} 42 "#) }.count == 1)
    }

    @Test("metrics that are kept elsewhere are backed up, by a running stack and of a closed one")
    func metricsElsewhere() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        let elsewhere = folder.appendingPathComponent("elsewhere")
        let data = folder.appendingPathComponent("data").path
        let stack = try await RunningStack(reusing: folder, configuration: ["prometheus.yml": "scrape_configs: []\n"], arguments: ["--storage.tsdb.path", elsewhere.path])
        defer { stack.stop() }
        let body = remoteWriteBody([(labels: [("__name__", "elsewhere")], samples: [(Int64(Date().timeIntervalSince1970 * 1000), 1)])])
        #expect(try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: body).status == 204)
        let live = folder.appendingPathComponent("live")
        #expect(try Self.obstack(["backup", "--data", data, live.path]).status == 0)
        stack.killNow()
        let unknown = try Self.obstack(["backup", "--data", data, folder.path + "/unknown"])
        #expect(unknown.status == 1 && unknown.error.contains("--storage.tsdb.path"), "\(unknown.error)")
        let closed = folder.appendingPathComponent("closed")
        #expect(try Self.obstack(["backup", "--data", data, "--storage.tsdb.path", elsewhere.path, closed.path]).status == 0)
        for backup in [live, closed] { #expect(try Self.dump(backup.appendingPathComponent("metrics"), "elsewhere").count == 1) }
        #expect(!FileManager.default.fileExists(atPath: data + "/metrics"))
    }

    @Test("the control socket is its owner's alone and answers nonsense in words; a stack whose folder has a long name has one, too")
    func controlSocket() async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let long = root.appendingPathComponent(String(repeating: "long/", count: 30))
        let stack = try await RunningStack(reusing: long, configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let data = stack.folder.appendingPathComponent("data")
        let socket = data.appendingPathComponent("control/socket")
        #expect(try FileManager.default.attributesOfItem(atPath: socket.path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.attributesOfItem(atPath: socket.deletingLastPathComponent().path)[.posixPermissions] as? Int == 0o700)
        for (line, word) in [("{}", "a request is"), ("nonsense", "invalid JSON"), (#"{"backup":"relative"}"#, "a path from the root"), (String(repeating: "x", count: 9000), "8192 bytes")] {
            let answer = try Self.asked(line, in: socket.deletingLastPathComponent())
            #expect(answer.hasPrefix(#"{"error":""#) && answer.contains(word), "\(line.prefix(20)): \(answer)")
        }
        let backup = stack.folder.appendingPathComponent("backup").path
        let made = try Self.obstack(["backup", "--data", data.path, backup])
        #expect(made.status == 0, "\(made.error)")
        // Where it cannot be written, nothing is left, and the stack goes on.
        let refused = try Self.obstack(["backup", "--data", data.path, "/proc/backup"])
        #expect(refused.status == 1 && refused.error.contains("/proc/backup"), "\(refused.error)")
        #expect(try http(stack.url("prometheus", "/-/ready")).status == 200)
        stack.signal(SIGTERM)
        #expect(stack.waitForExit() == 0)
        #expect(!FileManager.default.fileExists(atPath: socket.path))
    }

    @Test("a backup whose client goes away ends, and leaves nothing")
    func brokenOff() async throws {
        let stack = try await RunningStack(configuration: ["prometheus.yml": "scrape_configs: []\n"])
        defer { stack.stop() }
        let control = stack.folder.appendingPathComponent("data/control")
        // While one that says nothing is waited for, the other one asks and is gone.
        let silent = try Self.connected(control)
        let gone = try Self.connected(control)
        Self.send(#"{"backup":"\#(stack.folder.path)/gone"}"#, gone)
        close(gone)
        close(silent)
        #expect(try await eventually(within: 60) { stack.log.contains("was not done: it was broken off") }, "\(stack.log)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: stack.folder.path).filter { $0.hasPrefix("gone") } == [])
        #expect(try Self.obstack(["backup", "--data", stack.folder.appendingPathComponent("data").path, stack.folder.appendingPathComponent("gone").path]).status == 0)
    }

    @Test("dashboards go out and in by the two lines of docs/operating.md, from one stack to another", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/jq"), "jq is not installed"))
    func dashboards() async throws {
        let (from, to) = (try await RunningStack(), try await RunningStack())
        defer { for stack in [from, to] { stack.stop() } }
        let basic = ["Authorization: Basic YWRtaW46YWRtaW4=", "Content-Type: application/json"]
        let board = #"{"dashboard":{"title":"Mine","uid":"mine","tags":["own"],"panels":[{"id":1,"type":"timeseries","title":"up","targets":[{"expr":"up"}]}]}}"#
        #expect(try http(from.url("grafana", "/api/dashboards/db"), method: "POST", headers: basic, body: Data(board.utf8)).status == 200)
        let guide = try String(contentsOf: RunningStack.packageRoot.appendingPathComponent("docs/operating.md"), encoding: .utf8).split(separator: "\n").map(String.init)
        let lines = try ["curl -s -u admin:admin 'http://localhost:3000/api/search", "for file in *.json"].map { start in try #require(guide.first { $0.hasPrefix(start) }) }
        let folder = from.folder.appendingPathComponent("boards")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (line, stack) in zip(lines, [from, to]) {
            let done = try run("/bin/bash", ["-c", line.replacingOccurrences(of: "localhost:3000", with: "127.0.0.1:\(stack.ports["grafana"] ?? 0)")], in: folder)
            #expect(done.status == 0, "\(line): \(done.error)")
        }
        let document = try #require(try json(from.url("grafana", "/api/dashboards/uid/mine").replacingOccurrences(of: "//", with: "//admin:admin@"))["dashboard"] as? [String: Any])
        let copy = try #require(try json(to.url("grafana", "/api/dashboards/uid/mine").replacingOccurrences(of: "//", with: "//admin:admin@"))["dashboard"] as? [String: Any])
        for key in ["title", "uid", "tags", "panels"] { #expect(NSDictionary(dictionary: [key: document[key] ?? 0]) == NSDictionary(dictionary: [key: copy[key] ?? 1]), "\(key)") }
    }

    /// Connected to the socket in a folder; by a descriptor of the folder, whose name may be long.
    private static func connected(_ folder: URL) throws -> Int32 {
        let directory = open(folder.path, O_RDONLY | O_DIRECTORY)
        defer { close(directory) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "/proc/self/fd/\(directory)/socket".utf8) }
        let status = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) } }
        guard status == 0 else {
            close(descriptor)
            throw RunningStack.Failure(description: "connect: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    private static func send(_ line: String, _ descriptor: Int32) {
        _ = Array((line + "\n").utf8).withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// One line to the socket in a folder, and the answer.
    private static func asked(_ line: String, in folder: URL) throws -> String {
        let descriptor = try connected(folder)
        defer { close(descriptor) }
        send(line, descriptor)
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            answer += piece[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}

/// A remote write body with one exemplar of one series, and no sample.
private func remoteWriteExemplar(_ name: String, millis: Int64, traceID: String) -> Data {
    func label(_ out: inout ByteWriter, _ name: String, _ value: String) {
        out.appendMessage(1) { label in
            label.appendField(1, string: name)
            label.appendField(2, string: value)
        }
    }
    var message = ByteWriter()
    message.appendMessage(1) { series in
        label(&series, "__name__", name)
        series.appendMessage(3) { exemplar in
            label(&exemplar, "trace_id", traceID)
            exemplar.appendField(2, double: 1)
            exemplar.appendField(3, varint: UInt64(bitPattern: millis))
        }
    }
    return Data(Compression.snappy.compress(message.array()))
}
