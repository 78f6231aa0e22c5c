import MetricModel

/// The first sample of a batch that was refused, until its labels are looked up.
struct Refused {
    let ordinal: SeriesOrdinal
    let time: Int64
    let bits: UInt64
    let isHistogram: Bool
    var reason = ""

    init(ordinal: SeriesOrdinal, time: Int64, bits: UInt64, isHistogram: Bool = false) {
        self.isHistogram = isHistogram
        self.ordinal = ordinal
        self.time = time
        self.bits = bits
    }
}

extension AppendReport {
    /// Counts a refusal and returns Prometheus's words for it (`storage/errors.go`, `storage/interface.go`).
    mutating func add(_ refusal: SampleRefusal, _ sample: Refused) -> String {
        let reason: String
        switch refusal {
        case .late: preconditionFailure("a sample that is kept was refused")
        case .beyondWindow:
            beyondWindow += 1
            histogramsBeyondWindow += sample.isHistogram ? 1 : 0
            reason = "too old sample"
        case .outOfOrder:
            outOfOrder += 1
            histogramsOutOfOrder += sample.isHistogram ? 1 : 0
            reason = "out of order sample"
        case .duplicate(let existing):
            duplicate += 1
            let (old, new) = (Double(bitPattern: existing), Double(bitPattern: sample.bits))
            reason = "duplicate sample for timestamp \(sample.time); overrides not allowed: existing \(old), new value \(new)"
        case .duplicateOfHistogram:
            duplicate += 1
            reason = "duplicate sample for timestamp \(sample.time); overrides not allowed: existing is a histogram, new value \(Double(bitPattern: sample.bits))"
        case .duplicateHistogram:
            duplicate += 1
            reason = "duplicate sample for timestamp"
        case .invalidHistogram(let error):
            invalidHistograms += 1
            reason = "\(error)"
        case .tooOld:
            tooOld += 1
            histogramsOutOfBounds += sample.isHistogram ? 1 : 0
            reason = "out of bounds"
        case .tooFarInFuture:
            tooFarInFuture += 1
            histogramsOutOfBounds += sample.isHistogram ? 1 : 0
            reason = "out of bounds: timestamp is too far in the future"
        }
        return reason
    }

    /// Keeps a refusal's words if they are the first.
    mutating func note(_ text: String) { if firstRefusal == nil { firstRefusal = text } }
}
