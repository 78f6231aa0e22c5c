import MetricModel

/// How long something took, each time, in buckets: a Prometheus histogram.
struct DurationHistogram: Sendable {
    let bounds: [Double]
    private var counts: [Int]
    private(set) var sum = 0.0
    private(set) var count = 0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count)
    }

    /// Bounds that grow by `factor`, as many as asked (`prometheus.ExponentialBuckets`).
    init(from first: Double, factor: Double, count: Int) {
        var bounds = [first]
        while bounds.count < count { bounds.append((bounds.last ?? first) * factor) }
        self.init(bounds: bounds)
    }

    mutating func observe(_ value: Double) {
        sum += value
        count += 1
        if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
    }

    /// Adds what another with the same bounds has counted.
    mutating func add(_ other: DurationHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
        count += other.count
    }

    func family(_ name: String, _ help: String) -> MetricFamily {
        var points: [MetricFamily.Point] = []
        var total = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            points.append(.init("\(name)_bucket", [("le", "\(bound)")], Double(total)))
        }
        points.append(.init("\(name)_bucket", [("le", "+Inf")], Double(count)))
        points.append(.init("\(name)_sum", [], sum))
        points.append(.init("\(name)_count", [], Double(count)))
        return MetricFamily(name, .histogram, help, points: points)
    }
}
