import Acquisition
import MetricModel
import MetricStore
import Synchronization

/// A transport that answers from a script, one line a scrape of an address, and keeps what it was asked.
final class ScriptedTransport: ScrapeTransport {
    enum Answer: Sendable {
        case text(String)
        case openMetrics(String)
        case response(ScrapeResponse)
        case failure(ScrapeFailure)
    }

    private struct State {
        var answers: [String: [Answer]] = [:]
        var requests: [ScrapeRequest] = []
    }

    private let state = Mutex(State())

    var requests: [ScrapeRequest] { state.withLock(\.requests) }

    /// The answers to the next scrapes of `address`; the last one repeats.
    func script(_ address: String = "host:1", _ answers: Answer...) { state.withLock { $0.answers[address] = answers } }

    func fetch(_ request: ScrapeRequest) async throws(ScrapeFailure) -> ScrapeResponse {
        let answer: Answer? = state.withLock { state in
            state.requests.append(request)
            guard let address = state.answers.keys.first(where: { request.url.hasPrefix("http://\($0)/") }) else { return nil }
            let answer = state.answers[address]?.first
            if (state.answers[address]?.count ?? 0) > 1 { state.answers[address]?.removeFirst() }
            return answer
        }
        switch answer {
        case .text(let text): return ScrapeResponse(status: 200, reason: "OK", contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
        case .openMetrics(let text): return ScrapeResponse(status: 200, reason: "OK", contentType: "application/openmetrics-text; version=1.0.0", body: Array(text.utf8))
        case .response(let response): return response
        case .failure(let failure): throw failure
        case nil: throw .connection("connection refused")
        }
    }
}

/// A store in memory that refuses what a real one refuses.
final class RecordingWriter: MetricWriter {
    struct Sample: Equatable, CustomStringConvertible {
        let timestamp: Int64
        let value: Double
        var description: String { "\(Staleness.isMarker(value) ? "stale" : "\(value)")@\(timestamp)" }
    }

    private struct State {
        var references: [Labels: UInt64] = [:]
        var series: [UInt64: [Sample]] = [:]
        var histograms: [UInt64: [HistogramSample]] = [:]
        var exemplars: [UInt64: [Exemplar]] = [:]
        var metadata: [String: MetricMetadata] = [:]
        var failure: MetricStoreError?
        var unreferenced = 0
        var taken = 0
    }

    private let state = Mutex(State())

    /// Makes every append throw; nil lifts it.
    func fail(_ error: MetricStoreError?) { state.withLock { $0.failure = error } }

    /// How many series came without reference since the last call, and how many in all.
    func takeCounts() -> (unreferenced: Int, taken: Int) {
        state.withLock { state in
            defer { (state.unreferenced, state.taken) = (0, 0) }
            return (state.unreferenced, state.taken)
        }
    }

    func append(_ batch: SampleBatch, durability: Durability) async throws(MetricStoreError) -> AppendReport {
        let result: Result<AppendReport, MetricStoreError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            var report = AppendReport()
            for (metric, metadata) in batch.metadata { state.metadata[metric] = metadata }
            for series in batch.series {
                let labels = Labels(unchecked: Array(batch.arena[series.keyOffset..<series.keyOffset + series.keyLength]))
                let reference = state.references[labels] ?? UInt64(state.references.count + 1)
                if series.reference == 0 { state.unreferenced += 1 }
                state.taken += 1
                precondition(series.reference == 0 || series.reference == reference, "a reference was given to another series: \(labels)")
                state.references[labels] = reference
                var isTaken = false
                for row in batch.histograms where row.series == report.references.count {
                    state.histograms[reference, default: []].append(HistogramSample(row.timestamp, row.histogram))
                    isTaken = true
                }
                for index in series.samples {
                    let sample = Sample(timestamp: batch.timestamps[index], value: batch.values[index])
                    let last = state.series[reference]?.last?.timestamp ?? .min
                    if sample.timestamp < last { report.outOfOrder += 1 } else if sample.timestamp == last { report.duplicate += 1 } else {
                        state.series[reference, default: []].append(sample)
                        report.appended += 1
                        isTaken = true
                    }
                }
                report.references.append(isTaken ? reference : 0)
            }
            for row in batch.exemplars where report.references[row.series] != 0 { state.exemplars[report.references[row.series], default: []].append(row.exemplar) }
            return .success(report)
        }
        return try result.get()
    }

    /// The samples of a series, written as `value@timestamp`.
    func samples(labels: Labels) -> [String] {
        state.withLock { state in state.references[labels].flatMap { state.series[$0] }?.map(\.description) ?? [] }
    }

    func histograms(labels: Labels) -> [HistogramSample] { state.withLock { state in state.references[labels].flatMap { state.histograms[$0] } ?? [] } }
    func exemplars(labels: Labels) -> [Exemplar] { state.withLock { state in state.references[labels].flatMap { state.exemplars[$0] } ?? [] } }

    var names: Set<String> { state.withLock { Set($0.references.keys.map(\.description)) } }
    func metadata(_ metric: String) -> MetricMetadata? { state.withLock { $0.metadata[metric] } }
}
