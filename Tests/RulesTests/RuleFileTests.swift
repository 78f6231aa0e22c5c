import Foundation
import Rules
import Server
import Testing

/// Upstream's rule files: the same verdict for each, and an error says where.
@Suite("Rule files")
struct RuleFileTests {
    private static let root = "../shared/conformance"
    private static let isPresent = FileManager.default.fileExists(atPath: root + "/rules")

    private static func parse(_ path: String, _ options: RuleFile.Options = RuleFile.Options()) throws -> [RuleGroup] {
        try RuleFile.parse(String(contentsOfFile: "\(root)/\(path)", encoding: .utf8), file: path, options)
    }

    private static func problems(_ path: String, _ options: RuleFile.Options = RuleFile.Options()) throws -> [String] {
        do {
            _ = try parse(path, options)
            return []
        } catch let refused as RefusedRules {
            return refused.problems.map(\.description)
        }
    }

    private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: root + "/rules")) ?? []).filter { $0.hasSuffix(".yaml") }.sorted()

    @Test("a file is taken or refused as upstream does", .enabled(if: isPresent, "the conformance data is not beside the package"), arguments: names)
    func verdict(name: String) throws {
        var options = RuleFile.Options()
        options.requiresLegacyNames = name.hasPrefix("legacy_validation")
        let problems = try Self.problems("rules/" + name, options)
        #expect(problems.isEmpty == !(name.contains(".bad.") || name == "invalid_rules.yaml"), "\(name): \(problems)")
        for problem in problems { #expect(problem.prefixMatch(of: /rules\/[^:]+:( \d+:\d+:)/) != nil, "\(problem) names no place") }
    }

    static let refusals: [(file: String, problems: [String])] = [
        ("rules/bad_expr.bad.yaml", ["rules/bad_expr.bad.yaml: 5:15: group \"yolo\", rule 1, \"yolo\": could not parse expression: 1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"]),
        ("rules/bad_field.bad.yaml", ["rules/bad_field.bad.yaml: 8:9: field annotation not found in type rulefmt.Rule"]),
        ("rules/duplicate_grp.bad.yaml", ["rules/duplicate_grp.bad.yaml: 3:11: groupname: \"yolo\" is repeated in the same file"]),
        ("rules/record_and_alert.bad.yaml", ["rules/record_and_alert.bad.yaml: 5:16: group \"yolo\", rule 1, \"Hello\": only one of 'record' and 'alert' must be set"]),
        ("rules/no_rec_alert.bad.yaml", ["rules/no_rec_alert.bad.yaml: 4:9: group \"yolo\", rule 1, \"\": one of 'record' or 'alert' must be set"]),
        ("rules/noexpr.bad.yaml", ["rules/noexpr.bad.yaml: 4:9: group \"yolo\", rule 1, \"ylo\": field 'expr' must be set in rule"]),
        ("rules/record_and_for.bad.yaml", ["rules/record_and_for.bad.yaml: 6:9: group \"yolo\", rule 1, \"Hello\": invalid field 'for' in recording rule"]),
        ("rules/invalid_label_name.bad.yaml", ["rules/invalid_label_name.bad.yaml: 7:11: group \"yolo\", rule 1, \"hola\": invalid label name: __name__"]),
        ("promtool/rules-bad.yml", ["promtool/rules-bad.yml: 12:11: group \"alerts\", rule 1, \"InstanceDown\": annotation \"summary\": template: __alert_InstanceDown:1: undefined variable \"$label\""]),
        ("promtool/rules_extrafields.yml", [
            "promtool/rules_extrafields.yml: 7:5: field namespace not found in type rulefmt.RuleGroup", "promtool/rules_extrafields.yml: 21:5: field ownership not found in type rulefmt.RuleGroup",
        ]),
    ]

    @Test("what is wrong is said in upstream's words, with line and column", .enabled(if: isPresent, "the conformance data is not beside the package"), arguments: refusals)
    func words(file: String, problems: [String]) throws {
        #expect(try Self.problems(file) == problems)
    }

    @Test("unknown keys are passed over where that is asked for", .enabled(if: isPresent, "the conformance data is not beside the package"))
    func unknownKeys() throws {
        var options = RuleFile.Options()
        options.ignoresUnknownFields = true
        #expect(try Self.parse("promtool/rules_extrafields.yml", options).map(\.rules.count) == [2, 3])
    }

    @Test("aliases and merged mappings are followed, a key of one's own wins", .enabled(if: isPresent, "the conformance data is not beside the package"))
    func aliases() throws {
        let rules = try Self.parse("rules/test_aliases.yaml")[0].rules
        #expect(rules.map(\.name) == ["HighAlert", "new_metric", "HighAlert", "HighAlert2"])
        #expect(rules[3].query == rules[0].query)
        #expect(rules[3].alerting?.holdMillis == 300_000)
        #expect(rules[3].labels == ["severity": "critical"])
    }

    @Test("what a file says arrives: group keys, labels of the group under those of the rule, the interval of the settings where none is named")
    func values() throws {
        let text = """
            groups:
            - name: a
              interval: 30s
              query_offset: 1m
              limit: 7
              labels: {team: x, tier: 1}
              rules:
              - alert: Down
                expr: up==0
                for: 5m
                keep_firing_for: 1m30s
                labels: {tier: "{{ $labels.tier }}"}
                annotations: {summary: "{{ $value }}"}
            - name: b
              rules: [{record: "x:y", expr: 'sum(up)'}]
            """
        var options = RuleFile.Options()
        options.intervalMillis = 15_000
        let groups = try RuleFile.parse(text, file: "f.yml", options)
        #expect(groups.map(\.key) == ["f.yml;a", "f.yml;b"])
        #expect(groups.map(\.intervalMillis) == [30_000, 15_000])
        #expect(groups.map(\.queryOffsetMillis) == [60_000, nil])
        #expect(groups.map(\.limit) == [7, 0])
        let alert = groups[0].rules[0]
        #expect(alert.query == "up == 0")
        #expect(alert.labels == ["team": "x", "tier": "{{ $labels.tier }}"])
        #expect(alert.alerting == Rule.Alerting(holdMillis: 300_000, keepFiringMillis: 90_000, annotations: ["summary": "{{ $value }}"]))
        #expect(groups[1].rules[0].alerting == nil)
        #expect(try RuleFile.parse("", file: "f.yml").isEmpty)
    }

    @Test("mistakes of every kind are found, all of them", arguments: [
        ("groups: 5", ["f.yml: 1:9: groups: must be a list"]),
        ("groups: [{name: ''}]", ["f.yml: 1:17: Groupname must not be empty"]),
        ("groups: [{name: a, interval: 5 minutes, limit: x}]", ["f.yml: 1:30: interval: not a valid duration string: \"5 minutes\"", "f.yml: 1:48: limit: \"x\" is not a whole number"]),
        ("groups: [{name: a, rules: [{record: 'a{b}', expr: '1', annotations: {a: b}, keep_firing_for: 1m}]}]", [
            "f.yml: 1:56: group \"a\", rule 1, \"a{b}\": invalid field 'annotations' in recording rule", "f.yml: 1:77: group \"a\", rule 1, \"a{b}\": invalid field 'keep_firing_for' in recording rule",
            "f.yml: 1:37: group \"a\", rule 1, \"a{b}\": braces present in the recording rule name; should it be in expr?: a{b}",
        ]),
        ("groups: [", ["f.yml: 2:1: not valid YAML"]),
    ])
    func mistakes(text: String, problems: [String]) {
        do {
            _ = try RuleFile.parse(text, file: "f.yml")
            Issue.record("\(text) was taken")
        } catch {
            let found = error.problems.map(\.description)
            #expect(found.count == problems.count, "\(found)")
            if problems[0].hasSuffix("YAML") { #expect(found[0].hasPrefix("f.yml: ") && found[0].contains("not valid YAML"), "\(found)") } else { #expect(found == problems) }
        }
    }
}
