import MetricModel
import MetricStore

/// Answers PromQL queries from a store.
///
/// Queries run on threads of their own, never on the cooperative pool; cancelling the task that asks ends its query.
package final class QueryEngine: Sendable {
    package let options: Options
    private let reader: any MetricReader
    private let journal: (any QueryJournal)?
    private let queue: QueryQueue
    /// Where queries are evaluated. Who waits for one of these threads has been counted by the queue, and its time runs.
    private let threads = QueryThreads()

    /// Precondition: the options are valid (`Options.invalidity`).
    package init(reader: any MetricReader, options: Options = Options(), journal: (any QueryJournal)? = nil) {
        precondition(options.invalidity == nil, options.invalidity ?? "")
        self.reader = reader
        self.options = options
        self.journal = journal
        queue = QueryQueue(runningMax: options.concurrencyMax, waitingMax: options.queueMax)
    }

    /// The answer at one moment.
    package func instant(_ query: String, atMillis: Int64, options: QueryOptions = .init()) async throws(QueryError) -> QueryResult {
        try await instant(query, atMillis: atMillis, options: options) { $0 }
    }

    /// What `present` makes of the answer at one moment, on the thread that found it and while the query still has its place among those that run.
    package func instant<Answer: Sendable>(
        _ query: String, atMillis: Int64, options: QueryOptions = .init(), present: @Sendable (QueryResult) -> Answer
    ) async throws(QueryError) -> Answer {
        try await run(query, .instant(atMillis), endMillis: atMillis, isRange: false, options, present)
    }

    /// The answer at every step from start to end, both included.
    package func range(_ query: String, startMillis: Int64, endMillis: Int64, stepMillis: Int64, options: QueryOptions = .init()) async throws(QueryError) -> QueryResult {
        try await range(query, startMillis: startMillis, endMillis: endMillis, stepMillis: stepMillis, options: options) { $0 }
    }

    /// What `present` makes of the answer at every step, on the thread that found it and while the query still has its place among those that run.
    package func range<Answer: Sendable>(
        _ query: String, startMillis: Int64, endMillis: Int64, stepMillis: Int64, options: QueryOptions = .init(), present: @Sendable (QueryResult) -> Answer
    ) async throws(QueryError) -> Answer {
        if stepMillis <= 0 { throw .invalid("zero or negative query resolution step widths are not accepted. Try a positive integer") }
        if endMillis < startMillis { throw .invalid("end timestamp must not be before start time") }
        let (span, overflow) = endMillis.subtractingReportingOverflow(startMillis)
        if overflow || span / stepMillis > Int64(self.options.pointsPerSeriesMax) {
            throw .invalid(
                "exceeded maximum resolution of \(self.options.pointsPerSeriesMax) points per timeseries. Try decreasing the query resolution (?step=XX)")
        }
        return try await run(query, .range(from: startMillis, to: endMillis, step: stepMillis), endMillis: endMillis, isRange: true, options, present)
    }

    private func run<Answer: Sendable>(
        _ text: String, _ grid: TimeGrid, endMillis: Int64, isRange: Bool, _ options: QueryOptions, _ present: @Sendable (QueryResult) -> Answer
    ) async throws(QueryError) -> Answer {
        var statistics = QueryStatistics()
        let clock = ContinuousClock()
        let asked = clock.now
        let expr: Expr
        do { expr = try PromQL.parse(text, options: self.options.parser) } catch { throw .parse(error) }
        statistics.parseSeconds = (clock.now - asked) / .seconds(1)
        if isRange, expr.type != .vector, expr.type != .scalar {
            throw .invalid("invalid expression type \"\(expr.type.documented)\" for range query, must be Scalar or instant Vector")
        }
        let timeoutSeconds = max(0, min(options.timeoutSeconds ?? .infinity, self.options.timeoutSeconds))
        let queued = clock.now
        try await queue.enter(timeoutSeconds: timeoutSeconds)
        defer { queue.leave() }
        let started = clock.now
        statistics.queueSeconds = (started - queued) / .seconds(1)
        // Timers are late on a busy machine; so is whose turn comes after the time it had.
        if timeoutSeconds > 0, statistics.queueSeconds >= timeoutSeconds { throw .timeout(seconds: timeoutSeconds, phase: "query queue") }
        let cancellation = QueryContext.Cancellation()
        let context = QueryContext(
            reader: reader, query: text, options: self.options, lookbackMillis: options.lookbackDeltaMillis ?? self.options.lookbackDeltaMillis,
            workerCount: self.options.threadsPerQuery > 0 ? self.options.threadsPerQuery : processorCount, timeoutSeconds: max(timeoutSeconds - statistics.queueSeconds, 0), cancellation: cancellation)
        let execution = QueryExecution(context: context, expr: expr, grid: grid, endMillis: endMillis, isRange: isRange, limit: options.limit)
        let record = QueryRecord(
            query: text, startMillis: grid.startMillis, endMillis: endMillis, stepMillis: isRange ? grid.stepMillis : 0, error: nil, statistics: statistics, origin: options.origin)
        let answer = await withTaskCancellationHandler {
            await withTaskExecutorPreference(threads) { () async -> Result<Answer, QueryError> in
                let entry = journal?.began(text)
                let outcome = execution.timedOutcome()
                var ended = record
                context.count(into: &ended.statistics)
                ended.statistics.executionSeconds = (clock.now - started) / .seconds(1)
                if case .failure(let error) = outcome { ended.error = error }
                if let entry { journal?.ended(entry, ended) }
                let answer = outcome.map { value in
                    let (warnings, infos) = context.remarks()
                    return present(QueryResult(value: value, warnings: warnings, infos: infos, statistics: ended.statistics))
                }
                // Thousands of series are freed while the answer is on its way.
                if let left = context.takeLeft() { threads.free(left) }
                return answer
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try answer.get()
    }
}

extension QueryExecution {
    fileprivate func timedOutcome() -> Result<QueryValue, QueryError> {
        context.timer.begins()
        defer { context.timer.ends() }
        return outcome()
    }
}

extension QueryContext {
    /// What the query has cost until now.
    fileprivate func count(into statistics: inout QueryStatistics) {
        statistics.samplesRead = workers.reduce(0) { $0 + $1.samplesRead }
        statistics.samplesQueried = workers.reduce(0) { $0 + $1.samplesQueried }
        statistics.peakSamples = peakHeldSamples
        timer.write(to: &statistics)
    }
}
