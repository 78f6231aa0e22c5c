import Bytes
import MetricFormats
import MetricModel
import ObservabilityIntegration
import Testing

/// What Prometheus 3 sends.
private let prometheusAccept = """
    application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
    text/plain;version=0.0.4;q=0.3,*/*;q=0.2
    """

@Suite("Expositions")
struct ExpositionTests {
    private let registry = MetricRegistry()

    private func text(_ format: ExpositionFormat = .text) -> String { String(decoding: format.render(registry.collect()), as: UTF8.self) }

    @Test("text escapes, and writes numbers as the format has them")
    func escapes() {
        registry.counter("c_total", "Two\nlines, \"quotes\" and a \\.").instrument(MetricLabel("path", "a\"b\\c\nd")).increment(by: 3)
        registry.gauge("g", "A gauge.").instrument().set(0.25)
        #expect(text() == """
            # HELP c_total Two\\nlines, "quotes" and a \\\\.
            # TYPE c_total counter
            c_total{path="a\\"b\\\\c\\nd"} 3
            # HELP g A gauge.
            # TYPE g gauge
            g 0.25

            """)
    }

    @Test("OpenMetrics calls counters without their suffix, writes bounds with a point, and ends")
    func openMetrics() {
        registry.counter("c_total", "Some \"things\".").instrument().increment()
        registry.histogram("d_seconds", "Durations.", bounds: [0.5, 10]).instrument(MetricLabel("n", "x")).observe(1)
        #expect(text(.openMetrics) == """
            # HELP c Some \\"things\\".
            # TYPE c counter
            c_total 1
            # HELP d_seconds Durations.
            # TYPE d_seconds histogram
            d_seconds_bucket{n="x",le="0.5"} 0
            d_seconds_bucket{n="x",le="10.0"} 1
            d_seconds_bucket{n="x",le="+Inf"} 1
            d_seconds_sum{n="x"} 1
            d_seconds_count{n="x"} 1
            # EOF

            """)
    }

    @Test("values that are no finite numbers, and large ones")
    func numbers() {
        let gauge = registry.gauge("g", "A gauge.")
        for (index, value) in [.infinity, -.infinity, .nan, 1e300, -0.5, 1e15, 1e17, 123_456_789].enumerated() { gauge.instrument(MetricLabel("n", "\(index)")).set(value) }
        #expect(text().split(separator: "\n").dropFirst(2).map { $0.split(separator: " ")[1] } == ["+Inf", "-Inf", "NaN", "1e+300", "-0.5", "1000000000000000", "1e+17", "123456789"])
    }

    @Test("a histogram's bounds are inclusive and its buckets cumulative; what is not finite is passed over")
    func buckets() {
        let histogram = registry.histogram("d_seconds", "Durations.").instrument(MetricLabel("name", "x"))
        for value in [0.001, 0.0011, 0.3, 100, .infinity, .nan] { histogram.observe(value) }
        let lines = Set(text().split(separator: "\n").map(String.init))
        #expect(lines.isSuperset(of: [
            "d_seconds_bucket{name=\"x\",le=\"0.001\"} 1", "d_seconds_bucket{name=\"x\",le=\"0.0025\"} 2", "d_seconds_bucket{name=\"x\",le=\"0.5\"} 3",
            "d_seconds_bucket{name=\"x\",le=\"10\"} 3", "d_seconds_bucket{name=\"x\",le=\"+Inf\"} 4", "d_seconds_count{name=\"x\"} 4",
        ]))
    }

    /// Everything that the three forms have in common, of a registry that has some of everything.
    private func fill() {
        let counter = registry.counter("c_total", "Things \\ and\nmore.")
        counter.instrument(MetricLabel("name", "größe"), MetricLabel("path", "a\"\\\n")).increment(by: 2.5)
        counter.instrument(MetricLabel("name", "other"), MetricLabel("path", "")).increment(by: 1e18)
        registry.gauge("g", "A gauge.").instrument().set(-0.125)
        let histogram = registry.histogram("d_seconds", "Durations.")
        for value in [0, 0.5, 0.5, 1, 100] { histogram.instrument(MetricLabel("name", "x")).observe(value) }
        _ = histogram.instrument(MetricLabel("name", "idle"))
    }

    @Test("text and protobuf say the same to the parsers of the push gateway")
    func sameToClients() throws {
        fill()
        let fromText = try ClientTextParser.parse(ExpositionFormat.text.render(registry.collect()))
        var fromProtobuf = try ClientMetricFamily.decodeDelimited(ExpositionFormat.protobuf.render(registry.collect()))
        for (family, read) in fromProtobuf.enumerated() {
            for (metric, value) in read.metrics.enumerated() {
                if case .histogram(var histogram)? = value.value {
                    #expect(!histogram.native.isEmpty)
                    histogram.native = []
                    fromProtobuf[family].metrics[metric].value = .histogram(histogram)
                }
            }
        }
        #expect(fromText.map(\.name) == ["c_total", "g", "d_seconds"])
        #expect(fromText == fromProtobuf)
    }

    @Test("text and OpenMetrics say the same to the parser of scrapes")
    func sameToScrapes() throws {
        fill()
        func series(_ format: ExpositionFormat, _ dialect: ExpositionParser.Dialect) throws -> [String: Double] {
            try format.render(registry.collect()).withUnsafeBufferPointer { bytes in
                var parser = ExpositionParser(bytes, dialect: dialect)
                var found: [String: Double] = [:]
                while let entry = try parser.next() {
                    if case .series = entry { found["\(Labels(try parser.labels()))"] = parser.value }
                }
                return found
            }
        }
        let plain = try series(.text, .text)
        #expect(plain.count == 2 + 1 + 2 * 16)
        // Bounds are the one thing that the two write differently.
        #expect(try Set(series(.openMetrics, .openMetrics).values) == Set(plain.values))
        #expect(try series(.openMetrics, .openMetrics).count == plain.count)
    }

    @Test("protobuf has the native histogram beside the classic one")
    func native() throws {
        fill()
        let family = try #require(try ClientMetricFamily.decodeDelimited(ExpositionFormat.protobuf.render(registry.collect())).last)
        guard case .histogram(let histogram)? = family.metrics.first?.value else {
            Issue.record("d_seconds is no histogram")
            return
        }
        var expected = ProtobufWriter()
        expected.zigzag(5, 3)
        expected.double(6, 0x1p-128)
        expected.integer(7, 1)
        // 0.5 is bucket -8 of eight a doubling, 1 is 0, and 100 is in (2^6.625, 2^6.75].
        for (offset, length) in [(-8, 1), (7, 1), (53, 1)] as [(Int64, UInt64)] {
            expected.message(12) { span in
                span.zigzag(1, offset)
                span.integer(2, length)
            }
        }
        for delta in [2, -1, 0] as [Int64] { expected.zigzag(13, delta) }
        #expect(histogram.native == expected.bytes)
        #expect((histogram.sampleCount, histogram.sampleSum) == (5, 102))
    }

    @Test("a message longer than a byte can say has its length before it")
    func longMessages() throws {
        let long = String(repeating: "x", count: 20_000)
        registry.gauge("g", long).instrument(MetricLabel("name", long)).set(1)
        let family = try #require(try ClientMetricFamily.decodeDelimited(ExpositionFormat.protobuf.render(registry.collect())).first)
        #expect(family.help == long)
        #expect(family.metrics.first?.labels == [ClientMetricFamily.Label("name", long)])
    }

    @Test("a family without series is left out")
    func empty() {
        _ = registry.counter("c_total", "Things.")
        #expect(text().isEmpty)
        #expect(ExpositionFormat.protobuf.render(registry.collect()).isEmpty)
        #expect(text(.openMetrics) == "# EOF\n")
    }

    @Test("label sets are bounded, and what comes after is counted as other")
    func bounded() {
        let counter = registry.counter("c_total", "Things.", seriesMax: 100)
        for index in 0..<150 { counter.instrument(MetricLabel("name", "\(index)")).increment() }
        let lines = text().split(separator: "\n").dropFirst(2)
        #expect(lines.count == 101)
        #expect(lines.last == "c_total{name=\"other\"} 50")
    }

    @Test("nothing is lost between tasks, and every moment agrees with itself")
    func concurrent() async {
        let counter = registry.counter("c_total", "Things.")
        let histogram = registry.histogram("d_seconds", "Durations.").instrument(MetricLabel("n", "x"))
        func check() {
            guard case .histogram(let point) = histogram.point else { return }
            #expect(point.count == point.native.zeroCount + point.native.positive.values.reduce(0, +))
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for index in 0..<5_000 {
                        counter.instrument(MetricLabel("n", "\(index % 3)")).increment()
                        histogram.observe([0, 0.0005, 0.3, 2, 20][index % 5])
                    }
                }
            }
            for _ in 0..<200 { check() }
        }
        check()
        #expect(counter.instruments.reduce(0) { $0 + $1.instrument.number } == 20_000)
        guard case .histogram(let point) = histogram.point else { return }
        #expect((point.count, point.native.zeroCount) == (20_000, 4_000))
    }

    @Test("the Accept header chooses", arguments: [
        (prometheusAccept, .protobuf), ("", .text), ("*/*", .text), ("text/plain", .text), ("application/json", .text), ("application/vnd.google.protobuf", .text),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3", .openMetrics),
        ("application/openmetrics-text; version=0.0.1", .text), ("application/openmetrics-text; version=1.0.0", .openMetrics), ("application/openmetrics-text;q=0", .text),
        ("application/openmetrics-text;q=0.5,text/plain;q=0.5", .text),
        ("text/plain;q=0.9, application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; q=0.2", .text),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", .text),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", .protobuf),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=x", .text),
    ] as [(String, ExpositionFormat)])
    func accept(header: String, expected: ExpositionFormat) {
        #expect(ExpositionFormat(accept: header) == expected)
    }
}
