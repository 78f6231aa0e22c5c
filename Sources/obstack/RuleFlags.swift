import ArgumentParser
import Server

/// How rule files are read by the checks.
struct RuleFlags: ParsableArguments {
    @Flag(name: .customLong("ignore-unknown-fields"), help: "Pass over keys that are not known.") var ignoresUnknownFields = false
    @Option(name: .customLong("enable-feature"), help: "Features of Prometheus that are off by default, such as promql-experimental-functions; separated by commas.")
    var enableFeature: [String] = []

    func check() throws -> RuleCheck {
        var flags = ServerOptions.Flags()
        flags.features = enableFeature
        var check = RuleCheck()
        check.ignoresUnknownFields = ignoresUnknownFields
        check.parser = try ServerOptions(flags: flags, environment: [:]).queries.parser
        return check
    }
}

/// What is told of rules beyond mistakes.
struct RuleLintFlags: ParsableArguments {
    enum Lint: String, ExpressibleByArgument, CaseIterable {
        case all
        case duplicateRules = "duplicate-rules"
        case none
    }

    @Option(help: "What is told of rules beyond mistakes: all, duplicate-rules or none.") var lint = Lint.duplicateRules
    @Flag(name: .customLong("lint-fatal"), help: "Exit with status 3 where something is told.") var lintFatal = false
}
