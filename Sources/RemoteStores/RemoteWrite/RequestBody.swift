import Bytes
import MetricFormats
import MetricModel
import Synchronization

/// One request as it goes over the wire, and what it holds.
struct RequestBody {
    /// How many rows of each kind.
    struct Counts: Equatable {
        var samples = 0
        var histograms = 0
        var exemplars = 0

        static func + (a: Counts, b: Counts) -> Counts {
            Counts(samples: a.samples + b.samples, histograms: a.histograms + b.histograms, exemplars: a.exemplars + b.exemplars)
        }
    }

    /// Snappy; empty when nothing is to be sent.
    var bytes: [UInt8] = []
    var sent = Counts()
    /// Rows of series that relabeling drops, rows older than the age limit, and histograms that remote write 1.0 has no words for.
    var dropped = Counts()
    var tooOld = Counts()
    var customBuckets = 0
    var highestMillis = Int64.min

    /// - Parameters:
    ///   - minMillis: rows before are not sent.
    ///   - labels: what a series is sent with; nil for one that is not sent.
    init(_ request: SendPlan.Request, of batch: SampleBatch, minMillis: Int64, labels: SeriesNames) {
        var encoder = RemoteWriteEncoder()
        for piece in request.pieces {
            guard let name = labels.fields(of: batch, piece.series) else {
                dropped.samples += piece.samples.count
                dropped.histograms += piece.histograms.count
                dropped.exemplars += piece.exemplars.count
                continue
            }
            let samples = piece.samples.filter { batch.timestamps[$0] >= minMillis }
            let young = piece.histograms.filter { batch.histograms[$0].timestamp >= minMillis }
            let histograms = young.filter { !batch.histograms[$0].histogram.hasCustomBuckets }
            let exemplars = piece.exemplars.filter { batch.exemplars[$0].exemplar.timestamp >= minMillis }
            tooOld.samples += piece.samples.count - samples.count
            tooOld.histograms += piece.histograms.count - young.count
            tooOld.exemplars += piece.exemplars.count - exemplars.count
            customBuckets += young.count - histograms.count
            if samples.isEmpty, histograms.isEmpty, exemplars.isEmpty { continue }
            sent = sent + Counts(samples: samples.count, histograms: histograms.count, exemplars: exemplars.count)
            encoder.series(name) { series in
                for row in samples { series.sample(batch.timestamps[row], batch.values[row]) }
                for row in exemplars { series.exemplar(batch.exemplars[row].exemplar) }
                for row in histograms { series.histogram(batch.histograms[row].timestamp, batch.histograms[row].histogram) }
            }
            for row in samples { highestMillis = max(highestMillis, batch.timestamps[row]) }
            for row in histograms { highestMillis = max(highestMillis, batch.histograms[row].timestamp) }
        }
        if !encoder.isEmpty { bytes = Compression.snappy.compress(encoder.finish()) }
    }

    static let headers: [RemoteHTTPOptions.Header] = [
        .init("Content-Encoding", "snappy"), .init("Content-Type", "application/x-protobuf"), .init("X-Prometheus-Remote-Write-Version", "0.1.0"),
        .init("User-Agent", "obstack"),
    ]
}

/// The labels that series are sent with, as fields of a request. Bounded: when many series are known, all are forgotten.
final class SeriesNames: Sendable {
    private let relabel: (@Sendable (Labels) -> Labels?)?
    private let known = Mutex<[UInt64: [UInt8]?]>([:])
    private static let knownMax = 500_000

    init(_ relabel: (@Sendable (Labels) -> Labels?)?) { self.relabel = relabel }

    /// Nil for a series that is not sent.
    func fields(of batch: SampleBatch, _ index: Int) -> [UInt8]? {
        let series = batch.series[index]
        let labels = Labels(unchecked: Array(batch.arena[series.keyOffset..<series.keyOffset + series.keyLength]))
        guard let relabel else { return RemoteWriteEncoder.labelFields(labels) }
        if let found = known.withLock({ $0[series.reference] }) { return found }
        let fields = relabel(labels).map { RemoteWriteEncoder.labelFields($0) }
        known.withLock { known in
            if known.count >= Self.knownMax { known = [:] }
            known[series.reference] = .some(fields)
        }
        return fields
    }
}
