import MetricModel
import MetricStore
import PromQL
import Synchronization
import Testing

@Suite struct EngineTests {
    /// `count` counters that rise by their number every 15 seconds for an hour.
    static func store(_ count: Int) -> MemoryStore {
        let store = MemoryStore()
        for series in 0..<count {
            let labels = Labels([("__name__", "requests_total"), ("instance", "i\(series)"), ("job", "j\(series % 7)")])
            store.append(labels, (0...240).map { (timestamp: Int64($0) * 15_000, value: Double($0 * series)) })
        }
        return store
    }

    static func engine(_ store: MemoryStore, _ change: (inout QueryEngine.Options) -> Void = { _ in }) -> QueryEngine {
        var options = QueryEngine.Options()
        options.parser = .allFeatures
        change(&options)
        return QueryEngine(reader: store, options: options)
    }

    static let queries = [
        "requests_total", "rate(requests_total[5m])", "sum by (job) (rate(requests_total[1m]))", "avg without (instance) (requests_total)",
        "topk by (job) (2, requests_total)", "quantile(0.9, requests_total)", "stddev(requests_total)", "max_over_time(rate(requests_total[1m])[10m:1m])",
        "sum by (job) (requests_total) / on (job) group_right () requests_total", "requests_total > 1e4 or requests_total < 10", "count_values(\"v\", requests_total % 3)",
        "absent(nothing)", "scalar(sum(requests_total)) + 1", "sort_desc(requests_total)", "label_replace(requests_total, \"x\", \"$1\", \"instance\", \"i(.).*\")",
    ]

    @Test("the answer does not depend on how many threads work on it", arguments: queries)
    func threads(_ query: String) async throws {
        let store = Self.store(900)
        let alone = try await Self.engine(store) { $0.threadsPerQuery = 1 }.range(query, startMillis: 0, endMillis: 3_600_000, stepMillis: 30_000)
        let together = try await Self.engine(store) { $0.threadsPerQuery = 4 }.range(query, startMillis: 0, endMillis: 3_600_000, stepMillis: 30_000)
        guard case .matrix(let a) = alone.value, case .matrix(let b) = together.value else { Issue.record("a range query gives a matrix"); return }
        let isSame = a.series.count == b.series.count && zip(a.series, b.series).allSatisfy { mine, other in
            mine.labels == other.labels && mine.timestamps == other.timestamps && mine.values.map(\.bitPattern) == other.values.map(\.bitPattern)
        }
        #expect(isSame)
        #expect(!a.series.isEmpty)
    }

    @Test("a range query is its instant queries side by side", arguments: queries.filter { !$0.contains("sort") })
    func instants(_ query: String) async throws {
        let engine = Self.engine(Self.store(30))
        let whole = try await engine.range(query, startMillis: 600_000, endMillis: 1_200_000, stepMillis: 200_000)
        guard case .matrix(let matrix) = whole.value else { Issue.record("a range query gives a matrix"); return }
        for time in stride(from: Int64(600_000), through: 1_200_000, by: 200_000) {
            let expected = Set(matrix.series.compactMap { series in
                series.timestamps.firstIndex(of: time).map { InstantSample(labels: series.labels, timeMillis: time, value: series.values[$0]) }
            })
            switch try await engine.instant(query, atMillis: time).value {
            case .vector(let samples): #expect(Set(samples) == expected)
            case .scalar(_, let value): #expect(expected.map(\.value) == [value])
            default: Issue.record("an instant query of this gives a vector or a scalar")
            }
        }
    }

    @Test("the end of a query is the one that was asked for, on a step or not")
    func unalignedEnd() async throws {
        let result = try await Self.engine(Self.store(2)).range("requests_total{instance=\"i1\"} @ end()", startMillis: 0, endMillis: 100_000, stepMillis: 30_000)
        guard case .matrix(let matrix) = result.value else { Issue.record("a range query gives a matrix"); return }
        // 6 samples by 100 s; the last step is at 90 s.
        #expect(matrix.series.first?.timestamps == [0, 30_000, 60_000, 90_000])
        #expect(matrix.series.first?.values == [6, 6, 6, 6])
    }

