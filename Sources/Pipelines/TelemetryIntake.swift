import MetricModel
import MetricStore
import OTLP
import RemoteStores
import Synchronization
import TraceModel
import TraceStore

/// Where every receiver hands its telemetry: one pipeline a signal, one memory limit over all.
package final class TelemetryIntake: Sendable {
    package struct Options: Hashable, Sendable {
        /// Decompressed bodies that may be in flight together, in bytes. More is refused with a retryable error.
        package var bytesInFlightMax = 128 << 20
        /// How OTLP metrics are translated.
        package var metricTranslation = MetricTranslationOptions()
        package init() {}
    }

    private let traces: TelemetryPipeline<TraceSignal>
    private let metrics: TelemetryPipeline<MetricSignal>
    private let sampler: SpanSampler
    private let current: Mutex<Options>
    private let forwarding: OTLPForwarding?
    private let bytesInFlight = Atomic<Int>(0)
    private let fullRefusals = Atomic<Int>(0)

    /// - Parameters:
    ///   - sampling: which traces are kept.
    ///   - nowNanos: a clock that only goes forward; sampling by rate looks at it.
    ///   - forwarding: gets everything that the stores have taken.
    package init(
        traces: any TraceWriter, metrics: any MetricWriter, options: Options = Options(), sampling: SpanSampling = .all, nowNanos: @escaping @Sendable () -> UInt64 = { 0 },
        forwarding: OTLPForwarding? = nil
    ) {
        let origins = [TelemetryOrigin.otlpHTTP, .otlpGRPC]
        sampler = SpanSampler(sampling, nowNanos: nowNanos)
        self.traces = TelemetryPipeline(processors: [SpanIdentity(), sampler], sinks: [TraceStoreSink(writer: traces)], origins: origins) { batch, count in
            forwarding?.forward(.traces, items: count) { OTLPTraces.encode(batch) }
        }
        self.metrics = TelemetryPipeline(sinks: [MetricStoreSink(writer: metrics)], origins: origins) { batch, count in
            forwarding?.forward(.metrics, items: count) { batch.body() }
        }
        self.forwarding = forwarding
        current = Mutex(options)
    }

    /// The options in force.
    package var options: Options { current.withLock { $0 } }

    /// Puts new options in force for bodies that come from now on.
    package func apply(_ options: Options) { current.withLock { $0 = options } }

    /// Sets a decompressed body's bytes aside while it is decoded and stored. Give them back with `release`.
    package func admit(bytes: Int) throws(PipelineError) {
        let limit = options.bytesInFlightMax
        let after = bytesInFlight.add(bytes, ordering: .relaxed).newValue
        guard after > limit else { return }
        bytesInFlight.subtract(bytes, ordering: .relaxed)
        fullRefusals.add(1, ordering: .relaxed)
        throw .full(bytes: after, limit: limit)
    }

    package func release(bytes: Int) { bytesInFlight.subtract(bytes, ordering: .relaxed) }

    /// Stores spans. When it returns, those not rejected are on disk and found by every later search.
    package func traces(_ batch: [ResourceSpans], from origin: TelemetryOrigin) async throws(PipelineError) -> PartialSuccess {
        try await traces.consume(batch, from: origin)
    }

    /// Stores translated metrics. When it returns, what was not rejected is on disk and seen by every later query. `body` is what was translated,
    /// as protobuf.
    package func metrics(_ translation: MetricTranslation, body: @escaping @Sendable () -> [UInt8] = { [] }, from origin: TelemetryOrigin) async throws(PipelineError) -> PartialSuccess {
        let refused = PartialSuccess(rejected: translation.refusedPointCount, message: translation.refusals.joined(separator: "; "))
        let batch = MetricSignal.Batch(samples: translation.batch, pointCount: translation.pointCount - translation.refusedPointCount, body: body)
        return try await metrics.consume(batch, from: origin, rejectedBefore: refused)
    }

    /// Self-metrics under the collector's and Jaeger's names.
    package func metricFamilies() -> [MetricFamily] {
        // From the start, at 0: a rate needs what was before the first span.
        let accepted = [TelemetryOrigin.otlpHTTP: 0, .otlpGRPC: 0].merging(traces.accepted) { $1 }
        let spans = accepted.sorted { ($0.key.receiver, $0.key.transport) < ($1.key.receiver, $1.key.transport) }
            .map { MetricFamily.Point("jaeger_spans_received_total", [("format", $0.key.receiver), ("transport", $0.key.transport)], Double($0.value)) }
        return Self.joined(traces.metricFamilies() + metrics.metricFamilies() + sampler.metricFamilies() + (forwarding?.metricFamilies() ?? [])) + [
            MetricFamily("jaeger_spans_received_total", .counter, "Number of spans received and, where they are sampled, stored.", points: spans),
            .gauge("otelcol_receiver_bytes_in_flight", "Bytes of decompressed bodies that are being decoded and stored.", Double(bytesInFlight.load(ordering: .relaxed))),
            .counter("otelcol_receiver_full_total", "Number of bodies turned away because too many bytes were in flight.", Double(fullRefusals.load(ordering: .relaxed))),
        ]
    }

    /// Families of one name as one: stores and destinations elsewhere are exporters alike.
    private static func joined(_ families: [MetricFamily]) -> [MetricFamily] {
        var result: [MetricFamily] = []
        for family in families {
            if let index = result.firstIndex(where: { $0.name == family.name }) { result[index].points += family.points } else { result.append(family) }
        }
        return result
    }
}
