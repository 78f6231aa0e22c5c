import MetricModel
import MetricStore
import OTLP
import Pipelines
import Synchronization
import Testing
import TraceModel
import TraceStore

struct PipelineTests {
    private let traceStore = RecordingTraceStore()
    private let metricStore = RecordingMetricStore()
    private let intake: TelemetryIntake

    init() { intake = TelemetryIntake(traces: traceStore, metrics: metricStore) }

    private func value(_ name: String, _ labels: (String, String)...) -> Double? {
        intake.metricFamilies().flatMap(\.points).first { point in
            point.name == name && labels.allSatisfy { label in point.labels.contains { $0.name == label.0 && $0.value == label.1 } }
        }?.value
    }

    @Test("spans reach the store and are counted under the collector's and Jaeger's names, by transport")
    func spans() async throws {
        #expect(value("otelcol_receiver_accepted_spans", ("receiver", "otlp"), ("transport", "grpc")) == 0)
        #expect(try await intake.traces(traces(span("a"), span("b", id: 2)), from: .otlpGRPC) == PartialSuccess())
        #expect(try await intake.traces(traces(span("c", id: 3)), from: .otlpHTTP) == PartialSuccess())
        #expect(traceStore.spans.map(\.name) == ["a", "b", "c"])
        #expect(value("otelcol_receiver_accepted_spans", ("receiver", "otlp"), ("transport", "grpc")) == 2)
        #expect(value("otelcol_receiver_accepted_spans", ("receiver", "otlp"), ("transport", "http")) == 1)
        #expect(value("jaeger_spans_received_total", ("transport", "grpc")) == 2)
        #expect(value("otelcol_exporter_sent_spans", ("exporter", "trace_store")) == 3)
    }

    @Test("spans without ids are rejected and the others kept")
    func invalidSpans() async throws {
        let outcome = try await intake.traces(traces(span("no trace", trace: 0), span("good"), span("no id", id: 0)), from: .otlpHTTP)
        #expect(outcome == PartialSuccess(rejected: 2, message: "spans need a trace id and a span id other than zero"))
        #expect(traceStore.spans.map(\.name) == ["good"])
        #expect(value("otelcol_receiver_refused_spans", ("transport", "http")) == 2)
    }

    @Test("a full disk and a closing store are worth trying again; a corrupt file is not; all are counted as refused", arguments: [
        (TraceStoreError.io(file: "f", operation: "write", reason: "no space", isDiskFull: true), true), (.closed, true),
        (.io(file: "f", operation: "write", reason: "input/output error", isDiskFull: false), false), (.corrupt(file: "f", offset: 1, reason: "r"), false), (.tooLarge(reason: "r"), false),
    ])
    func storeFailures(error: TraceStoreError, isRetryable: Bool) async {
        traceStore.fail(with: error)
        let thrown = await #expect(throws: PipelineError.self) { try await intake.traces(traces(span("a")), from: .otlpHTTP) }
        #expect(thrown?.isRetryable == isRetryable)
        #expect(value("otelcol_receiver_refused_spans", ("transport", "http")) == 1)
        #expect(value("otelcol_receiver_accepted_spans", ("transport", "http")) == 0)
        #expect(value("otelcol_exporter_send_failed_spans", ("exporter", "trace_store")) == 1)
    }

    @Test("what the translation refuses and what the store refuses add up")
    func metricRefusals() async throws {
        var report = AppendReport()
        report.outOfOrder = 1
        report.firstRefusal = "out of order: kept"
        metricStore.answer(with: report)
        let delta = ResourceMetrics.Metric("d", .sum([ResourceMetrics.NumberPoint(point(), .int(1))], isMonotonic: true, temporality: .delta))
        let translation = try translate(metrics([], delta, gauge("kept"), gauge("kept2")))
        let outcome = try await intake.metrics(translation, from: .otlpHTTP)
        #expect(outcome.rejected == 2)
        #expect(outcome.message == "metric \"d\": delta temporality is not supported; send cumulative data points; out of order: kept")
        #expect(value("otelcol_receiver_accepted_metric_points", ("transport", "http")) == 1)
        #expect(value("otelcol_receiver_refused_metric_points", ("transport", "http")) == 2)
    }

