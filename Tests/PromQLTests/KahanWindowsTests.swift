import MetricModel
import MetricStore
import PromQL
import Testing

@Suite struct KahanWindowsTests {
    /// Numbers that lose something when they are added, that overflow, and that are none.
    private static func value(_ random: inout some RandomNumberGenerator) -> Double {
        switch Int.random(in: 0..<40, using: &random) {
        case 0: .infinity
        case 1: -.infinity
        case 2: .nan
        case 3: Double.greatestFiniteMagnitude
        case 4: -Double.greatestFiniteMagnitude
        case 5: -0.0
        case 6: .leastNonzeroMagnitude
        case 7, 8, 9: Double.random(in: -1...1, using: &random) * 1e17
        default: Double.random(in: -1...1, using: &random)
        }
    }

    @Test(
        "sums and means that are found several steps at a time are those of each step by itself, to the bit",
        arguments: ["sum_over_time(wobbly[2m])", "avg_over_time(wobbly[2m])", "sum by (g) (wobbly)", "avg by (g) (wobbly)"], [15_000, 30_000, 40_000])
    func sideBySide(_ query: String, _ stepMillis: Int64) async throws {
        var random = SystemRandomNumberGenerator()
        let store = MemoryStore()
        for series in 0..<40 {
            // A scrape is missed now and then, and some series have none of the odd numbers.
            var samples: [(timestamp: Int64, value: Double)] = []
            for scrape in 0..<120 where Int.random(in: 0..<30, using: &random) > 0 {
                let value = Self.value(&random)
                samples.append((Int64(scrape) * 15_000, series % 2 == 0 || abs(value) < 1e300 ? value : 0.1))
            }
            store.append(Labels([("__name__", "wobbly"), ("g", "\(series % 8)"), ("n", "\(series)")]), samples)
        }
        let engine = EngineTests.engine(store)
        let (start, end) = (Int64(60_000), Int64(1_800_000))
        guard case .matrix(let whole) = try await engine.range(query, startMillis: start, endMillis: end, stepMillis: stepMillis).value else {
            Issue.record("a range query gives a matrix")
            return
        }
        #expect(whole.series.count == (query.contains("by") ? 8 : 40))
        var (compared, odd) = (0, 0)
        for time in stride(from: start, through: end, by: Int(stepMillis)) {
            guard case .vector(let alone) = try await engine.instant(query, atMillis: time).value else { Issue.record("an instant query gives a vector"); return }
            for sample in alone {
                let series = try #require(whole.series.first { $0.labels == sample.labels })
                let place = try #require(series.timestamps.firstIndex(of: time))
                let value = series.values[place]
                #expect(value.bitPattern == sample.value.bitPattern || value.isNaN && sample.value.isNaN, "\(sample.labels) at \(time): \(value) beside \(sample.value)")
                compared += 1
                if !value.isFinite { odd += 1 }
            }
        }
        #expect(compared > 300)
        #expect(odd > 0)
    }
}
