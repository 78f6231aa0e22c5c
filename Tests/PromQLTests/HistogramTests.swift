import MetricModel
import PromQL
import Testing

/// What upstream's scripts do not reach of native histograms.
@Suite struct HistogramTests {
    /// A histogram of `count` observations in each of its two buckets.
    private static func histogram(_ count: Double) -> NativeHistogram {
        NativeHistogram(
            sum: 3 * count, positiveSpans: [.init(offset: 0, length: 2)], counts: .float(.init(count: 2 * count, zeroCount: 0, positive: [count, count], negative: [])))
    }

    /// `count` histograms that grow every 15 seconds for an hour.
    private static func store(_ count: Int) throws -> MemoryStore {
        let store = MemoryStore()
        for series in 0..<count {
            let labels = Labels([("__name__", "latency"), ("instance", "i\(series)"), ("job", "j\(series % 7)")])
            try store.append(labels, (0...240).map { .init(Int64($0) * 15_000, .histogram(histogram(Double($0 * (series + 1))))) })
        }
        return store
    }

    private static func engine(_ store: MemoryStore, _ change: (inout QueryEngine.Options) -> Void = { _ in }) -> QueryEngine {
        var options = ScriptRunner.scriptOptions
        change(&options)
        return QueryEngine(reader: store, options: options)
    }

    @Test("the answer does not depend on how many threads work on it", arguments: [
        "latency", "sum by (job) (rate(latency[5m]))", "avg(latency)", "histogram_quantile(0.9, rate(latency[5m]))", "latency - latency offset 1m", "limitk(3, latency)",
        "last_over_time(rate(latency[1m])[5m:1m])", "latency * on (instance, job) latency or latency",
    ])
    func threads(_ query: String) async throws {
        let store = try Self.store(260)
        var answers: [Matrix] = []
        for threads in [1, 4] {
            let result = try await Self.engine(store) { $0.threadsPerQuery = threads }.range(query, startMillis: 0, endMillis: 3_600_000, stepMillis: 15_000)
            guard case .matrix(let matrix) = result.value else { Issue.record("a range query gives a matrix"); return }
            answers.append(matrix)
        }
        #expect(answers[0] == answers[1])
        #expect(!answers[0].series.isEmpty)
    }

    @Test("an aggregation that streams keeps no more histograms than its groups have")
    func streams() async throws {
        let store = try Self.store(60)
        let result = try await Self.engine(store) { $0.threadsPerQuery = 1 }.range("sum(rate(latency[5m]))", startMillis: 0, endMillis: 3_600_000, stepMillis: 15_000)
        // 241 results of 12 samples' weight, columns, and one series at a time with its rates.
        #expect(result.statistics.peakSamples < 12_000)
    }

    @Test("sums that take too much memory end the query while they are summed up")
    func boundOfSums() async throws {
        let store = try Self.store(60)
        await #expect {
            try await Self.engine(store) { $0.samplesMax = 60_000 }.range("sum by (instance) (latency)", startMillis: 0, endMillis: 3_600_000, stepMillis: 15_000)
        } throws: { error in
            guard case .tooManySamples(60_000, _) = error as? QueryError else { return false }
            return true
        }
    }

    @Test("histograms count against the bound on samples, and the error says which part met it")
    func bound() async throws {
        let store = try Self.store(30)
        await #expect {
            try await Self.engine(store) { $0.samplesMax = 20_000 }.range("1 * latency", startMillis: 0, endMillis: 3_600_000, stepMillis: 15_000)
        } throws: { error in
            guard case .tooManySamples(20_000, let part) = error as? QueryError else { return false }
            return part == "`latency`" || part == "`1 * latency`"
        }
    }

    @Test("a stored NaN is never taken for a histogram, whatever its bits", arguments: [0xFFF5_A3C7_0000_0000, 0x7FF5_A3C7_0000_0001] as [UInt64], [
        "x", "-x", "last_over_time(x[5m])", "max_over_time(x[5m])", "sum by (n) (x)", "x or latency",
    ])
    func strangeNaN(_ bits: UInt64, _ query: String) async throws {
        let store = try Self.store(2)
        try store.append(Labels([("__name__", "x"), ("n", "1")]), [.init(15_000, .float(Double(bitPattern: bits)))])
        // The histograms are met first.
        let result = try await Self.engine(store) { $0.threadsPerQuery = 1 }.instant("count(latency) * 0 == 1 or \(query)", atMillis: 20_000)
        guard case .vector(let samples) = result.value else { Issue.record("an instant query gives a vector"); return }
        let found = samples.filter { $0.labels["n"] == "1" }
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.histogram == nil && $0.value.isNaN })
    }

    @Test("native histograms among the buckets of classic ones are found, wherever they stand", arguments: ["", "sum by (le, __name__) ", "rate"])
    func nativeAmongBuckets(_ wrapping: String) async {
        let operand = wrapping == "rate" ? "rate(h[5m])" : "\(wrapping)(h)"
        let script = """
            load 1m
              h{le="1"} 1+1x4 {{sum:3 count:4 buckets:[2 2]}}+{{sum:3 count:4 buckets:[2 2]}}x10
              h{le="+Inf"} 2+2x20

            eval instant at 4m histogram_quantile(0.5, \(operand))
              {} 1

            eval instant at 12m histogram_quantile(1, \(operand))
              {le="1"} 2
              {} NaN
            """
        let failures = await ScriptRunner().run(Script(script)).compactMap(\.failure)
        #expect(failures.isEmpty, "\(failures)")
    }

    @Test("buckets come from the lowest up, empty ones left out, and end where the zero bucket begins")
    func ascendingBuckets() {
        let histogram = NativeHistogram(
            zeroThreshold: 0.6, sum: 1, positiveSpans: [.init(offset: 0, length: 3)], negativeSpans: [.init(offset: 1, length: 1)],
            counts: .integer(.init(count: 9, zeroCount: 1, positive: [2, 0, 3], negative: [3])))
        let found = histogram.ascendingBuckets.map { "\($0.includesLower ? "[" : "(")\($0.lower),\($0.upper)\($0.includesUpper ? "]" : ")"):\($0.count)" }
        #expect(found == ["[-2.0,-1.0):3.0", "[-0.6,0.6]:1.0", "(0.6,1.0]:2.0", "(2.0,4.0]:3.0"])
    }
}
