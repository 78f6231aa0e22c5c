import FoundationEssentials
import PromQL
import Testing

/// Upstream's own scripts: every evaluation passes.
@Suite struct ConformanceTests {
    private static let folder = "../shared/conformance/promql"

    private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".test") }.sorted()

    @Test("every evaluation of upstream's scripts passes", .enabled(if: !files.isEmpty, "the conformance scripts are not beside the package"), arguments: files)
    func passes(file: String) async throws {
        let text = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
        let outcomes = await ScriptRunner().run(Script(text))
        #expect(!outcomes.isEmpty)
        let failures = outcomes.compactMap { outcome in outcome.failure.map { "\(file):\(outcome.line): \(outcome.query): \($0)" } }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }
}
