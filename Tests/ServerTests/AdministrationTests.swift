import Foundation
import Testing

@Suite("Administration of metrics", .serialized)
struct AdministrationTests {
    /// Forty hours of ten series, a sample every five minutes.
    private static func makeText(_ folder: URL) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var text = "# TYPE a gauge\n"
        for step in 0..<480 { for series in 0..<10 { text += "a{n=\"\(series)\"} \(step * series) \(1_767_225_600 + step * 300)\n" } }
        let file = folder.appendingPathComponent("text")
        try (text + "# EOF\n").write(to: file, atomically: true, encoding: .utf8)
        return file
    }

    private static func tsdb(_ arguments: [String]) throws -> (status: Int32, output: String, error: String) { try run(RunningStack.binary.path, ["tsdb"] + arguments) }

    @Test("imported text is served; what is deleted over HTTP is gone and stays gone; a snapshot is a directory of its own")
    func administers() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        let file = try Self.makeText(folder)
        let metrics = folder.appendingPathComponent("data/metrics").path
        let imported = try Self.tsdb(["import", file.path, metrics])
        #expect(imported.status == 0, "\(imported.error)")
        #expect(imported.output.split(separator: "\n").count == 21)
        let whole = try Self.tsdb(["dump", metrics])
        #expect(whole.output.split(separator: "\n").count == 4800)

        var stack = try await RunningStack(reusing: folder, arguments: ["--web.enable-admin-api", "--storage.tsdb.retention.size", "1GB"])
        let query = "/api/v1/query?time=1767369600&query=sum(count_over_time(a%5B41h%5D))"
        func samples() throws -> String? {
            let data = try json(stack.url("prometheus", query))["data"] as? [String: Any]
            return ((data?["result"] as? [[String: Any]])?.first?["value"] as? [Any])?.last as? String
        }
        #expect(try samples() == "4800")
        let admin = "/api/v1/admin/tsdb/"
        // The first sample of three series, and all after the 239th of one.
        let deletions = ["match[]=a%7Bn%3D~%22%5B123%5D%22%7D&start=1767225600&end=1767225600", "match[]=a%7Bn%3D%229%22%7D&start=1767297300"]
        for deletion in deletions { #expect(try http(stack.url("prometheus", admin + "delete_series?" + deletion), method: "POST").status == 204) }
        let left = "\(4800 - 3 - 241)"
        #expect(try samples() == left)
        let snapshot = try http(stack.url("prometheus", admin + "snapshot"), method: "PUT")
        #expect(snapshot.status == 200)
        let answer = try JSONSerialization.jsonObject(with: Data(snapshot.body.utf8)) as? [String: Any]
        let name = try #require((answer?["data"] as? [String: String])?["name"])
        #expect(try http(stack.url("prometheus", admin + "clean_tombstones"), method: "POST").status == 204)
        #expect(try samples() == left)
        #expect(try http(stack.url("prometheus", admin + "delete_series"), method: "POST").body.contains("no match[] parameter provided"))
        #expect(try http(stack.url("prometheus", "/metrics")).body.contains("prometheus_tsdb_retention_limit_bytes 1.073741824e+09"))
        stack.stop(removing: false)
        for directory in [metrics, "\(metrics)/snapshots/\(name)"] {
            let dump = try Self.tsdb(["dump", "--match", "a", directory])
            #expect("\(dump.output.split(separator: "\n").count)" == left)
            let verified = try Self.tsdb(["verify", directory])
            #expect(verified.status == 0, "\(verified.output)")
        }

        stack = try await RunningStack(reusing: folder)
        #expect(try samples() == left)
        let disabled = try http(stack.url("prometheus", admin + "clean_tombstones"), method: "POST")
        #expect(disabled.status == 503)
        #expect(disabled.body == #"{"status":"error","errorType":"unavailable","error":"admin APIs disabled"}"#)
        let locked = try Self.tsdb(["import", file.path, metrics])
        #expect(locked.status == 1 && locked.error.contains("in use"))
        stack.stop()
    }

    @Test("verify names the file and the offset of what is flipped, and ends with status 1; the rest is dumped")
    func verifies() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let metrics = folder.appendingPathComponent("metrics").path
        _ = try Self.tsdb(["import", "--quiet", try Self.makeText(folder).path, metrics])
        let block = try #require(try FileManager.default.contentsOfDirectory(atPath: metrics).sorted().first { $0.utf8.count == 26 })
        for (file, offset) in [("index", 14), ("chunks/000001", 300)] {
            let path = "\(metrics)/\(block)/\(file)"
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[offset] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path))
            let found = try Self.tsdb(["verify", metrics])
            #expect(found.status == 1)
            #expect(found.output.contains("\(path): byte "), "\(found.output)")
        }
        let dump = try Self.tsdb(["dump", metrics])
        #expect(dump.status == 1)
        #expect(dump.error.contains(block))
        #expect(dump.output.split(separator: "\n").count == 4800 - 240)
    }
}
