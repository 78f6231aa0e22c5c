import MetricModel
import MetricStore
import Platform
import Testing

@Suite struct MetricsTests {
    @Test("the store counts what it did, under Prometheus's names")
    func families() async throws {
        let store = try StoreFixture.open { $0.blockRangeMillis = 60_000; $0.maintenanceSeconds = 0 }
        let a = Labels(["__name__": "a", "x": "1"])
        let b = Labels(["__name__": "a", "x": "22"])
        for step in 0..<100 {
            let time = StoreFixture.start + Int64(step) * 1000
            _ = try await store.append(StoreFixture.batch([(a, time, 1), (b, time, 2), (b, time - 5, 2)]), durability: .synced)
        }
        try store.maintain()
        var values: [String: Double] = [:]
        for family in store.metricFamilies() {
            #expect(!family.metadata.help.isEmpty)
            for point in family.points {
                #expect(point.name.hasPrefix(family.name))
                values[point.name, default: 0] += point.value
            }
        }
        let expected: [String: Double] = [
            "prometheus_tsdb_head_series": 2, "prometheus_tsdb_head_series_created_total": 2, "prometheus_tsdb_head_samples_appended_total": 200,
            "prometheus_tsdb_out_of_order_samples_total": 100, "prometheus_tsdb_head_chunks": 2, "prometheus_tsdb_head_chunks_created_total": 4,
            "prometheus_tsdb_head_chunks_removed_total": 2, "prometheus_tsdb_compactions_total": 1, "prometheus_tsdb_compactions_failed_total": 0,
            "prometheus_tsdb_blocks_loaded": 1, "prometheus_tsdb_head_min_time": Double(StoreFixture.start + 60_000),
            "prometheus_tsdb_head_max_time": Double(StoreFixture.start + 99_000), "prometheus_tsdb_lowest_timestamp": Double(StoreFixture.start),
            "prometheus_tsdb_wal_fsync_duration_seconds_count": 100, "prometheus_tsdb_retention_limit_seconds": 1_296_000,
        ]
        for (name, value) in expected {
            // A segment's end is synced, too.
            if name.hasSuffix("fsync_duration_seconds_count") { #expect(values[name] ?? 0 >= value) } else { #expect(values[name] == value, "\(name)") }
        }
        #expect(values["prometheus_tsdb_storage_blocks_bytes"] ?? 0 > 500)
        #expect(values["prometheus_tsdb_wal_storage_size_bytes"] ?? 0 > 1000)
        store.close()
    }

    @Test("statistics name the metrics, labels and pairs with most behind them")
    func statistics() async throws {
        let store = try StoreFixture.open()
        var samples: [(Labels, Int64, Double)] = []
        for index in 0..<30 { samples.append((Labels(["__name__": index < 20 ? "big" : "small", "n": "\(index)", "job": "x"]), StoreFixture.start, 1)) }
        _ = try await store.append(StoreFixture.batch(samples), durability: .logged)
        let statistics = store.statistics(limit: 2)
        #expect(statistics.seriesCount == 30)
        #expect(statistics.chunkCount == 30)
        #expect(statistics.labelPairCount == 33)
        #expect(statistics.seriesCountByMetricName == [.init(name: "big", value: 20), .init(name: "small", value: 10)])
        #expect(statistics.labelValueCountByLabelName == [.init(name: "n", value: 30), .init(name: "__name__", value: 2)])
        #expect(statistics.seriesCountByLabelValuePair == [.init(name: "job=x", value: 30), .init(name: "__name__=big", value: 20)])
        #expect(statistics.memoryInBytesByLabelName == [.init(name: "__name__", value: 110), .init(name: "n", value: 50)])
        store.close()
    }

    @Test("what a pattern is recognised to say is what RE2 says", arguments: [
        "", "a", "a|b", "a||b", ".*", ".+", "a.*", "a.+", ".*a", ".+a", ".*a.*", "a.*b", "a.+b", "(a|b)", "(?:a|b)c", "(a)|(b)", "a\\.b", "a\\|b", "\\d+", "a.*?", "a.*b.*c", ".*.*", "(?i)A",
        "[ab]", "a?", "a{2}", "^a$", "a$", ".", "a.b", "\\Qa.b\\E", "(a|b", "a\\", ".*(", "a.*|b", "(.*)", "(.+)", "(?:.*a.*)", "(\\))", "é.*", ".*é",
    ])
    func patternShapes(source: String) throws {
        guard let pattern = try? LabelPattern(source) else {
            #expect(throws: LabelPattern.Invalid.self) { try LabelPattern("(?s:\(source))") }
            return
        }
        // Within a group with a flag no shape is recognised.
        let plain = try LabelPattern("(?s:\(source))")
        for text in ["", "a", "b", "c", "ab", "ba", "aa", "aab", "abc", "a.b", "a|b", "axb", "a\nb", "xay", "A", "12", "ac", "bc", "é", "éa", "aé", ")", "(a", "acb", "a\\"] {
            #expect(pattern.matches(text) == plain.matches(text), "\(source) on \(text)")
        }
    }
}
