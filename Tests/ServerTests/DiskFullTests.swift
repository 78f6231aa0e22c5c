import Foundation
import Testing

@Suite("A full disk", .serialized, .enabled(if: geteuid() == 0, "a small disk can be mounted by root only"))
struct DiskFullTests {
    @Test("refuses writes and says why, goes on answering reads, takes writes again when there is space, and keeps what it acknowledged")
    func fullAndFree() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-full-\(UUID().uuidString)")
        let data = folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        guard try run("/bin/mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", data.path]).status == 0 else { return print("skipped: no tmpfs can be mounted here") }
        defer { _ = try? run("/bin/umount", ["-l", data.path]) }
        let quiet = ["prometheus.yml": "scrape_configs: []\n"]
        let stack = try await RunningStack(reusing: folder, configuration: quiet)
        let start = Int64(Date().timeIntervalSince1970 * 1000) - 600_000
        var sent = 0
        var acknowledged = 0
        func write() throws -> (status: Int, body: String) {
            let series = (0..<500).map { number in
                (labels: [("__name__", "full"), ("series", "\(number)")], samples: [(millis: start + Int64(sent) * 1000, value: Double.random(in: 0...1))])
            }
            sent += 1
            let answer = try http(stack.url("prometheus", "/api/v1/write"), method: "POST", headers: remoteWriteHeaders, body: remoteWriteBody(series))
            if answer.status == 204 { acknowledged += 1 }
            return answer
        }
        func stored(_ base: String) throws -> Int {
            let answer = try json("\(base)/api/v1/query?query=count_over_time(full%7Bseries%3D%220%22%7D%5B1h%5D)&time=\(start / 1000 + 3000)")
            let result = (answer["data"] as? [String: Any])?["result"] as? [[String: Any]] ?? []
            return Int((result.first?["value"] as? [Any])?.last as? String ?? "0") ?? 0
        }
        #expect(try write().status == 204)
        let filler = data.appendingPathComponent("filler")
        _ = try run("/bin/dd", ["if=/dev/zero", "of=\(filler.path)", "bs=64k"])
        var refusal: (status: Int, body: String)?
        for _ in 0..<200 where refusal == nil {
            let answer = try write()
            if answer.status != 204 { refusal = answer }
        }
        let refused = try #require(refusal, "200 writes to a full disk were acknowledged")
        #expect(refused.status / 100 == 5, "a sender tries again after \(refused.status)")
        #expect(refused.body.lowercased().contains("space"), "\(refused.body)")
        #expect(stack.isRunning)
        #expect(try stored(stack.url("prometheus")) >= acknowledged)
        try FileManager.default.removeItem(at: filler)
        #expect(try await eventually(within: 15) { try write().status == 204 }, "writes are refused although there is space")
        for _ in 0..<5 { #expect(try write().status == 204) }
        #expect(try stored(stack.url("prometheus")) >= acknowledged)
        stack.killNow()
        let again = try await RunningStack(reusing: folder, configuration: quiet)
        defer { again.stop(removing: false) }
        #expect(try stored(again.url("prometheus")) >= acknowledged)
    }
}
