import FoundationEssentials
import PromQL
import Testing

/// Upstream's own scripts, as far as they pass today. A number may only rise.
@Suite struct ConformanceTests {
    private static let folder = "../shared/conformance/promql"

    /// How many evaluations of each file pass.
    static let passing: [String: Int] = [
        "aggregators.test": 125,
        "at_modifier.test": 78,
        "collision.test": 2,
        "duration_expression.test": 59,
        "extended_vectors.test": 120,
        "fill-modifier.test": 46,
        "functions.test": 372,
        "histograms.test": 93,
        "info.test": 1,
        "limit.test": 15,
        "literals.test": 25,
        "name_label_dropping.test": 30,
        "native_histograms.test": 3,
        "start_timestamps.test": 3,
        "trig_functions.test": 19,
        "type_and_unit.test": 58,
    ]

    private static var isPresent: Bool { FileManager.default.fileExists(atPath: folder) }

    @Test("no evaluation of upstream's scripts that passed fails again", .enabled(if: isPresent, "the conformance scripts are not beside the package"), arguments: passing.sorted { $0.key < $1.key })
    func ratchet(file: String, count: Int) async throws {
        let text = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
        let outcomes = await ScriptRunner().run(Script(text)).filter(\.isEvaluation)
        let failed = outcomes.filter { $0.failure != nil }
        #expect(outcomes.count - failed.count >= count, "\(failed.map { "\(file):\($0.line): \($0.query): \($0.failure ?? "")" }.joined(separator: "\n"))")
    }
}
