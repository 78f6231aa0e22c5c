/// Where batches of a signal end: a store, another stack, or a pipeline of another signal made of this one.
package protocol TelemetrySink<Signal>: Sendable {
    associatedtype Signal: TelemetrySignal
    /// In the `exporter` label of self-metrics.
    var name: String { get }
    /// Takes a batch. When it returns, what it did not reject is as safe as this sink makes it; when it throws, nothing was taken.
    func consume(_ batch: Signal.Batch) async throws(PipelineError) -> PartialSuccess
}

/// A step between receivers and sinks that changes a batch or takes items out of it.
package protocol TelemetryProcessor<Signal>: Sendable {
    associatedtype Signal: TelemetrySignal
    func process(_ batch: inout Signal.Batch) -> PartialSuccess
}
