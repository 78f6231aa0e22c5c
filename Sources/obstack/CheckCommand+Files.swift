import ArgumentParser
import Server

extension CheckCommand {
    /// `obstack check rules`: rule files, without a running stack.
    struct RulesCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rules", abstract: "Checks rule files.", discussion: "Prints what promtool check rules prints. Exit status 1 when a file is refused.")

        @Argument(help: "Rule files.") var files: [String]
        @OptionGroup var reading: RuleFlags
        @OptionGroup var linting: RuleLintFlags

        func run() async throws {
            var check = try reading.check()
            check.findsDuplicates = linting.lint != .none
            check.duplicatesAreFatal = linting.lintFatal
            let status = check.rules(files)
            if status != 0 { throw ExitCode(status) }
        }
    }

    /// `obstack check config`: prometheus.yml and the rule files that it names, without a running stack.
    struct ConfigurationCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "config", abstract: "Checks prometheus.yml files and the rule files that they name.",
            discussion: "Prints what promtool check config prints. Exit status 1 when a file is refused.")

        @Argument(help: "Files such as prometheus.yml.") var files: [String]
        @OptionGroup var reading: RuleFlags
        @OptionGroup var linting: RuleLintFlags

        func run() async throws {
            var check = try reading.check()
            check.findsDuplicates = linting.lint != .none
            check.duplicatesAreFatal = linting.lintFatal
            let status = check.configurations(files)
            if status != 0 { throw ExitCode(status) }
        }
    }
}
