import Logging
import MetricModel
import Platform
import PromQL

/// One group of tests of a unit test file: series to feed rules with, and what must come out (upstream cmd/promtool/unittest.go).
package struct RuleUnitTest: Sendable {
    package struct AlertCase: Sendable {
        package var evaluationTime: ModelDuration
        package var alert: String
        /// The alerts that must fire, `alertname` left out of their labels.
        package var expected: [(labels: [String: String], annotations: [String: String])]

        package init(evaluationTime: ModelDuration, alert: String, expected: [(labels: [String: String], annotations: [String: String])]) {
            self.evaluationTime = evaluationTime
            self.alert = alert
            self.expected = expected
        }
    }

    package struct ExpectedSample: Sendable {
        /// A metric with its labels; empty for no labels.
        package var metric: String
        package var value: Double
        /// A histogram, where it is not empty.
        package var histogram: String

        package init(metric: String, value: Double, histogram: String) {
            self.metric = metric
            self.value = value
            self.histogram = histogram
        }
    }

    package struct ExpressionCase: Sendable {
        package var expression: String
        package var evaluationTime: ModelDuration
        package var expected: [ExpectedSample]

        package init(expression: String, evaluationTime: ModelDuration, expected: [ExpectedSample]) {
            self.expression = expression
            self.evaluationTime = evaluationTime
            self.expected = expected
        }
    }

    /// What is said once for a whole file.
    package struct Settings: Sendable {
        package var evaluationInterval = ModelDuration.seconds(60)
        /// Groups by name and the place at which they are evaluated; others come first.
        package var groupOrder: [String: Int] = [:]
        /// Whether the neighbours of a number count as equal to it.
        package var comparesFuzzily = false
        package var parser = ParserOptions()

        package init() {}
    }

    package var name = ""
    /// The time between two samples of the input.
    package var interval = ModelDuration.seconds(60)
    package var input: [(series: String, values: String)] = []
    package var alerts: [AlertCase] = []
    package var expressions: [ExpressionCase] = []
    package var externalLabels: [String: String] = [:]
    package var externalURL = ""
    /// When the test begins, in milliseconds since the epoch.
    package var startMillis: Int64 = 0

    package init() {}

    /// Runs the test on groups of rules. Returns what failed, as promtool prints it; nothing when all is well.
    package func run(_ groups: [RuleGroup], _ settings: Settings) async -> [String] {
        for test in alerts where test.alert.isEmpty {
            let place = name.isEmpty ? "" : " (in TestGroup \(name))"
            return ["an item under alert_rule_test misses required attribute alertname at eval_time \(test.evaluationTime)\(place)"]
        }
        var feed: RuleTestInput
        do throws(SeriesDescription.Invalid) { feed = try RuleTestInput(input, startMillis: startMillis, stepMillis: interval.millis) } catch { return [error.description] }
        var options = QueryEngine.Options()
        options.defaultSubqueryStepMillis = settings.evaluationInterval.millis
        options.parser = settings.parser
        options.threadsPerQuery = 1
        let engine = QueryEngine(reader: feed.store, options: options)
        var states = groups.enumerated().sorted { a, b in
            let (x, y) = (settings.groupOrder[a.element.name] ?? 0, settings.groupOrder[b.element.name] ?? 0)
            return x == y ? a.offset < b.offset : x < y
        }.map { GroupState($0.element, isRestored: true) }
        var failures = await evaluate(&states, &feed, engine, settings)
        if failures.isFatal { return failures.sentences }
        for test in expressions { if let failure = await failure(of: test, engine, settings) { failures.sentences.append(failure) } }
        return failures.sentences
    }

    private var lastMillis: Int64 { max(alerts.map(\.evaluationTime.millis).max() ?? 0, expressions.map(\.evaluationTime.millis).max() ?? 0) }

    /// Evaluates the rules from the start to the last moment that a test names, and looks at the alerts on the way.
    private func evaluate(
        _ states: inout [GroupState], _ feed: inout RuleTestInput, _ engine: QueryEngine, _ settings: Settings
    ) async -> (sentences: [String], isFatal: Bool) {
        let evaluator = GroupEvaluator(engine: engine, writer: MemoryWriter(store: feed.store), clock: SystemClock(), logger: Logger(label: "rules") { _ in SwiftLogNoOpLogHandler() })
        var shared = RuleSettings()
        shared.externalLabels = externalLabels
        shared.externalURL = externalURL
        let step = settings.evaluationInterval.millis
        let tests = alerts.sorted { $0.evaluationTime < $1.evaluationTime }
        var next = 0
        var sentences: [String] = []
        var passed: Int64 = 0
        while passed <= lastMillis {
            let now = startMillis + passed
            do throws(NativeHistogramError) { try feed.load(untilMillis: now) } catch { return (sentences + [error.description], true) }
            var broken: [String] = []
            for index in states.indices {
                await evaluator.evaluate(&states[index], atMillis: now, shared)
                for rule in states[index].rules {
                    if let error = rule.lastError { broken.append("    rule: \(rule.rule.name), time: \(GoTime.duration(now * 1_000_000)), err: \(error)") }
                }
            }
            sentences += broken
            if !broken.isEmpty { return (sentences, true) }
            while next < tests.count, tests[next].evaluationTime.millis < passed + step {
                if let failure = failure(of: tests[next], states, settings) { sentences.append(failure) }
                next += 1
            }
            passed += step
        }
        return (sentences, false)
    }

    // MARK: Alerts

    private typealias Firing = (labels: [String: String], annotations: [String: String])

    private func failure(of test: AlertCase, _ states: [GroupState], _ settings: Settings) -> String? {
        let found = states.flatMap(\.rules).filter { $0.rule.alerting != nil && $0.rule.name == test.alert }.flatMap(\.alerts.active).filter { $0.state == .firing }
        let got: [Firing] = Self.sorted(found.map { (Dictionary($0.labels.pairs.map { ($0.name, $0.value) }) { $1 }, $0.annotations) })
        let expected: [Firing] = Self.sorted(test.expected.map { ($0.labels.merging([AlertLabel.name: test.alert]) { $1 }, $0.annotations) })
        if got.count == expected.count, zip(got, expected).allSatisfy({ $0.labels == $1.labels && $0.annotations == $1.annotations }) { return nil }
        let head = name.isEmpty ? "" : "    name: \(name),\n"
        return head + "    alertname: \(test.alert), time: \(test.evaluationTime), \n        exp:\(Self.text(expected)), \n        got:\(Self.text(got))"
    }

    private static func sorted(_ alerts: [Firing]) -> [Firing] {
        alerts.sorted { a, b in
            let (x, y) = (Labels(a.labels.map { ($0, $1) }), Labels(b.labels.map { ($0, $1) }))
            return x == y ? Labels(a.annotations.map { ($0, $1) }) < Labels(b.annotations.map { ($0, $1) }) : x < y
        }
    }

    private static func text(_ alerts: [Firing]) -> String {
        if alerts.isEmpty { return "[]" }
        let indent = "            "
        let items = alerts.enumerated().map { index, alert in "\(indent)\(index):\n\(indent)  Labels:\(text(alert.labels))\n\(indent)  Annotations:\(text(alert.annotations))" }
        return "[\n" + items.joined(separator: ",\n") + "\n\(indent)]"
    }

    /// `{a="b", c="d"}`, the name among the labels.
    private static func text(_ labels: [String: String]) -> String {
        "{" + labels.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, value in
            "\(LabelName.isLegacy(name) ? name : LabelName.quoted(name))=\(LabelName.quoted(value))"
        }.joined(separator: ", ") + "}"
    }

    // MARK: Expressions

    private struct Found {
        var labels: Labels
        var value: Double
        var histogram: String

        var text: String {
            RuleUnitTest.text(Dictionary(labels.pairs.map { ($0.name, $0.value) }) { $1 }) + " " + (histogram.isEmpty ? ScientificText.text(value, mark: "E") : histogram)
        }
    }

    private func failure(of test: ExpressionCase, _ engine: QueryEngine, _ settings: Settings) async -> String? {
        let head = "    expr: \(LabelName.quoted(test.expression)), time: \(test.evaluationTime),"
        let got: [Found]
        do throws(RuleError) {
            got = try await GroupEvaluator.answer(engine, test.expression, atMillis: startMillis + test.evaluationTime.millis).map { sample in
                Found(labels: sample.labels, value: sample.value, histogram: sample.histogram.map(HistogramText.text) ?? "")
            }.sorted { $0.labels < $1.labels }
        } catch {
            return "\(head) err: \(error)"
        }
        var expected: [Found] = []
        for sample in test.expected {
            do throws(SeriesDescription.Invalid) {
                expected.append(try Self.read(sample))
            } catch {
                return "\(head) err: labels \(LabelName.quoted(sample.metric)): \(error)"
            }
        }
        expected.sort { $0.labels < $1.labels }
        let isSame = got.count == expected.count && zip(expected, got).allSatisfy { a, b in
            a.labels == b.labels && a.histogram == b.histogram && Self.equals(a.value, b.value, fuzzily: settings.comparesFuzzily)
        }
        func list(_ samples: [Found]) -> String { samples.isEmpty ? "nil" : samples.map(\.text).joined(separator: ", ") }
        return isSame ? nil : "\(head)\n        exp: \(list(expected))\n        got: \(list(got))"
    }

    private static func read(_ sample: ExpectedSample) throws(SeriesDescription.Invalid) -> Found {
        let labels = sample.metric.allSatisfy { $0 == " " } ? Labels.empty : try SeriesDescription(sample.metric).labels
        if sample.histogram.isEmpty { return Found(labels: labels, value: sample.value, histogram: "") }
        let values = try SeriesDescription("{} " + sample.histogram).samples
        guard values.count == 1 else { throw SeriesDescription.Invalid("expected 1 value, got \(values.count)") }
        guard case .histogram(let histogram, _) = values[0] else { throw SeriesDescription.Invalid("expected histogram, got \(sample.histogram)") }
        return Found(labels: labels, value: 0, histogram: HistogramText.text(histogram))
    }

    private static func equals(_ a: Double, _ b: Double, fuzzily: Bool) -> Bool { a == b || fuzzily && (a.nextDown == b || a.nextUp == b) }
}
