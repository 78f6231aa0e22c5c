import MetricModel
import MetricStore
import OTLP
import Pipelines
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

    @Test("a batch of nothing is taken without a write")
    func empty() async throws {
        #expect(try await intake.traces([], from: .otlpHTTP) == PartialSuccess())
        #expect(try await intake.metrics(try translate([]), from: .otlpHTTP) == PartialSuccess())
        #expect(traceStore.batches.isEmpty && metricStore.batches.isEmpty)
    }
}
