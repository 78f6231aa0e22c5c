import MetricModel

/// How long requests took: all of them summed, quantiles over the last 512.
struct LatencyWindow: Sendable {
    private static let countMax = 512

    private var recent: [Double] = []
    private var next = 0
    private var count = 0
    private var sum = 0.0

    mutating func observe(seconds: Double) {
        count += 1
        sum += seconds
        if recent.count < Self.countMax { recent.append(seconds) } else { recent[next] = seconds }
        next = (next + 1) % Self.countMax
    }

    /// A summary's points; without quantiles while nothing was observed.
    func points(_ name: String, _ labels: [(name: String, value: String)]) -> [MetricFamily.Point] {
        let sorted = recent.sorted()
        let quantiles: [MetricFamily.Point] = sorted.isEmpty ? [] : [0.5, 0.9, 0.99].map { quantile in
            let rank = Int((quantile * Double(sorted.count)).rounded(.up))
            return .init(name, labels + [("quantile", "\(quantile)")], sorted[max(rank, 1) - 1])
        }
        return quantiles + [.init(name + "_sum", labels, sum), .init(name + "_count", labels, Double(count))]
    }
}
