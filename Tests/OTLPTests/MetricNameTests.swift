import MetricModel
import OTLP
import Testing
import TraceModel

struct MetricNameTests {
    enum Kind: Sendable { case gauge, counter, upDown, histogram }

    struct Name: Sendable {
        let name: String, unit: String, kind: Kind, expected: String?
        init(_ name: String, _ unit: String, _ kind: Kind, _ expected: String?) {
            (self.name, self.unit, self.kind, self.expected) = (name, unit, kind, expected)
        }
    }

    private func translated(_ case: Name, _ strategy: MetricTranslationOptions.Strategy) throws -> (name: String?, unit: String?) {
        let points = [ResourceMetrics.NumberPoint(point(), .int(1))]
        let data: ResourceMetrics.Metric.Data = switch `case`.kind {
        case .gauge: .gauge(points)
        case .counter: .sum(points, isMonotonic: true)
        case .upDown: .sum(points, isMonotonic: false)
        case .histogram: .histogram([ResourceMetrics.HistogramPoint(point(), count: 1, sum: 1, bounds: [], bucketCounts: [])])
        }
        var options = MetricTranslationOptions()
        options.strategy = strategy
        let translation = try translate(metrics([], ResourceMetrics.Metric(`case`.name, unit: `case`.unit, data)), options)
        #expect(translation.refusedPointCount == (translation.batch.isEmpty ? 1 : 0))
        return (translation.batch.metadata.first?.metric, translation.batch.metadata.first?.1.unit)
    }

    @Test("names are escaped and get unit and kind behind them, none twice", arguments: [
        Name("simple_metric", "", .gauge, "simple_metric"), Name("http.server.requests", "{request}", .counter, "http_server_requests_total"),
        Name("requests_total", "", .counter, "requests_total"), Name("total.requests", "1", .counter, "requests_total"),
        Name("cpu.usage", "1", .gauge, "cpu_usage_ratio"), Name("cpu_usage_ratio", "1", .gauge, "cpu_usage_ratio"),
        Name("queue", "1", .upDown, "queue"), Name("latency", "ms", .histogram, "latency_milliseconds"),
        Name("primitive_duration_seconds", "s", .histogram, "primitive_duration_seconds"), Name("io", "KiBy", .counter, "io_kibibytes_total"),
        Name("throughput", "By/s", .gauge, "throughput_bytes_per_second"), Name("rate", "1/s", .gauge, "rate_per_second"),
        Name("memory", "By/{thing}", .gauge, "memory_bytes"), Name("custom", "custom_unit", .gauge, "custom_custom_unit"),
        Name("odd", "unit@with#special/chars", .gauge, "odd_unit_with_special_per_chars"), Name("a__b", "u__v", .gauge, "a_b_u_v"),
        Name("123metric", "", .gauge, "_123metric"), Name("with:colon", "", .gauge, "with:colon"), Name("größe", "Cel", .gauge, "gr_e_celsius"),
        Name("trailing_", " % ", .gauge, "trailing_percent"), Name("@#", "s", .gauge, "seconds"), Name("@#", "", .gauge, nil),
        Name("", "", .gauge, nil), Name("x", "@/@", .gauge, "x"), Name("ratio", "1", .gauge, "ratio"), Name("total", "", .counter, "total"),
    ])
    func escapedWithSuffixes(_ name: Name) throws {
        #expect(try translated(name, .underscoreEscapingWithSuffixes).name == name.expected)
    }

    @Test("names are only escaped without suffixes", arguments: [
        Name("metric@with#special", "s", .counter, "metric_with_special"), Name("metric@@##name", "", .gauge, "metric_name"),
        Name("a__b", "", .gauge, "a__b"), Name("1st", "", .gauge, "_1st"), Name("@_#_", "", .gauge, nil), Name("___", "", .gauge, "___"),
    ])
    func escaped(_ name: Name) throws {
        #expect(try translated(name, .underscoreEscapingWithoutSuffixes).name == name.expected)
    }

    @Test("names in UTF-8 stay and get suffixes, a suffix that stands already moves to its place", arguments: [
        Name("requêsts", "1/s", .counter, "requêsts_per_second_total"), Name("requests_total", "", .counter, "requests_total"),
        Name("cpu_seconds_total", "s", .counter, "cpu_seconds_total"), Name("cpu.usage", "1", .gauge, "cpu.usage_ratio"),
        Name("@#$%", "", .counter, "@#$%_total"), Name("total", "", .counter, "total_total"),
    ])
    func utf8(_ name: Name) throws {
        #expect(try translated(name, .noUTF8EscapingWithSuffixes).name == name.expected)
    }

    @Test("names stay as they are when nothing is translated", arguments: [Name("http.server.ünits", "s", .counter, "http.server.ünits")])
    func untranslated(_ name: Name) throws {
        #expect(try translated(name, .noTranslation).name == name.expected)
    }

    @Test("metadata tells the unit in words", arguments: [("By/s", "bytes_per_second"), ("{thing}", ""), ("1", ""), ("ms", "milliseconds"), ("unit__x", "unit_x")])
    func units(unit: String, words: String) throws {
        #expect(try translated(Name("m", unit, .gauge, nil), .underscoreEscapingWithSuffixes).unit == words)
    }

    /// A key, then its label name by (keeps underscores, prefixes `key`): (no, no), (yes, no), (no, yes), (yes, yes). Nil: no name.
    static let labels: [(String, [String?])] = [
        ("label:with:colons", ["label_with_colons", "label_with_colons", "label_with_colons", "label_with_colons"]),
        ("foreign_字符", ["foreign_", "foreign___", "foreign_", "foreign___"]),
        (".foo", ["_foo", "_foo", "key_foo", "key_foo"]),
        ("123label", ["key_123label", "key_123label", "key_123label", "key_123label"]),
        ("__two", ["_two", "__two", "key_two", "__two"]),
        ("a__b", ["a_b", "a__b", "a_b", "a__b"]),
        ("__reserved__label__", ["__reserved_label__", "__reserved__label__", "__reserved_label__", "__reserved__label__"]),
        ("trailing___", ["trailing_", "trailing___", "trailing_", "trailing___"]),
        ("ようこそ", [nil, nil, "key_", nil]),
        ("", [nil, nil, nil, nil]),
    ]

    @Test("attribute keys become label names by the two options", arguments: labels)
    func labelNames(key: String, expected: [String?]) throws {
        for (index, expected) in expected.enumerated() {
            var options = MetricTranslationOptions()
            options.labelNamePreservesMultipleUnderscores = index & 1 == 1
            options.labelNameUnderscoreSanitization = index & 2 == 2
            let translation = try translate(metrics([], gauge("m", [Attribute(key, .string("v"))])), options)
            #expect(translation.batch.labelSets.first?.pairs.first { $0.name != "__name__" }?.name == expected, "\(key) #\(index)")
            #expect(translation.refusedPointCount == (expected == nil ? 1 : 0))
        }
    }
}
