import MetricModel
import Platform
import PromQL
import Rules

/// Checks of rule files, configurations and rule tests without a running stack, printed as promtool prints them.
/// Source: upstream cmd/promtool/main.go, unittest.go.
package struct RuleCheck {
    /// promtool's exit statuses.
    package static let failureStatus: Int32 = 1
    package static let lintStatus: Int32 = 3

    /// Whether rules that stand twice are told.
    package var findsDuplicates = true
    /// Whether being told makes the check fail.
    package var duplicatesAreFatal = false
    package var ignoresUnknownFields = false
    package var parser = ServerOptions().queries.parser
    package var requiresLegacyNames = false
    /// Which tests are run, by their names; nil for all.
    package var chosen: LabelPattern?

    package init() {}

    private func say(_ line: String) { StandardStream.output.write(line + "\n") }
    private func complain(_ line: String) { StandardStream.error.write(line + "\n") }

    private func text(_ file: String) throws(ConfigurationError) -> String {
        guard let text = try ConfigurationFolder.text(file) else { throw ConfigurationError(file: file, line: nil, reason: "the file does not exist") }
        return text
    }

    private func groups(_ file: String, intervalMillis: Int64 = 60_000) throws(RefusedRules) -> [RuleGroup] {
        var options = RuleFile.Options()
        options.intervalMillis = intervalMillis
        options.parser = parser
        options.ignoresUnknownFields = ignoresUnknownFields
        options.requiresLegacyNames = requiresLegacyNames
        let text: String
        do { text = try self.text(file) } catch { throw RefusedRules(problems: [RuleProblem(file: file, reason: error.reason)]) }
        return try RuleFile.parse(text, file: file, options)
    }

    // MARK: check rules

    /// The exit status: 0, `failureStatus`, or `lintStatus`.
    package func rules(_ files: [String]) -> Int32 {
        var (failed, repeated) = (false, false)
        for file in files {
            say("Checking \(file)")
            do throws(RefusedRules) {
                let groups = try groups(file)
                if let sentence = findsDuplicates ? Self.duplicates(groups) : nil {
                    complain("  FAILED:\n\(sentence)")
                    repeated = true
                } else {
                    say("  SUCCESS: \(groups.reduce(0) { $0 + $1.rules.count }) rules found")
                }
            } catch {
                complain("  FAILED:\n\(error)")
                failed = true
                continue
            }
            say("")
        }
        return failed ? Self.failureStatus : repeated && duplicatesAreFatal ? Self.lintStatus : 0
    }

    /// The rules that stand more than once under one name and labels; nil when none does.
    private static func duplicates(_ groups: [RuleGroup]) -> String? {
        var counts: [(rule: Rule, count: Int)] = []
        for rule in groups.flatMap(\.rules) {
            if let index = counts.firstIndex(where: { $0.rule.name == rule.name && $0.rule.labels == rule.labels }) { counts[index].count += 1 } else { counts.append((rule, 1)) }
        }
        let repeated = counts.filter { $0.count > 1 }.map(\.rule).sorted { $0.name < $1.name }
        if repeated.isEmpty { return nil }
        var text = "lint error \(repeated.count) duplicate rule(s) found.\n"
        for rule in repeated {
            text += "Metric: \(rule.name)\nLabel(s):\n"
            for (name, value) in rule.labels.sorted(by: { $0.key < $1.key }) { text += "\t\(name): \(value)\n" }
        }
        return text + "Might cause inconsistency while recording expressions"
    }

    // MARK: check config

    /// Checks `prometheus.yml` files and the rule files that they name. The exit status.
    package func configurations(_ files: [String]) -> Int32 {
        var status: Int32 = 0
        for file in files {
            say("Checking \(file)")
            do throws(ConfigurationError) {
                let configuration = try PrometheusConfiguration(try text(file), file: file)
                let ruleFiles = try self.ruleFiles(configuration.rules.files, file)
                if !ruleFiles.isEmpty { say("  SUCCESS: \(ruleFiles.count) rule files found") }
                for key in configuration.notServed { complain("  WARNING: \(key) is known to Prometheus and has no effect here yet") }
                say(" SUCCESS: \(file) is valid prometheus config file syntax\n")
                var check = self
                check.requiresLegacyNames = configuration.rules.requiresLegacyNames
                let found = check.rules(ruleFiles)
                if status != Self.failureStatus, found != 0 { status = found }
            } catch {
                complain("  FAILED: \(error)")
                say("")
                status = Self.failureStatus
            }
        }
        return status
    }

    private func ruleFiles(_ patterns: [String], _ file: String) throws(ConfigurationError) -> [String] {
        var found: [String] = []
        for pattern in patterns {
            let path = FilePattern.joined(Disk.parent(file), pattern)
            let files = FilePattern.files(path)
            if files.isEmpty, !pattern.contains("*") { throw ConfigurationError(file: file, line: nil, reason: "rule_files: \"\(path)\" does not point to an existing file") }
            found += files
        }
        return found
    }

    // MARK: test rules

    /// Runs unit tests. The exit status.
    package func tests(_ files: [String]) async -> Int32 {
        var status: Int32 = 0
        for file in files {
            let failures: [String]
            do throws(ConfigurationError) { failures = try await self.failures(file) } catch { failures = [error.description] }
            if failures.isEmpty {
                say("  SUCCESS")
            } else {
                complain("  FAILED:")
                for failure in failures {
                    complain(failure)
                    say("")
                }
                status = Self.failureStatus
            }
            say("")
        }
        return status
    }

    /// What failed in a file of unit tests, as promtool prints it.
    package func failures(_ file: String) async throws(ConfigurationError) -> [String] {
        var tests = try RuleTestFile(try text(file), file: file)
        tests.settings.parser = parser
        var ruleFiles: [String] = []
        for pattern in tests.ruleFiles {
            let path = FilePattern.joined(Disk.parent(file), pattern)
            let files = FilePattern.files(path)
            if files.isEmpty { complain("  WARNING: no file match pattern \(path)") }
            ruleFiles += files
        }
        var failures: [String] = []
        for test in tests.tests where chosen?.matches(test.name) ?? true {
            do throws(RefusedRules) {
                var groups: [RuleGroup] = []
                for ruleFile in ruleFiles { groups += try self.groups(ruleFile, intervalMillis: test.interval.millis) }
                failures += await test.run(groups, tests.settings)
            } catch {
                failures += error.problems.map(\.description)
            }
        }
        return failures
    }
}
