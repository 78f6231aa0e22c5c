import Bytes
import Foundation
import OTLP
import Platform
import Testbed
import Testing
import TraceModel
import TraceStore

/// Spans to measure with; 0 when nobody asked.
private let measuredSpans = Int(ProcessInfo.processInfo.environment["TRACE_MEASURE"] ?? "") ?? 0

/// Figures rather than claims. `TRACE_MEASURE=1000000 swift test -c release --disable-xctest --filter StoreMeasurements` prints them.
@Suite struct StoreMeasurements {
    private static let spansPerTrace = 10

    /// A request's trace through four services, each span with eleven attributes.
    private struct Load {
        var generator = SeededGenerator(42)
        private let resources = (0..<8).map { service in
            Resource(attributes: [
                Attribute("service.name", .string("service-\(service)")), Attribute("service.version", .string("1.\(service).0")),
                Attribute("host.name", .string("host-\(service % 3)")), Attribute("telemetry.sdk.language", .string("go")),
            ])
        }

        mutating func below(_ bound: UInt64) -> UInt64 { generator.next() % bound }

        mutating func batch(firstTrace: Int, traces: Int) -> [ResourceSpans] {
            var byService = [[Span]](repeating: [], count: resources.count)
            for trace in firstTrace..<firstTrace + traces {
                let id = StoreMeasurements.id(trace)
                let begin = RandomTraces.time + UInt64(trace) * 1_000_000 + below(1_000_000)
                let request = String(generator.next(), radix: 16)
                var parents: [SpanID] = []
                for place in 0..<spansPerTrace {
                    let service = Int(below(8))
                    let parent = place == 0 ? SpanID.none : parents[Int(below(UInt64(place)))]
                    let span = SpanID(generator.next() | 1)
                    let start = begin + UInt64(place) * 50_000 + below(50_000)
                    let status = [200, 200, 200, 200, 201, 404, 500][Int(below(7))]
                    byService[service].append(Span(
                        traceID: id, spanID: span, parentSpanID: parent, name: "GET /api/v1/thing-\(below(40))", kind: place % 2 == 0 ? .server : .client,
                        startUnixNano: start, endUnixNano: start + 100_000 + below(20_000_000),
                        attributes: [
                            Attribute("http.request.method", .string(["GET", "POST", "PUT"][Int(below(3))])), Attribute("http.response.status_code", .int(Int64(status))),
                            Attribute("http.route", .string("/api/v1/thing/{id}")), Attribute("server.address", .string("10.0.0.\(below(50))")),
                            Attribute("server.port", .int(8080)), Attribute("network.protocol.version", .string("1.1")),
                            Attribute("thread.id", .int(Int64(below(64)))), Attribute("cache.hit", .bool(below(4) == 0)),
                            Attribute("user.id", .string("user-\(below(10_000))")), Attribute("request.id", .string(request)),
                            Attribute("queue.depth", .int(Int64(below(1000)))),
                        ],
                        status: Span.Status(code: status == 500 ? .error : .unset)))
                    parents.append(span)
                }
            }
            return zip(resources, byService).filter { !$0.1.isEmpty }.map {
                ResourceSpans(resource: $0.0, scopes: [.init(scope: InstrumentationScope(name: "measure", version: "1"), spans: $0.1)])
            }
        }
    }

    private static func id(_ trace: Int) -> TraceID {
        var generator = SeededGenerator(UInt64(trace) &+ 7)
        return TraceID(high: generator.next(), low: generator.next())
    }

