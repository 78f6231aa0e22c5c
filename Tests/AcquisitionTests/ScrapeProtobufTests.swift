import Acquisition
import Bytes
import MetricFormats
import MetricModel
import Testbed
import Testing

@Suite("Scraping protobuf")
struct ScrapeProtobufTests {
    private static func answer(_ body: [UInt8]) -> ScriptedTransport.Answer {
        .response(ScrapeResponse(
            status: 200, reason: "OK", contentType: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", body: body))
    }

    /// A counter, and a histogram with native and classic buckets after so many observations.
    private static func body(_ observations: Int, schema: Int = 0, buckets: Int = 2) -> [UInt8] {
        var counter = ProtobufFamily("c_total", .counter, help: "Counts.", unit: "things")
        counter.add([("k", "v")], .counter(Double(observations), .init([("t", "c")], 1, at: 5)))
        var histogram = ProtobufFamily("h", .histogram)
        histogram.add([("k", "v")], .histogram(ProtobufFamily.Histogram {
            ($0.count, $0.sum, $0.schema) = (UInt64(observations * buckets), 1, schema)
            $0.positive = .init(spans: [(1, buckets)], deltas: [observations] + [Int](repeating: 0, count: buckets - 1))
            $0.buckets = [.init(1, 1)]
            $0.exemplars = [.init([("t", "h")], 2, at: 6)]
        }))
        return counter.delimited + histogram.delimited
    }

    private static func labels(_ name: String, _ more: (String, String)...) -> Labels { Labels([("__name__", name), ("job", "j"), ("instance", "host:1"), ("k", "v")] + more) }

    @Test("native histograms are stored, with their classic buckets where that is asked for; a known series costs the store no parsing", arguments: [false, true])
    func both(alsoClassic: Bool) async throws {
        let rig = try ScrapeRig()
        let config = ScrapeRig.config {
            $0.scrapesNativeHistograms = true
            $0.alwaysScrapesClassicHistograms = alsoClassic
        }
        rig.transport.script("host:1", Self.answer(Self.body(1)), Self.answer(Self.body(2)))
        try await rig.apply([config], sleepers: 1)
        try await rig.tick()
        _ = rig.writer.takeCounts()
        try await rig.tick()
        #expect(rig.writer.takeCounts().unreferenced == 0)
        #expect(rig.writer.samples(labels: Self.labels("c_total")) == ["1.0@1000010000", "2.0@1000020000"])
        let histograms = rig.writer.histograms(labels: Self.labels("h"))
        #expect(histograms.map(\.timestamp) == [1_000_010_000, 1_000_020_000])
        #expect(histograms.map { "\($0.histogram)" } == ["{count:2, sum:1, (1,2]:1, (2,4]:1}", "{count:4, sum:1, (1,2]:2, (2,4]:2}"])
        #expect(rig.writer.samples(labels: Self.labels("h_bucket", ("le", "+Inf"))) == (alsoClassic ? ["2.0@1000010000", "4.0@1000020000"] : []))
        #expect(rig.writer.exemplars(labels: Self.labels("c_total")).first == Exemplar(labels: Labels([("t", "c")]), value: 1, timestamp: 5, hasTimestamp: true))
        #expect(rig.writer.exemplars(labels: Self.labels("h")).first?.timestamp == 6)
        #expect(rig.writer.metadata("c_total") == MetricMetadata(kind: .counter, unit: "things", help: "Counts."))
        #expect(rig.writer.metadata("h")?.kind == .histogram)
        #expect(rig.samples("scrape_samples_scraped") == ["\(alsoClassic ? 6 : 2).0@1000010000", "\(alsoClassic ? 6 : 2).0@1000020000"])
        await rig.stop()
    }

    @Test("without native histograms the classic buckets are stored; a target may change its format between scrapes, and vanished histograms become stale")
    func formats() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", Self.answer(Self.body(1)), .text("c_total{k=\"v\"} 2\n"))
        try await rig.apply([ScrapeRig.config()], sleepers: 1)
        try await rig.tick(2)
        #expect(rig.writer.histograms(labels: Self.labels("h")).isEmpty)
        #expect(rig.writer.samples(labels: Self.labels("h_count")) == ["2.0@1000010000", "stale@1000020000"])
        #expect(rig.writer.samples(labels: Self.labels("c_total")) == ["1.0@1000010000", "2.0@1000020000"])
        await rig.stop()

        let native = try ScrapeRig()
        native.transport.script("host:1", Self.answer(Self.body(1)), .failure(.timeout))
        try await native.apply([ScrapeRig.config { $0.scrapesNativeHistograms = true }], sleepers: 1)
        try await native.tick(2)
        #expect(native.writer.histograms(labels: Self.labels("h")).count == 1)
        #expect(native.writer.samples(labels: Self.labels("h")) == ["stale@1000020000"])
        await native.stop()
    }

    @Test("a histogram is brought to the resolution that the limits allow, and fails the scrape where there is none", arguments: [
        (0, 0.0, 3, 8, "schema 3, 8 buckets, up 1.0"), (4, 0.0, 3, 8, "schema 2, 4 buckets, up 1.0"), (0, 4.0, 3, 16, "schema -1, 1 buckets, up 1.0"),
        (1, 0.0, -4, 2, "no histogram, up 0.0"), (0, 0.0, 9, 2, "no histogram, up 0.0"), (0, 1.1, 9, 8, "schema 2, 1 buckets, up 1.0"),
    ])
    func limits(limit: Int, factor: Double, schema: Int, buckets: Int, expected: String) async throws {
        let rig = try ScrapeRig()
        let config = ScrapeRig.config {
            $0.scrapesNativeHistograms = true
            $0.nativeHistogramBucketLimit = limit
            $0.nativeHistogramBucketFactorMin = factor
        }
        rig.transport.script("host:1", Self.answer(Self.body(1, schema: schema, buckets: buckets)))
        try await rig.apply([config], sleepers: 1)
        try await rig.tick()
        let stored = rig.writer.histograms(labels: Self.labels("h")).first?.histogram
        let seen = stored.map { "schema \($0.schema), \(NativeHistogram.bucketCount($0.positiveSpans)) buckets" } ?? "no histogram"
        #expect("\(seen), up \(rig.samples("up").first?.prefix(3) ?? "")" == expected)
        await rig.stop()
    }

    @Test("protobuf is asked for first where native histograms are scraped, as Prometheus asks")
    func request() async throws {
        let rig = try ScrapeRig()
        rig.transport.script("host:1", Self.answer(Self.body(1)))
        try await rig.apply([ScrapeRig.config { $0.protocols = ScrapeProtocol.standardWithNativeHistograms }], sleepers: 1)
        try await rig.tick()
        let accept = try #require(rig.transport.requests.first).headers.first { $0.name == "Accept" }?.value
        #expect(accept == "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
        await rig.stop()
    }
}
