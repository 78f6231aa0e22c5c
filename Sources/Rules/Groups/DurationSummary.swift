import MetricModel

/// Durations in seconds, as a summary over the last of them and as a histogram over all.
struct DurationSummary: Sendable {
    private static let recentMax = 512
    private static let bounds = [0.01, 0.1, 1, 10]

    private var recent: [Double] = []
    private var next = 0
    private var buckets = [Int](repeating: 0, count: bounds.count)
    private var count = 0
    private var sum = 0.0

    mutating func observe(_ seconds: Double) {
        if recent.count < Self.recentMax { recent.append(seconds) } else { recent[next] = seconds }
        next = (next + 1) % Self.recentMax
        for (index, bound) in Self.bounds.enumerated() where seconds <= bound { buckets[index] += 1 }
        count += 1
        sum += seconds
    }

    func summary(_ name: String, _ help: String, _ quantiles: [Double]) -> MetricFamily {
        let sorted = recent.sorted()
        var points = quantiles.map { quantile in
            MetricFamily.Point(name, [(LabelName.quantile, "\(quantile)")], sorted.isEmpty ? .nan : sorted[min(Int(quantile * Double(sorted.count)), sorted.count - 1)])
        }
        points += [.init(name + "_sum", [], sum), .init(name + "_count", [], Double(count))]
        return MetricFamily(name, .summary, help, points: points)
    }

    func histogram(_ name: String, _ help: String) -> MetricFamily {
        let texts = Self.bounds.map { $0 < 1 ? "\($0)" : "\(Int($0))" } + ["+Inf"]
        var points = zip(texts, buckets + [count]).map { MetricFamily.Point(name + "_bucket", [(LabelName.bucketBound, $0)], Double($1)) }
        points += [.init(name + "_sum", [], sum), .init(name + "_count", [], Double(count))]
        return MetricFamily(name, .histogram, help, points: points)
    }
}