    /// Processor seconds of all threads.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func report(_ what: String, _ value: Double, _ unit: String) {
        print("measured: \(what): \((value * 100).rounded() / 100) \(unit)")
    }

    /// Median milliseconds of some runs.
    private static func time(_ what: String, runs: Int = 21, _ body: (Int) throws -> Bool) throws {
        var times: [Double] = []
        for run in 0..<runs {
            let begin = SystemClock().monotonicNanos
            let isRight = try body(run)
            times.append(Double(SystemClock().monotonicNanos - begin) / 1e6)
            #expect(isRight, "\(what): run \(run) found something else")
        }
        times.sort()
        report("\(what), first … median … worst", times[0], "ms … \((times[runs / 2] * 100).rounded() / 100) ms … \((times[runs - 1] * 100).rounded() / 100) ms")
    }

    @Test("what it costs to store, open and find spans", .enabled(if: measuredSpans > 0))
    func costs() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obstack-measure-\(UInt64.random(in: 0 ... .max))").path
        defer { try? Disk().removeTree(folder) }
        let perBatch = 100
        let batchCount = measuredSpans / (perBatch * Self.spansPerTrace)
        let spans = Double(batchCount * perBatch * Self.spansPerTrace)
        var load = Load()
        var (decodeSeconds, writeSeconds) = (0.0, 0.0)
        let store = try TraceStore.open(folder).store
        for index in 0..<batchCount {
            var body = ByteWriter()
            OTLPTraces.encode(load.batch(firstTrace: index * perBatch, traces: perBatch), into: &body)
            let bytes = body.array()
            let begin = Self.processorSeconds()
            let decoded = try bytes.withUnsafeBufferPointer { try OTLPTraces.decode(protobuf: $0, memoryMax: .max) }
            let middle = Self.processorSeconds()
            try await store.write(decoded)
            decodeSeconds += middle - begin
            writeSeconds += Self.processorSeconds() - middle
        }
        let begin = Self.processorSeconds()
        try await store.seal()
        writeSeconds += Self.processorSeconds() - begin
        Self.report("decoding", spans / decodeSeconds, "spans a processor-second")
        Self.report("writing and sealing", spans / writeSeconds, "spans a processor-second")
        Self.report("both", spans / (decodeSeconds + writeSeconds), "spans a processor-second")
        for family in store.metricFamilies() where family.name == "obstack_traces_seal_duration_seconds" {
            Self.report("of which sealing", family.points.first?.value ?? 0, "s wall of \(writeSeconds) s processor")
        }
        let bytes = try Disk().treeSize(folder + "/segments")
        Self.report("segments", Double(try Disk().list(folder + "/segments").count), "files")
        Self.report("on disk", Double(bytes) / spans, "bytes a span")
        let traceCount = batchCount * perBatch
        try Self.time("trace by id", runs: 101) { run in try store.trace(Self.id(run * 7919 % traceCount))?.spanCount == Self.spansPerTrace }
        try Self.time("search: a service, newest 20") { run in try store.find(TraceSearch(service: "service-\(run % 8)")).count == 20 }
        try Self.time("search: attribute with few values, 20") { run in try store.find(TraceSearch(tags: [("server.address", "10.0.0.\(run)")])).count == 20 }
        try Self.time("search: attribute with 10,000 values, 20") { run in try !store.find(TraceSearch(tags: [("user.id", "user-\(run * 13)")])).isEmpty }
        var rare = Load()
        let ids = rare.batch(firstTrace: 0, traces: perBatch).flatMap { FlatSpan.all([$0]) }.compactMap { $0.span.attributes.first { $0.key == "request.id" }?.value.text }
        try Self.time("search: the oldest trace by an attribute of its own") { run in
            try store.find(TraceSearch(tags: [("request.id", ids[run])])).count == 1
        }
        try Self.time("search: what nobody has") { run in try store.find(TraceSearch(tags: [("request.id", "no-\(run)")])).isEmpty }
        try Self.time("search: errors of a service and operation, 20") { run in
            try store.find(TraceSearch(service: "service-3", operation: "GET /api/v1/thing-\(run)", tags: [("error", "true")])).count == 20
        }
        try Self.time("services") { _ in try store.services().count == 8 }
        try Self.time("dependencies", runs: 5) { _ in try store.dependencies(startUnixNano: 0 ... .max).count == 64 }
        await store.close()
        let opening = SystemClock().monotonicNanos
        let again = try TraceStore.open(folder).store
        Self.report("opening again", Double(SystemClock().monotonicNanos - opening) / 1e6, "ms")
        await again.close()
    }
}
