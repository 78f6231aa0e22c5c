import Dispatch
import MetricModel
import MetricStore

/// Answers PromQL queries from a store.
///
/// Queries run on threads of their own, never on the cooperative pool; cancelling the task that asks ends its query.
package final class QueryEngine: Sendable {
    package let options: Options
    private let reader: any MetricReader
    private let queue: QueryQueue
    private let threads = DispatchQueue(label: "promql", attributes: .concurrent)

    /// Precondition: the options are valid (`Options.invalidity`).
    package init(reader: any MetricReader, options: Options = Options()) {
        precondition(options.invalidity == nil, options.invalidity ?? "")
        self.reader = reader
        self.options = options
        queue = QueryQueue(runningMax: options.concurrencyMax, waitingMax: options.queueMax)
    }

    /// The answer at one moment.
    package func instant(_ query: String, atMillis: Int64, options: QueryOptions = .init()) async throws(QueryError) -> QueryResult {
        try await run(query, .instant(atMillis), endMillis: atMillis, isRange: false, options)
    }

    /// The answer at every step from start to end, both included.
    package func range(_ query: String, startMillis: Int64, endMillis: Int64, stepMillis: Int64, options: QueryOptions = .init()) async throws(QueryError) -> QueryResult {
        if stepMillis <= 0 { throw .invalid("zero or negative query resolution step widths are not accepted. Try a positive integer") }
        if endMillis < startMillis { throw .invalid("end timestamp must not be before start time") }
        let (span, overflow) = endMillis.subtractingReportingOverflow(startMillis)
        if overflow || span / stepMillis > Int64(self.options.pointsPerSeriesMax) {
            throw .invalid(
                "exceeded maximum resolution of \(self.options.pointsPerSeriesMax) points per timeseries. Try decreasing the query resolution (?step=XX)")
        }
        return try await run(query, .range(from: startMillis, to: endMillis, step: stepMillis), endMillis: endMillis, isRange: true, options)
    }

    private func run(_ text: String, _ grid: TimeGrid, endMillis: Int64, isRange: Bool, _ options: QueryOptions) async throws(QueryError) -> QueryResult {
        var statistics = QueryStatistics()
        let clock = ContinuousClock()
        let asked = clock.now
        let expr: Expr
        do { expr = try PromQL.parse(text, options: self.options.parser) } catch { throw .parse(error) }
        statistics.parseSeconds = seconds(clock.now - asked)
        if isRange, expr.type != .vector, expr.type != .scalar {
            throw .invalid("invalid expression type \"\(expr.type.documented)\" for range query, must be Scalar or instant Vector")
        }
        let queued = clock.now
        try await queue.enter()
        defer { queue.leave() }
        let started = clock.now
        statistics.queueSeconds = seconds(started - queued)
        let cancellation = QueryContext.Cancellation()
        let timeoutSeconds = min(options.timeoutSeconds ?? .infinity, self.options.timeoutSeconds)
        let context = QueryContext(
            reader: reader, query: text, options: self.options, lookbackMillis: options.lookbackDeltaMillis ?? self.options.lookbackDeltaMillis,
            workerCount: self.options.threadsPerQuery > 0 ? self.options.threadsPerQuery : processorCount, timeoutSeconds: max(timeoutSeconds - statistics.queueSeconds, 0), cancellation: cancellation)
        let execution = QueryExecution(context: context, expr: expr, grid: grid, endMillis: endMillis, isRange: isRange, limit: options.limit)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<QueryValue, QueryError>, Never>) in
                threads.async { continuation.resume(returning: execution.outcome()) }
            }
        } onCancel: {
            cancellation.cancel()
        }
        let value = try outcome.get()
        statistics.executionSeconds = seconds(clock.now - started)
        statistics.samplesRead = context.workers.reduce(0) { $0 + $1.samplesRead }
        statistics.samplesQueried = context.workers.reduce(0) { $0 + $1.samplesQueried }
        statistics.peakSamples = context.peakHeldSamples
        let (warnings, infos) = context.remarks()
        return QueryResult(value: value, warnings: warnings, infos: infos, statistics: statistics)
    }

    private func seconds(_ duration: Duration) -> Double { Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18 }
}