    @Test("a query that would hold too many samples says which part of it met the bound")
    func samplesBound() async throws {
        let engine = Self.engine(Self.store(100)) { $0.samplesMax = 5_000 }
        await #expect { try await engine.range("1 + quantile(0.5, requests_total)", startMillis: 0, endMillis: 3_600_000, stepMillis: 15_000) } throws: { error in
            guard case .tooManySamples(5_000, let part) = error as? QueryError else { return false }
            return part == "`requests_total`" && (error as? QueryError)?.errorType == "execution"
        }
        // An aggregation that streams needs no more than its groups.
        let streamed = try await engine.range("sum(requests_total)", startMillis: 0, endMillis: 3_600_000, stepMillis: 15_000)
        #expect(streamed.statistics.peakSamples < 5_000)
    }

    @Test("memory held is given back, query after query")
    func release() async throws {
        let engine = Self.engine(Self.store(50)) { $0.samplesMax = 60_000 }
        for query in Self.queries + Self.queries { _ = try await engine.range(query, startMillis: 0, endMillis: 3_600_000, stepMillis: 30_000) }
    }

    @Test("a cancelled task ends its query")
    func cancellation() async throws {
        let engine = Self.engine(Self.store(400))
        let task = Task { try await engine.range("quantile_over_time(0.5, requests_total[1h])", startMillis: 0, endMillis: 10_999_000, stepMillis: 1_000) }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? QueryError)?.errorType == "canceled" }
    }

    @Test("a query that runs too long ends")
    func timeout() async throws {
        let engine = Self.engine(Self.store(400)) { $0.timeoutSeconds = 0.01 }
        await #expect { try await engine.range("quantile_over_time(0.5, requests_total[1h])", startMillis: 0, endMillis: 10_999_000, stepMillis: 1_000) } throws: {
            ($0 as? QueryError)?.errorType == "timeout"
        }
    }

    @Test("more queries than may run wait their turn, and beyond the queue are refused")
    func queue() async throws {
        let engine = Self.engine(Self.store(50)) { $0.concurrencyMax = 1 }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    guard case .matrix(let matrix) = try await engine.range("requests_total", startMillis: 0, endMillis: 3_600_000, stepMillis: 60_000).value else { return 0 }
                    return matrix.series.count
                }
            }
            for try await count in group { #expect(count == 50) }
        }
    }

    /// Remembers what it was told.
    final class Journal: QueryJournal {
        let told = Mutex<(running: Int, mostRunning: Int, records: [QueryRecord])>((0, 0, []))

        func began(_ query: String) -> Int {
            told.withLock {
                $0.running += 1
                $0.mostRunning = max($0.mostRunning, $0.running)
                return query.utf8.count
            }
        }

        func ended(_ entry: Int, _ record: QueryRecord) {
            told.withLock {
                $0.running -= 1
                $0.records.append(record)
                #expect(entry == record.query.utf8.count)
            }
        }
    }

    @Test("the journal hears of every query that ran, of no more at a time than may run, with what it cost and why it failed")
    func journal() async throws {
        let journal = Journal()
        var options = QueryEngine.Options()
        options.concurrencyMax = 2
        let engine = QueryEngine(reader: Self.store(20), options: options, journal: journal)
        await withTaskGroup { group in
            for step in 1...10 {
                group.addTask { _ = try? await engine.range("requests_total", startMillis: 0, endMillis: 3_600_000, stepMillis: Int64(step) * 60_000) }
            }
        }
        _ = try? await engine.instant("label_replace(requests_total, \"a\", \"\", \"b\", \"(\")", atMillis: 5)
        _ = try? await engine.instant("topk(", atMillis: 5)
        var asked = QueryOptions()
        asked.limit = 3
        let cut = try await engine.instant("requests_total", atMillis: 60_000, options: asked)
        guard case .vector(let samples) = cut.value else { Issue.record("an instant query of a selector gives a vector"); return }
        #expect(samples.count == 3)
        let told = journal.told.withLock { $0 }
        #expect(told.running == 0 && (1...2).contains(told.mostRunning))
        #expect(told.records.count == 12)
        #expect(Set(told.records.prefix(10).map(\.stepMillis)) == Set((1...10).map { Int64($0) * 60_000 }))
        #expect(told.records.prefix(10).allSatisfy { $0.error == nil && $0.endMillis == 3_600_000 && $0.statistics.samplesQueried == 20 * (Int(3_600_000 / $0.stepMillis) + 1) })
        #expect(told.records[10].error?.description == "invalid regular expression in label_replace(): (" && told.records[10].stepMillis == 0)
        #expect(told.records[11].statistics == cut.statistics && cut.statistics.samplesQueried == 20)
        #expect(cut.statistics.executionSeconds >= cut.statistics.evaluationSeconds && cut.statistics.evaluationSeconds > 0)
    }

    @Test("sums have the same bits whatever the number of threads, few or many more than there are processors")
    func threads() async throws {
        let store = MemoryStore()
        for series in 0..<3_000 {
            let labels = Labels([("__name__", "noise_total"), ("instance", "i\(series)"), ("job", "j\(series % 7)")])
            var value = 0.0
            store.append(labels, (0...40).map { step in
                value += Double((series &* 7_919 &+ step &* 104_729) % 1_009) * 1.1e-3
                return (timestamp: Int64(step) * 15_000, value: value)
            })
        }
        let query = "sum by (job) (rate(noise_total[1m]))"
        func answer(_ threads: Int) async throws -> [[UInt64]] {
            let result = try await Self.engine(store) { $0.threadsPerQuery = threads }.range(query, startMillis: 60_000, endMillis: 600_000, stepMillis: 1_000)
            guard case .matrix(let matrix) = result.value else { return [] }
            return matrix.series.map { $0.values.map(\.bitPattern) }
        }
        let alone = try await answer(1)
        #expect(alone.count == 7 && alone.allSatisfy { $0.count == 541 })
        for run in 0..<24 { #expect(try await answer(2 + run % 8) == alone) }
    }

    @Test("who waits for a place waits no longer than the query may take")
    func waiting() async throws {
        let engine = Self.engine(Self.store(400)) { $0.concurrencyMax = 1 }
        let first = Task { try await engine.range("quantile_over_time(0.5, requests_total[1h])", startMillis: 0, endMillis: 10_999_000, stepMillis: 1_000) }
        var short = QueryOptions()
        short.timeoutSeconds = 0.01
        // Until the first one has its place, others are answered, or run out of time themselves.
        var refusal = ""
        for _ in 0..<100_000 where !refusal.hasPrefix("query timed out in query queue") {
            do throws(QueryError) { _ = try await engine.instant("1", atMillis: 0, options: short) } catch { refusal = "\(error)" }
        }
        #expect(refusal.hasPrefix("query timed out in query queue"), "\(refusal)")
        first.cancel()
        _ = await first.result
        #expect(try await engine.instant("1", atMillis: 0).value.type == .scalar)
    }

    struct Refusal: Sendable {
        let query: String
        let start: Int64
        let end: Int64
        let step: Int64
        let error: String
    }

    static let refusals = [
        Refusal(query: "up", start: 0, end: 10, step: 0, error: "zero or negative query resolution step widths are not accepted. Try a positive integer"),
        Refusal(query: "up", start: 10, end: 0, step: 1, error: "end timestamp must not be before start time"),
        Refusal(query: "up", start: 0, end: 11_001_000, step: 1000, error: "exceeded maximum resolution of 11000 points per timeseries. Try decreasing the query resolution (?step=XX)"),
        Refusal(query: "up[5m]", start: 0, end: 10, step: 1, error: "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"),
        Refusal(query: "\"a\"", start: 0, end: 10, step: 1, error: "invalid expression type \"string\" for range query, must be Scalar or instant Vector"),
        Refusal(query: "up(", start: 0, end: 10, step: 1, error: "1:4: parse error: unclosed left parenthesis"),
    ]

    @Test("a range query that cannot be asked is bad data", arguments: refusals)
    func refuses(_ refusal: Refusal) async throws {
        let engine = Self.engine(MemoryStore())
        await #expect { try await engine.range(refusal.query, startMillis: refusal.start, endMillis: refusal.end, stepMillis: refusal.step) } throws: { error in
            guard let error = error as? QueryError else { return false }
            return error.errorType == "bad_data" && error.description == refusal.error
        }
    }

    @Test("options that make no sense are told so")
    func options() {
        #expect(QueryEngine.Options().invalidity == nil)
        var options = QueryEngine.Options()
        options.lookbackDeltaMillis = 0
        #expect(options.invalidity == "the lookback delta must be positive, not 0 ms")
    }

    @Test("two sides of an operation that match twice are an error that names both series")
    func duplicateMatches() async throws {
        let engine = Self.engine(Self.store(8))
        await #expect { try await engine.instant("sum by (job) (requests_total) * on (job) requests_total", atMillis: 60_000) } throws: { error in
            "\(error)" == "found duplicate series for the match group {job=\"j0\"} on the right hand-side of the operation: "
                + "[{__name__=\"requests_total\", instance=\"i0\", job=\"j0\"}, {__name__=\"requests_total\", instance=\"i7\", job=\"j0\"}]"
                + ";many-to-many matching not allowed: matching labels must be unique on one side"
        }
    }

    @Test("names that go at once may not leave two series alike")
    func vanishingNames() async throws {
        let store = MemoryStore()
        for name in ["a_total", "b_total"] { store.append(Labels([("__name__", name), ("job", "x")]), (0...10).map { (timestamp: Int64($0) * 15_000, value: Double($0)) }) }
        let engine = Self.engine(store)
        for query in ["rate({job=\"x\"}[1m])", "abs({job=\"x\"})", "{job=\"x\"} + 1", "-{job=\"x\"}"] {
            await #expect { try await engine.instant(query, atMillis: 60_000) } throws: { "\($0)" == "vector cannot contain metrics with the same labelset" }
        }
        guard case .vector(let samples) = try await engine.instant("sum by (__name__) (abs({__name__=\"a_total\"}))", atMillis: 60_000).value else { return }
        #expect(samples.map(\.labels) == [.empty])
    }
}
