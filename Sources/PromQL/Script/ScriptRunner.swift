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
            case .load(let step, let lines):
                for line in lines { if let failure = load(line, step, store) { outcomes.append(Outcome(line: line.number, query: "load", failure: failure, isEvaluation: false)) } }
            case .evaluate(let evaluation):
                let failure = await ScriptCheck(evaluation: evaluation, engine: engine, options: options.parser).failure()
                outcomes.append(Outcome(line: entry.line, query: evaluation.query, failure: failure, isEvaluation: true))
            case .invalid(let isEvaluation, let reason): outcomes.append(Outcome(line: entry.line, query: "", failure: reason, isEvaluation: isEvaluation))
            }
        }
        return outcomes
    }

    private func load(_ line: Script.Line, _ stepMillis: Int64, _ store: MemoryStore) -> String? {
        if line.text.prefix(while: { $0 != " " }).hasSuffix("@st") { return "start timestamps cannot be loaded" }
        let series: SeriesDescription
        do { series = try SeriesDescription(line.text) } catch { return error.description }
        let samples = series.samples.enumerated().compactMap { index, sample -> (timestamp: Int64, value: Double)? in
            if case .value(let value) = sample { (Int64(index) * stepMillis, value) } else { nil }
        }
        let refused = store.append(series.labels, samples)
        return refused > 0 ? "\(refused) samples are out of order" : nil
    }
}
