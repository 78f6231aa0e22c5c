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
            case .load(let step, let lines, let withNativeHistograms):
                var failures = load(lines, step, store)
                if withNativeHistograms { failures.append((entry.line, "native histograms cannot be loaded; the classic series were")) }
                outcomes.append(contentsOf: failures.map { Outcome(line: $0.line, query: "", failure: $0.reason, isEvaluation: false) })
            case .evaluate(let evaluation):
                let failure = await ScriptCheck(evaluation: evaluation, engine: engine, options: options.parser).failure()
                outcomes.append(Outcome(line: entry.line, query: evaluation.query, failure: failure, isEvaluation: true))
            case .invalid(let isEvaluation, let reason): outcomes.append(Outcome(line: entry.line, query: "", failure: reason, isEvaluation: isEvaluation))
            }
        }
        return outcomes
    }

    /// Loads what can be loaded. Of two lines for one series the later counts.
    private func load(_ lines: [Script.Line], _ stepMillis: Int64, _ store: MemoryStore) -> [(line: Int, reason: String)] {
        var failures: [(line: Int, reason: String)] = []
        var descriptions: [(line: Int, series: SeriesDescription)] = []
        for line in lines {
            if line.text.prefix(while: { $0 != " " && $0 != "\t" }).hasSuffix("@st") {
                failures.append((line.number, "start timestamps cannot be loaded"))
                continue
            }
            do {
                let series = try SeriesDescription(line.text)
                descriptions.removeAll { $0.series.labels == series.labels }
                descriptions.append((line.number, series))
            } catch {
                failures.append((line.number, error.description))
            }
        }
        for (line, series) in descriptions {
            let samples = series.samples.enumerated().compactMap { index, sample -> (timestamp: Int64, value: Double)? in
                if case .value(let value) = sample { (Int64(index) * stepMillis, value) } else { nil }
            }
            let refused = store.append(series.labels, samples)
            if refused > 0 { failures.append((line, "\(refused) samples are out of order")) }
        }
        return failures
    }
}
