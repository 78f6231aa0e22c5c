import Foundation
import Testing

@Suite("The trace store in the stack", .serialized)
struct TraceStoreTests {
    @Test("a corrupt segment is one warning that names it, the stack starts without it; retention is set by flag before variable")
    func damageAndRetention() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-test-\(UUID().uuidString)")
        let segments = folder.appendingPathComponent("data/traces/segments")
        try FileManager.default.createDirectory(at: segments, withIntermediateDirectories: true)
        let segment = segments.appendingPathComponent("00000001.seg")
        try Data("this is no segment, though it is long enough to be one".utf8).write(to: segment)
        let stack = try await RunningStack(reusing: folder, arguments: ["--trace-retention", "2h"], environment: ["TRACE_RETENTION": "1h"])
        defer { stack.stop() }
        #expect(stack.log.split(separator: "\n").filter { $0.contains("warning") && $0.contains("segments/00000001.seg is corrupt at byte 0") }.count == 1, "\(stack.log)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: segments.path) == ["00000001.seg.damaged"])
        let metrics = try http(stack.url("prometheus", "/metrics")).body
        for line in ["obstack_traces_retention_limit_seconds 7200", "obstack_traces_segments_damaged 1", "obstack_traces_segments 0", "obstack_traces_head_spans 0"] {
            #expect(metrics.contains("\n\(line)\n"), "\(line)")
        }
        let flags = try json(stack.url("prometheus", "/api/v1/status/flags"))["data"] as? [String: String]
        #expect(flags?["trace-retention"] == "2h")
    }

    @Test("a retention that is no duration is refused in one line")
    func invalidRetention() throws {
        let refused = try run(RunningStack.binary.path, ["serve", "--trace-retention", "never"])
        #expect(refused.status == 2)
        #expect(refused.error.contains("--trace-retention: \"never\" is not a duration"), "\(refused.error)")
    }
}
