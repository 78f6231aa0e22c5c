/// Which traces are kept when they arrive (head sampling). What is decided for one span of a trace holds for all of them, whatever service,
/// door and request they come by. The kinds are those of Jaeger's `JAEGER_SAMPLER_TYPE`.
package enum SpanSampling: Hashable, Sendable {
    case all
    case none
    /// A fraction of all traces, 0 to 1, chosen by the trace id: the lower 64 bits, as OpenTelemetry's `TraceIdRatioBased` has them, so that an
    /// application that samples by the same rule and the same fraction already loses nothing more here.
    case probabilistic(Double)
    /// At most so many new traces a second, in the order of their first spans.
    case rateLimiting(tracesPerSecond: Double)

    /// Whether a fraction of all traces includes `low`, the lower half of an id. Source: opentelemetry-go sdk/trace/sampling.go.
    static func includes(_ low: UInt64, fraction: Double) -> Bool { fraction >= 1 || low >> 1 < UInt64(max(0, fraction) * 0x1p63) }
}
