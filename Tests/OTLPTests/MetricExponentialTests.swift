import MetricModel
import OTLP
import Testing
import TraceModel

struct MetricExponentialTests {
    typealias ExponentialPoint = ResourceMetrics.ExponentialHistogramPoint

    private func translation(_ points: ExponentialPoint...) throws -> MetricTranslation {
        try translate(metrics([], ResourceMetrics.Metric("took", unit: "s", description: "how long", .exponentialHistogram(points))))
    }

    @Test("an exponential histogram becomes a native one: indices one higher, empty buckets left out, the zero bucket as Prometheus has it")
    func layout() throws {
        let histogram = ExponentialPoint(
            point([Attribute("route", .string("/a"))]), count: 12, sum: 30.5, scale: 1, zeroCount: 2, positive: .init(offset: -3, counts: [1, 0, 0, 0, 4, 3]),
            negative: .init(offset: 0, counts: [2]))
        let translation = try translation(histogram)
        #expect(translation.pointCount == 1 && translation.refusedPointCount == 0)
        #expect(translation.batch.labelSets == [Labels([("__name__", "took_seconds"), ("route", "/a")])])
        #expect(translation.batch.values.isEmpty)
        let row = try #require(translation.batch.histograms.first)
        #expect((row.series, row.timestamp) == (0, 1000))
        #expect(row.histogram == NativeHistogram(
            schema: 1, zeroThreshold: 1e-128, sum: 30.5, positiveSpans: [.init(offset: -2, length: 1), .init(offset: 3, length: 2)], negativeSpans: [.init(offset: 1, length: 1)],
            counts: .integer(.init(count: 12, zeroCount: 2, positive: [1, 4, 3], negative: [2]))))
        #expect(translation.batch.metadata.map(\.1) == [MetricMetadata(kind: .histogram, unit: "seconds", help: "how long")])
    }

    @Test("a scale above 8 becomes 8: neighbours are added up, across zero, too", arguments: [
        (9, [(-3, [1, 2, 3, 4, 5, 6])], [(-1, [1, 5, 9, 6])]), (11, [(7, [1, 1]), (15, [2])], [(1, [1, 1]), (2, [2])]), (20, [(-5000, [1]), (4095, [1, 1])], [(-1, [1]), (1, [1, 1])]),
    ] as [(Int32, [(Int32, [UInt64])], [(Int32, [Int64])])])
    func downscaled(scale: Int32, sent: [(Int32, [UInt64])], kept: [(Int32, [Int64])]) throws {
        for (buckets, expected) in zip(sent, kept) {
            let histogram = ExponentialPoint(point(), count: buckets.1.reduce(0, +), sum: 1, scale: scale, positive: .init(offset: buckets.0, counts: buckets.1))
            let native = try #require(try translation(histogram).batch.histograms.first?.histogram)
            guard case .integer(let tally) = native.counts else { throw WrongKind() }
            #expect(native.schema == 8)
            #expect(native.positiveSpans == [.init(offset: expected.0, length: UInt32(expected.1.count))])
            #expect(tally.positive == expected.1)
        }
    }

    /// prometheusremotewrite `histograms_test.go`, `TestConvertBucketsLayout`: for each number of halvings the buckets that are not empty.
    private static let upstream: [(offset: Int32, counts: [UInt64], halved: [[Int: Int64]])] = [
        (0, [4, 3, 2, 1], [[1: 4, 2: 3, 3: 2, 4: 1], [1: 7, 2: 3], [1: 10]]), (1, [4, 3, 2, 1], [[2: 4, 3: 3, 4: 2, 5: 1], [1: 4, 2: 5, 3: 1], [1: 9, 2: 1]]),
        (4, [4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [[5: 4, 6: 2, 8: 2, 21: 1], [3: 6, 4: 2, 11: 1], [2: 8, 6: 1]]),
        (4, [4, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1], [[5: 4, 6: 2, 8: 2, 17: 1], [3: 6, 4: 2, 9: 1], [2: 8, 5: 1]]),
        (-2, [3, 1, 0, 0, 0, 1], [[-1: 3, 0: 1, 4: 1], [0: 4, 2: 1], [0: 4, 1: 1]]), (-2, [3, 1, 0, 1, 0, 1], [[-1: 3, 0: 1, 2: 1, 4: 1], [0: 4, 1: 1, 2: 1], [0: 4, 1: 2]]),
    ]

    @Test("buckets lie where upstream's own tests have them", arguments: upstream.indices)
    func upstreamLayouts(index: Int) throws {
        let (offset, counts, halved) = Self.upstream[index]
        for (halvings, expected) in halved.enumerated() {
            let histogram = ExponentialPoint(
                point(), count: 2 * counts.reduce(0, +), sum: 1, scale: 8 + Int32(halvings), positive: .init(offset: offset, counts: counts), negative: .init(offset: offset, counts: counts))
            let native = try #require(try translation(histogram).batch.histograms.first?.histogram)
            guard case .integer(let tally) = native.counts else { throw WrongKind() }
            for (spans, counts) in [(native.positiveSpans, tally.positive), (native.negativeSpans, tally.negative)] {
                var found: [Int: Int64] = [:]
                NativeHistogram.forEachBucket(spans) { found[$0] = counts[$1] }
                #expect(found == expected)
            }
        }
    }

    private struct WrongKind: Error {}

    @Test("a point without a value ends its series; one without a sum has the sum 0")
    func values() throws {
        let batch = try translation(
            ExponentialPoint(point([Attribute("p", .string("a"))], stale: true), count: 3, sum: 1, scale: 0, positive: .init(counts: [3])),
            ExponentialPoint(point([Attribute("p", .string("b"))]), count: 3, sum: nil, scale: 0, positive: .init(counts: [3]))).batch
        #expect(batch.histograms.map(\.histogram.isStaleMarker) == [true, false])
        #expect(batch.histograms.last?.histogram.sum == 0)
    }

    @Test("what is no histogram is refused by its point, and the others are kept")
    func refused() throws {
        let translation = try translation(
            ExponentialPoint(point(), count: 1, sum: 1, scale: -5, positive: .init(counts: [1])), ExponentialPoint(point(), count: 2, sum: 1, scale: 0, positive: .init(counts: [1])),
            ExponentialPoint(point(), count: 1, sum: 1, scale: 0, positive: .init(offset: .max, counts: [1])), ExponentialPoint(point(), count: 1, sum: 1, scale: 0, positive: .init(counts: [1])))
        #expect(translation.pointCount == 4 && translation.refusedPointCount == 3)
        #expect(translation.batch.histograms.count == 1 && translation.batch.series.count == 1)
        #expect(translation.refusals.first == "metric \"took\": its scale is -5, and the lowest that a native histogram can have is -4")
        #expect(translation.refusals.contains { $0.contains("1 observations found in buckets, but the Count field is 2") })
        #expect(translation.refusals.contains { $0.contains("out of range") })
    }

    @Test("JSON, with offsets below zero and exemplars, means the same as protobuf")
    func json() throws {
        let body = #"""
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1000000000","count":"3",
            "sum":1,"scale":0,"zeroCount":"1","positive":{"offset":-2,"bucketCounts":["1","1"]},"min":0.1,"max":9,"zeroThreshold":0.5,
            "exemplars":[{"timeUnixNano":"1500000000","asDouble":0.25,"traceId":"0102030405060708090a0b0c0d0e0f10"}]}]}}]}]}]}
            """#
        let batch = try OTLPMetrics.translate(json: Array(body.utf8)).batch
        #expect(batch.histograms.map { "\($0.histogram)" } == ["{count:3, sum:1, [-1e-128,1e-128]:1, (0.25,0.5]:1, (0.5,1]:1}"])
        #expect(batch.exemplars.map(\.series) == [0])
        #expect(batch.exemplars.first?.exemplar.labels["trace_id"] == "0102030405060708090a0b0c0d0e0f10")
    }

    @Test("many buckets of a small body are bounded like everything")
    func bounded() throws {
        let body = OTLPMetrics.encode(metrics([], ResourceMetrics.Metric("m", .exponentialHistogram([
            ExponentialPoint(point(), count: 100_000, sum: 1, scale: 0, positive: .init(counts: [UInt64](repeating: 1, count: 100_000))),
        ]))))
        #expect(throws: OTLPError.self) { try OTLPMetrics.translate(protobuf: body, memoryMax: 1 << 20) }
        #expect(try OTLPMetrics.translate(protobuf: body).batch.histograms.count == 1)
    }
}