    @Test("bytes over the limit are refused until others are given back")
    func memoryLimit() throws {
        var options = TelemetryIntake.Options()
        options.bytesInFlightMax = 100
        intake.apply(options)
        try intake.admit(bytes: 60)
        #expect(throws: PipelineError.full(bytes: 110, limit: 100)) { try intake.admit(bytes: 50) }
        #expect(value("otelcol_receiver_bytes_in_flight") == 60)
        intake.release(bytes: 60)
        try intake.admit(bytes: 100)
        #expect(value("otelcol_receiver_full_total") == 1)
    }

    private func sampled(_ sampling: SpanSampling, nowNanos: @escaping @Sendable () -> UInt64 = { 0 }) -> TelemetryIntake {
        TelemetryIntake(traces: traceStore, metrics: metricStore, sampling: sampling, nowNanos: nowNanos)
    }

    private func counts(_ intake: TelemetryIntake) -> [String: Double] {
        let points = intake.metricFamilies().flatMap(\.points).filter { $0.name == "obstack_spans_sampled_total" }
        return Dictionary(uniqueKeysWithValues: points.map { ($0.labels.first?.value ?? "", $0.value) })
    }

    @Test("a fraction is taken by the trace id, as OpenTelemetry's own sampler takes it; senders are told of success, and both kinds are counted")
    func probabilisticSampling() async throws {
        let intake = sampled(.probabilistic(0.25))
        // The lower 64 bits, shifted right once, are below a quarter of 2^63 for the first two alone.
        let edges: [UInt64] = [1, 0x3FFF_FFFF_FFFF_FFFF, 0x4000_0000_0000_0000, .max]
        for (number, trace) in edges.enumerated() {
            #expect(try await intake.traces(traces(span("a\(number)", trace: trace), span("b\(number)", trace: trace, id: 2)), from: .otlpHTTP) == PartialSuccess())
        }
        #expect(traceStore.spans.map(\.name) == ["a0", "b0", "a1", "b1"])
        #expect(counts(intake) == ["true": 4, "false": 4])
        #expect(traceStore.batches.count == 2, "a batch without sampled spans is no write")
        var kept = 0
        for number in 0..<10_000 as Range<UInt64> {
            let trace = number &* 0x9E37_79B9_7F4A_7C15
            kept += trace >> 1 < 0x2000_0000_0000_0000 ? 1 : 0
            _ = try await intake.traces(traces(span("s", trace: trace == 0 ? 1 : trace)), from: .otlpGRPC)
        }
        #expect(traceStore.spans.count - 4 == kept && (2_400...2_600).contains(kept))
    }

    @Test("const keeps all or nothing; a rate keeps so many new traces a second, and all spans of a trace that it kept")
    func otherSampling() async throws {
        let nothing = sampled(.none)
        #expect(try await nothing.traces(traces(span("a")), from: .otlpHTTP) == PartialSuccess() && traceStore.spans.isEmpty)
        let clock = Mutex<UInt64>(0)
        let intake = sampled(.rateLimiting(tracesPerSecond: 2)) { clock.withLock { $0 } }
        for trace in 1...4 as ClosedRange<UInt64> { _ = try await intake.traces(traces(span("first", trace: trace)), from: .otlpHTTP) }
        #expect(traceStore.spans.map(\.traceID.low) == [1, 2])
        clock.withLock { $0 = 500_000_000 }
        for trace in 1...4 as ClosedRange<UInt64> { _ = try await intake.traces(traces(span("second", trace: trace, id: 2)), from: .otlpGRPC) }
        #expect(traceStore.spans.map(\.traceID.low) == [1, 2, 1, 2], "a decision holds for the whole trace")
        _ = try await intake.traces(traces(span("new", trace: 5), span("new", trace: 6)), from: .otlpGRPC)
        #expect(traceStore.spans.map(\.traceID.low) == [1, 2, 1, 2, 5])
        #expect(counts(intake) == ["true": 5, "false": 5])
    }

    @Test("a batch of nothing is taken without a write")
    func empty() async throws {
        #expect(try await intake.traces([], from: .otlpHTTP) == PartialSuccess())
        #expect(try await intake.metrics(try translate([]), from: .otlpHTTP) == PartialSuccess())
        #expect(traceStore.batches.isEmpty && metricStore.batches.isEmpty)
    }
}
