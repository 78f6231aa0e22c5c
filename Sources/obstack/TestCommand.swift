import ArgumentParser
import FoundationEssentials
import MetricModel
import PromQL
import Server

/// `obstack test`: runs files that say what must come out.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "test", abstract: "Runs test files.", subcommands: [PromQLCommand.self, RulesCommand.self])

    /// `obstack test promql`: scripts of data, queries and the answers that they must have.
    struct PromQLCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "promql", abstract: "Runs PromQL test scripts, in the language of Prometheus's own (promqltest).",
            discussion: "Prints each failure with its file and line, and how many evaluations passed and failed. Exit status 1 when anything failed.")

        @Argument(help: "Script files.") var files: [String]

        func run() async throws {
            var (passed, failed, others) = (0, 0, 0)
            for file in files {
                let text: String
                do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
                    complain("\(file) cannot be read: \(error.localizedDescription)")
                    throw ExitCode(2)
                }
                for outcome in await ScriptRunner().run(Script(text)) {
                    guard let failure = outcome.failure else {
                        passed += 1
                        continue
                    }
                    if outcome.isEvaluation { failed += 1 } else { others += 1 }
                    StandardStream.output.write("\(file):\(outcome.line): \(outcome.query.isEmpty ? "" : outcome.query + ": ")\(failure)\n")
                }
            }
            StandardStream.output.write("\(passed) passed, \(failed) failed\n")
            if failed + others > 0 { throw ExitCode(1) }
        }
    }

    /// `obstack test rules`: unit tests of rules.
    struct RulesCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rules", abstract: "Runs unit tests of rules, in promtool's format.", discussion: "Prints what promtool test rules prints. Exit status 1 when anything failed.")

        @Argument(help: "Test files.") var files: [String]
        @Option(name: .customLong("run"), help: "Run the tests whose names match this regular expression; can be given several times.") var names: [String] = []
        @OptionGroup var reading: RuleFlags

        func run() async throws {
            var check = try reading.check()
            if !names.isEmpty { check.chosen = try LabelPattern(".*(?:\(names.joined(separator: "|"))).*") }
            let status = await check.tests(files)
            if status != 0 { throw ExitCode(status) }
        }
    }
}
