#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import OTLP

/// Durations as an application counts them: in classic buckets and in exponential ones at once.
struct DemoDurations {
    /// As the libraries for applications have them, in seconds.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Eight buckets between a power of two and the next.
    private static let scale: Int32 = 3

    private var count: UInt64 = 0
    private var sum = 0.0
    private var buckets = [UInt64](repeating: 0, count: DemoDurations.bounds.count + 1)
    /// Counts by the index of OTLP's exponential buckets: `index` ends at `2^((index + 1) / 8)`.
    private var exponential: [Int: UInt64] = [:]

    mutating func observe(_ seconds: Double) {
        count += 1
        sum += seconds
        buckets[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        exponential[Int((log2(max(seconds, 1e-9)) * Double(1 << Self.scale)).rounded(.up)) - 1, default: 0] += 1
    }

    func classic(_ point: ResourceMetrics.Point) -> ResourceMetrics.HistogramPoint {
        ResourceMetrics.HistogramPoint(point, count: count, sum: sum, bounds: Self.bounds, bucketCounts: buckets)
    }

    func native(_ point: ResourceMetrics.Point) -> ResourceMetrics.ExponentialHistogramPoint {
        let first = exponential.keys.min() ?? 0
        let counts = (first...max(first, exponential.keys.max() ?? first)).map { exponential[$0] ?? 0 }
        return ResourceMetrics.ExponentialHistogramPoint(
            point, count: count, sum: sum, scale: Self.scale, positive: .init(offset: Int32(first), counts: exponential.isEmpty ? [] : counts))
    }
}
