import MetricModel
import Platform
import PromQL
import Rules

/// A file of unit tests for rules, in promtool's format (upstream cmd/promtool/unittest.go).
package struct RuleTestFile {
    package var ruleFiles: [String] = []
    package var settings = RuleUnitTest.Settings()
    package var tests: [RuleUnitTest] = []

    package init(_ text: String, file: String) throws(ConfigurationError) {
        var top = try YAMLSection.document(text, file: file)
        ruleFiles = try top.strings("rule_files") ?? []
        if let interval = try top.duration("evaluation_interval"), interval.millis > 0 { settings.evaluationInterval = interval }
        settings.comparesFuzzily = try top.bool("fuzzy_compare") ?? false
        for (index, name) in (try top.strings("group_eval_order") ?? []).enumerated() {
            guard settings.groupOrder.updateValue(index, forKey: name) == nil else { throw top.error("group_eval_order", "group name repeated in evaluation order: \(name)") }
        }
        for var section in try top.sections("tests") ?? [] { tests.append(try Self.test(&section, settings.evaluationInterval)) }
        try top.refuseUnknown()
    }

    private static func test(_ section: inout YAMLSection, _ evaluationInterval: ModelDuration) throws(ConfigurationError) -> RuleUnitTest {
        var test = RuleUnitTest()
        test.name = try section.string("name") ?? ""
        test.interval = evaluationInterval
        if let interval = try section.duration("interval"), interval.millis > 0 { test.interval = interval }
        for var input in try section.sections("input_series") ?? [] {
            test.input.append((try input.string("series") ?? "", try input.string("values") ?? ""))
            try input.refuseUnknown()
        }
        for var alert in try section.sections("alert_rule_test") ?? [] {
            var expected: [(labels: [String: String], annotations: [String: String])] = []
            for var item in try alert.sections("exp_alerts") ?? [] {
                expected.append((Dictionary(try item.texts("exp_labels") ?? []) { $1 }, Dictionary(try item.texts("exp_annotations") ?? []) { $1 }))
                try item.refuseUnknown()
            }
            test.alerts.append(.init(evaluationTime: try alert.duration("eval_time") ?? .seconds(0), alert: try alert.string("alertname") ?? "", expected: expected))
            try alert.refuseUnknown()
        }
        for var expression in try section.sections("promql_expr_test") ?? [] {
            var expected: [RuleUnitTest.ExpectedSample] = []
            for var item in try expression.sections("exp_samples") ?? [] {
                let value = try item.string("value") ?? "0"
                guard let number = number(value) else { throw item.error("value", "\"\(value)\" is not a number") }
                expected.append(.init(metric: try item.string("labels") ?? "", value: number, histogram: try item.string("histogram") ?? ""))
                try item.refuseUnknown()
            }
            test.expressions.append(.init(expression: try expression.string("expr") ?? "", evaluationTime: try expression.duration("eval_time") ?? .seconds(0), expected: expected))
            try expression.refuseUnknown()
        }
        test.externalLabels = Dictionary(try section.texts("external_labels") ?? []) { $1 }
        test.externalURL = try section.string("external_url") ?? ""
        if let text = try section.string("start_timestamp") {
            guard let millis = RFC3339.millis(text) ?? Double(text).flatMap({ Int64(exactly: ($0 * 1_000).rounded()) }) else {
                throw section.error("start_timestamp", "\"\(text)\" is neither a moment such as 2024-01-01T00:00:00Z nor seconds since the epoch")
            }
            test.startMillis = millis
        }
        try section.refuseUnknown()
        return test
    }

    /// A number as YAML writes it.
    private static func number(_ text: String) -> Double? {
        switch text.lowercased() {
        case ".inf", "+.inf": .infinity
        case "-.inf": -.infinity
        case ".nan": .nan
        default: GoFormat.number(text) ?? Double(text)
        }
    }
}
