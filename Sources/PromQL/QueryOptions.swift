extension QueryEngine {
    /// What bounds every query. Validated by the engine.
    package struct Options: Sendable {
        /// How long a sample stays the current value of its series.
        package var lookbackDeltaMillis: Int64 = 300_000
        /// How long a query may run, queueing included.
        package var timeoutSeconds = 120.0
        /// How many samples a query may hold at once.
        package var samplesMax = 50_000_000
        /// How many bytes of samples a query may hold at once.
        package var memoryBytesMax = 1 << 30
        /// How many points a series of a range query may have.
        package var pointsPerSeriesMax = 11_000
        /// How many queries run at once; others wait.
        package var concurrencyMax = 20
        /// How many queries may wait; beyond that they are refused.
        package var queueMax = 1_000
        /// How many threads a query may use; 0 for one a core.
        package var threadsPerQuery = 0
        /// The step of subqueries that name none.
        package var defaultSubqueryStepMillis: Int64 = 60_000
        /// `--enable-feature=promql-delayed-name-removal`
        package var delaysNameRemoval = false
        /// `--enable-feature=type-and-unit-labels`
        package var usesTypeAndUnitLabels = false
        /// `--enable-feature=use-start-timestamps`
        package var usesStartTimestamps = false
        package var parser = ParserOptions()

        package init() {}

        /// What is wrong with the options, or nil.
        package var invalidity: String? {
            if lookbackDeltaMillis <= 0 { return "the lookback delta must be positive, not \(lookbackDeltaMillis) ms" }
            if !(timeoutSeconds > 0) { return "the query timeout must be positive, not \(timeoutSeconds) s" }
            if samplesMax <= 0 { return "the largest number of samples must be positive, not \(samplesMax)" }
            if memoryBytesMax <= 0 { return "the largest number of bytes must be positive, not \(memoryBytesMax)" }
            if pointsPerSeriesMax <= 0 { return "the largest number of points a series must be positive, not \(pointsPerSeriesMax)" }
            if concurrencyMax <= 0 { return "the largest number of concurrent queries must be positive, not \(concurrencyMax)" }
            if queueMax < 0 { return "the largest number of waiting queries must not be negative, not \(queueMax)" }
            if defaultSubqueryStepMillis <= 0 { return "the default subquery step must be positive, not \(defaultSubqueryStepMillis) ms" }
            return nil
        }
    }
}

/// What one query may ask for itself.
package struct QueryOptions: Sendable {
    /// Instead of the engine's lookback.
    package var lookbackDeltaMillis: Int64?
    /// Instead of the engine's timeout, if shorter.
    package var timeoutSeconds: Double?
    /// At most so many series, 0 for all.
    package var limit = 0
    /// Who asks, for the journal.
    package var origin: QueryOrigin?

    package init() {}
}
