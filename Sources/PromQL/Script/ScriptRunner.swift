import MetricModel

/// Runs test scripts and says what became of every evaluation.
package struct ScriptRunner: Sendable {
    /// What became of one `eval`, or of a command that could not be carried out.
    package struct Outcome: Sendable {
        package let line: Int
        package let query: String
        /// Why it failed; nil when it passed.
        package let failure: String?
        /// Whether it counts; a `load` that fails does not.
        package let isEvaluation: Bool
    }

    package let options: QueryEngine.Options

    /// The settings that upstream runs its scripts with: every feature on.
    package static let scriptOptions: QueryEngine.Options = {
        var options = QueryEngine.Options()
        options.parser = .allFeatures
        options.delaysNameRemoval = true
        options.usesStartTimestamps = true
        return options
    }()

    package init(options: QueryEngine.Options = ScriptRunner.scriptOptions) { self.options = options }

    /// The outcomes of all evaluations, in order, and of the other commands that failed.
    package func run(_ script: Script) async -> [Outcome] {
        let store = MemoryStore()
        let engine = QueryEngine(reader: store, options: options)
        var outcomes: [Outcome] = []
        for entry in script.entries {
            switch entry.command {
            case .clear: store.removeAll()
            case .load(let step, let lines, let withNativeHistograms):
                let failures = ScriptLoad(lines, stepMillis: step, withNativeHistograms: withNativeHistograms).run(into: store, at: entry.line)
                outcomes.append(contentsOf: failures.map { Outcome(line: $0.line, query: "", failure: $0.reason, isEvaluation: false) })
            case .evaluate(let evaluation):
                let failure = await ScriptCheck(evaluation: evaluation, engine: engine, options: options.parser).failure()
                outcomes.append(Outcome(line: entry.line, query: evaluation.query, failure: failure, isEvaluation: true))
            case .invalid(let isEvaluation, let reason): outcomes.append(Outcome(line: entry.line, query: "", failure: reason, isEvaluation: isEvaluation))
            }
        }
        return outcomes
    }
}
