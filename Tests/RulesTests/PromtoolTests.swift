import Foundation
import Server
import Testing

/// promtool's own test files: those that pass there pass here, and of the others the same is said.
@Suite("Unit tests of rules", .serialized)
struct PromtoolTests {
    private static let root = "../shared/conformance/promtool"
    private static let isPresent = FileManager.default.fileExists(atPath: root)

    @Test("passes", .enabled(if: isPresent, "the conformance data is not beside the package"), arguments: [
        "at-modifier-test", "long-period", "negative-offset-test", "no-test-group-interval", "start-time-test", "unittest",
    ])
    func passes(name: String) async throws {
        #expect(try await RuleCheck().failures("\(Self.root)/\(name).yml") == [])
    }

    static let failures: [(name: String, failures: [String])] = [
        ("failing", [
            """
                name: Failing test,
                alertname: Test, time: 0s, 
                    exp:[
                        0:
                          Labels:{alertname="Test"}
                          Annotations:{}
                        ], 
                    got:[]
            """,
            """
                expr: "test", time: 0s,
                    exp: {__name__="test"} 1E+00
                    got: {__name__="test"} 0E+00
            """,
            """
                name: Failing alert test,
                alertname: InstanceDown, time: 5m, 
                    exp:[], 
                    got:[
                        0:
                          Labels:{alertname="InstanceDown", job="test", severity="page"}
                          Annotations:{description=" of job test has been down for more than 5 minutes.", summary="Instance  down"}
                        ]
            """,
            """
                name: Failing alert test,
                alertname: AlwaysFiring, time: 5m, 
                    exp:[], 
                    got:[
                        0:
                          Labels:{alertname="AlwaysFiring"}
                          Annotations:{}
                        ]
            """,
        ]),
        ("rules_run", ["    expr: \"test\", time: 0s,\n        exp: {__name__=\"test\"} 1E+00\n        got: {__name__=\"test\"} 0E+00"]),
        ("rules_run_fuzzy", [
            "    expr: \"test_low\", time: 0s,\n        exp: {__name__=\"test_low\"} 3E+00\n        got: {__name__=\"test_low\"} 2.9999999999999987E+00",
            "    expr: \"test_high\", time: 0s,\n        exp: {__name__=\"test_high\"} 3E+00\n        got: {__name__=\"test_high\"} 3.0000000000000013E+00",
        ]),
        ("rules_run_no_fuzzy", [
            "    expr: \"test_low\", time: 0s,\n        exp: {__name__=\"test_low\"} 3E+00\n        got: {__name__=\"test_low\"} 2.9999999999999996E+00",
            "    expr: \"test_high\", time: 0s,\n        exp: {__name__=\"test_high\"} 3E+00\n        got: {__name__=\"test_high\"} 3.0000000000000004E+00",
        ]),
    ]

    @Test("what fails is said as promtool says it", .enabled(if: isPresent, "the conformance data is not beside the package"), arguments: failures)
    func fails(name: String, failures: [String]) async throws {
        #expect(try await RuleCheck().failures("\(Self.root)/\(name).yml") == failures)
    }

    @Test("a query, a rule or an input that is broken fails its test and says why", .enabled(if: isPresent, "the conformance data is not beside the package"), arguments: [
        ("bad-promql", "    expr: \"join_1 + on(a) join_2\", time: 0s, err: found duplicate series for the match group {a=\"1\"}"),
        ("bad-rules-error-test", "    rule: joined, time: 0s, err: found duplicate series for the match group {a=\"1\"}"),
        ("bad-rules-syntax-test", "\(root)/bad-rules-syntax.yml: 7:15: group \"bad-syntax\", rule 1, \"x\": could not parse expression: 1:7: parse error: unexpected end of input"),
        ("bad-input-series", "input_series[0]: "),
        ("rules_run_extrafields", "\(root)/rules_extrafields.yml: 7:5: field namespace not found"),
    ])
    func broken(name: String, beginning: String) async throws {
        let failures = try await RuleCheck().failures("\(Self.root)/\(name).yml")
        #expect(failures.first?.hasPrefix(beginning) == true, "\(failures)")
    }

    @Test("groups are evaluated in the order that the file says")
    func order() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-order-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "groups:\n- name: second\n  rules: [{record: b, expr: a + 1}]\n- name: first\n  rules: [{record: a, expr: vector(1)}]\n".write(
            to: folder.appendingPathComponent("rules.yml"), atomically: true, encoding: .utf8)
        let file = folder.appendingPathComponent("test.yml")
        let test = "rule_files: ['*.yml.no', rules.yml]\nORDER\ntests:\n- promql_expr_test:\n  - {expr: b, eval_time: 0, exp_samples: [{labels: b, value: 2}]}\n"
        for (order, passes) in [("group_eval_order: [first, second]", true), ("group_eval_order: [second, first]", false)] {
            try test.replacing("ORDER", with: order).write(to: file, atomically: true, encoding: .utf8)
            #expect(try await RuleCheck().failures(file.path).isEmpty == passes)
        }
    }
}
