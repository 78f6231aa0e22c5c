#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Observations in exponential buckets, as many as they need. Not for several threads: its owner holds the lock.
///
/// The bucket at index `i` ends, inclusively, at `2 ** (i * 2 ** -schema)`. Source: https://prometheus.io/docs/specs/native_histograms/
package struct NativeHistogram: Equatable, Sendable {
    /// Eight buckets between a power of two and the next: each is 9 % wider than the one before.
    package static let schemaFirst = 3
    /// The coarsest schema there is: a bucket spans sixteen powers of two.
    package static let schemaMin = -4
    /// Observations this far from zero, and less, are zero: 2 ** -128.
    package static let zeroThreshold = 0x1p-128
    /// More of them than this, and the resolution is halved.
    package static let bucketsMax = 160

    package private(set) var schema = schemaFirst
    package private(set) var zeroCount: UInt64 = 0
    /// Counts by index.
    package private(set) var positive: [Int: UInt64] = [:]
    /// Counts by the index of the value without its sign.
    package private(set) var negative: [Int: UInt64] = [:]
    private let bucketsMax: Int

    package init(bucketsMax: Int = bucketsMax) { self.bucketsMax = bucketsMax }

    /// Counts one finite observation; when that makes a bucket too many, pairs of neighbours become one.
    package mutating func observe(_ value: Double) {
        guard abs(value) > Self.zeroThreshold else {
            zeroCount += 1
            return
        }
        let index = Self.index(of: abs(value), schema: schema)
        if value > 0 { positive[index, default: 0] += 1 } else { negative[index, default: 0] += 1 }
        while positive.count + negative.count > bucketsMax, schema > Self.schemaMin { halveResolution() }
    }

    private mutating func halveResolution() {
        func wider(_ buckets: [Int: UInt64]) -> [Int: UInt64] {
            buckets.reduce(into: [:]) { $0[($1.key + 1) >> 1, default: 0] += $1.value }
        }
        (positive, negative) = (wider(positive), wider(negative))
        schema -= 1
    }

    /// The index of the bucket that holds a positive, finite value.
    ///
    /// Decided by comparing with exact bounds, never by a logarithm, which is off by one at the bounds themselves.
    package static func index(of value: Double, schema: Int) -> Int {
        // As `frexp` has it: the fraction is from 1/2 to below 1.
        let fraction = value.significand / 2
        let exponent = Int(value.exponent) + 1
        if schema > 0 {
            let bounds = fractionBounds[schema - 1]
            return (bounds.firstIndex { fraction <= $0 } ?? bounds.count) + (exponent - 1) * bounds.count
        }
        return ((fraction == 0.5 ? exponent - 1 : exponent) + (1 << -schema) - 1) >> -schema
    }

    /// Upper bounds of the buckets between 1/2 and 1, for each schema above 0.
    private static let fractionBounds: [[Double]] = (1...schemaFirst).map { schema in (0..<(1 << schema)).map { exp2(Double($0) / Double(1 << schema) - 1) } }

    /// Buckets as the exposition has them: spans of neighbours (offset from the end of the span before, length), and each count less the
    /// count before. Gaps of one or two buckets are filled with zeros, which takes less room than a new span.
    package static func spansAndDeltas(_ buckets: [Int: UInt64]) -> (spans: [(offset: Int, length: Int)], deltas: [Int64]) {
        var spans: [(offset: Int, length: Int)] = []
        var deltas: [Int64] = []
        var following = 0
        var previous: Int64 = 0
        for (index, count) in buckets.sorted(by: { $0.key < $1.key }) {
            let gap = index - following
            if spans.isEmpty || gap > 2 {
                spans.append((gap, 0))
            } else {
                for _ in 0..<gap {
                    deltas.append(-previous)
                    previous = 0
                }
                spans[spans.count - 1].length += gap
            }
            spans[spans.count - 1].length += 1
            deltas.append(Int64(count) - previous)
            (previous, following) = (Int64(count), index + 1)
        }
        return (spans, deltas)
    }
}
