import MetricModel
import Synchronization

/// One signal's way from its receivers through processors into sinks.
///
/// A batch is acknowledged when every sink has taken it; nothing is queued in between, so what is acknowledged is on disk. Batching
/// is the store's, which commits concurrent batches together.
package final class TelemetryPipeline<Signal: TelemetrySignal>: Sendable {
    private let processors: [any TelemetryProcessor<Signal>]
    private let sinks: [any TelemetrySink<Signal>]
    private let forward: @Sendable (_ batch: Signal.Batch, _ count: Int) -> Void

    private struct Counts {
        var accepted: [TelemetryOrigin: Int] = [:]
        var refused: [TelemetryOrigin: Int] = [:]
        var sent: [Int]
        var failed: [Int]
    }
    private let counts: Mutex<Counts>

    /// - Parameters:
    ///   - origins: those known beforehand: their self-metrics stand at zero from the start.
    ///   - forward: told of every batch that all sinks have taken; must not wait.
    package init(
        processors: [any TelemetryProcessor<Signal>] = [], sinks: [any TelemetrySink<Signal>], origins: [TelemetryOrigin],
        forward: @escaping @Sendable (_ batch: Signal.Batch, _ count: Int) -> Void = { _, _ in }
    ) {
        self.forward = forward
        self.processors = processors
        self.sinks = sinks
        let zeros = Dictionary(uniqueKeysWithValues: origins.map { ($0, 0) })
        counts = Mutex(Counts(accepted: zeros, refused: zeros, sent: sinks.map { _ in 0 }, failed: sinks.map { _ in 0 }))
    }

    /// Takes a batch through to every sink. `rejectedBefore` is what its receiver already had to leave out; it only counts.
    package func consume(_ batch: Signal.Batch, from origin: TelemetryOrigin, rejectedBefore: PartialSuccess = PartialSuccess()) async throws(PipelineError) -> PartialSuccess {
        var batch = batch
        let received = Signal.count(batch)
        var outcome = rejectedBefore
        for processor in processors { outcome.add(processor.process(&batch)) }
        do throws(PipelineError) {
            let count = Signal.count(batch)
            if count > 0 {
                for index in sinks.indices { outcome.add(try await hand(batch, count: count, to: index)) }
                forward(batch, count)
            }
        } catch {
            counts.withLock { $0.refused[origin, default: 0] += received + rejectedBefore.rejected }
            throw error
        }
        let accepted = received + rejectedBefore.rejected - outcome.rejected
        counts.withLock {
            $0.accepted[origin, default: 0] += accepted
            $0.refused[origin, default: 0] += outcome.rejected
        }
        return outcome
    }

    private func hand(_ batch: Signal.Batch, count: Int, to index: Int) async throws(PipelineError) -> PartialSuccess {
        do throws(PipelineError) {
            let outcome = try await sinks[index].consume(batch)
            counts.withLock {
                $0.sent[index] += count - outcome.rejected
                $0.failed[index] += outcome.rejected
            }
            return outcome
        } catch {
            counts.withLock { $0.failed[index] += count }
            throw error
        }
    }

    /// Items taken so far, by origin.
    package var accepted: [TelemetryOrigin: Int] { counts.withLock { $0.accepted } }

    /// Self-metrics under the collector's names.
    package func metricFamilies() -> [MetricFamily] {
        let counts = counts.withLock { $0 }
        let items = Signal.items
        let words = items.replacing("_", with: " ")
        func family(_ name: String, _ help: String, _ points: [MetricFamily.Point]) -> MetricFamily {
            MetricFamily(name, .counter, help, points: points)
        }
        func byOrigin(_ name: String, _ values: [TelemetryOrigin: Int]) -> [MetricFamily.Point] {
            values.sorted { ($0.key.receiver, $0.key.transport) < ($1.key.receiver, $1.key.transport) }
                .map { MetricFamily.Point(name, [("receiver", $0.key.receiver), ("transport", $0.key.transport)], Double($0.value)) }
        }
        func bySink(_ name: String, _ values: [Int]) -> [MetricFamily.Point] {
            zip(sinks, values).map { MetricFamily.Point(name, [("exporter", $0.name)], Double($1)) }
        }
        let (accepted, refused) = ("otelcol_receiver_accepted_\(items)", "otelcol_receiver_refused_\(items)")
        let (sent, failed) = ("otelcol_exporter_sent_\(items)", "otelcol_exporter_send_failed_\(items)")
        return [
            family(accepted, "Number of \(words) successfully pushed into the pipeline.", byOrigin(accepted, counts.accepted)),
            family(refused, "Number of \(words) that could not be pushed into the pipeline.", byOrigin(refused, counts.refused)),
            family(sent, "Number of \(words) successfully sent to destination.", bySink(sent, counts.sent)),
            family(failed, "Number of \(words) in failed attempts to send to destination.", bySink(failed, counts.failed)),
        ]
    }
}
