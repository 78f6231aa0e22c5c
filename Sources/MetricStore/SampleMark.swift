import MetricModel

/// How much a buffer held of either kind of samples at some moment.
struct SampleMark {
    let floats: Int
    let histograms: Int
}

extension SampleBuffer {
    var mark: SampleMark { SampleMark(floats: count, histograms: histograms.count) }
}
