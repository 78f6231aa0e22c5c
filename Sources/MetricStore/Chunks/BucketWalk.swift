import MetricModel

/// Goes through the indices of the buckets that spans speak of, rising.
struct BucketWalk: IteratorProtocol {
    private let spans: [NativeHistogram.Span]
    private var span = 0
    private var left: UInt32 = 0
    private var index = 0

    init(_ spans: [NativeHistogram.Span]) {
        self.spans = spans
        enter()
    }

    /// Comes to the first bucket of the next span that has one.
    private mutating func enter() {
        while left == 0, span < spans.count {
            index += Int(spans[span].offset)
            left = spans[span].length
            span += 1
        }
    }

    mutating func next() -> Int? {
        guard left > 0 else { return nil }
        defer {
            left -= 1
            index += 1
            enter()
        }
        return index
    }
}

/// How the buckets of a new histogram go with those of a chunk.
enum BucketFit {
    /// The same, or more and fewer of them.
    struct Difference {
        /// Buckets that only the new histogram has.
        var adds = false
        /// Indices of buckets that only the chunk has.
        var lacks: [Int] = []
    }

    /// Compares buckets of counters (`expandIntSpansAndBuckets`); nil when one has less than before or is gone, which is a counter reset.
    static func counters<Count: Comparable & ExpressibleByIntegerLiteral>(
        _ old: [NativeHistogram.Span], _ oldCounts: [Count], _ new: [NativeHistogram.Span], _ newCounts: [Count]
    ) -> Difference? {
        var difference = Difference()
        if old == new {
            for place in oldCounts.indices where oldCounts[place] > newCounts[place] { return nil }
            return difference
        }
        var (left, right) = (BucketWalk(old), BucketWalk(new))
        var (oldPlace, newPlace) = (0, 0)
        var (oldIndex, newIndex) = (left.next(), right.next())
        while oldIndex != nil || newIndex != nil {
            let (at, other) = (oldIndex ?? .max, newIndex ?? .max)
            if at == other {
                if oldCounts[oldPlace] > newCounts[newPlace] { return nil }
            } else if at < other {
                if oldCounts[oldPlace] != 0 { return nil }
                difference.lacks.append(at)
            } else {
                difference.adds = true
            }
            if at <= other {
                oldIndex = left.next()
                oldPlace += 1
            }
            if other <= at {
                newIndex = right.next()
                newPlace += 1
            }
        }
        return difference
    }

    /// Compares buckets of gauges, which may come and go (`expandSpansBothWays`).
    static func gauges(_ old: [NativeHistogram.Span], _ new: [NativeHistogram.Span]) -> Difference {
        var difference = Difference()
        if old == new { return difference }
        var (left, right) = (BucketWalk(old), BucketWalk(new))
        var (oldIndex, newIndex) = (left.next(), right.next())
        while oldIndex != nil || newIndex != nil {
            let (at, other) = (oldIndex ?? .max, newIndex ?? .max)
            if at < other { difference.lacks.append(at) } else if other < at { difference.adds = true }
            if at <= other { oldIndex = left.next() }
            if other <= at { newIndex = right.next() }
        }
        return difference
    }

    /// Spans of the buckets of `spans` and of `others`, as few as there can be.
    static func union(_ spans: [NativeHistogram.Span], _ others: [Int]) -> [NativeHistogram.Span] {
        var indices: [Int] = []
        var walk = BucketWalk(spans)
        while let index = walk.next() { indices.append(index) }
        indices.append(contentsOf: others)
        indices.sort()
        return NativeHistogram.spans(of: indices)
    }

    /// The counts of buckets, laid out for `new` spans, which speak of all that `old` do; the others are empty.
    static func laidOut<Count: ExpressibleByIntegerLiteral>(_ counts: [Count], from old: [NativeHistogram.Span], to new: [NativeHistogram.Span]) -> [Count] {
        if old == new { return counts }
        var result: [Count] = []
        result.reserveCapacity(NativeHistogram.bucketCount(new))
        var (left, right) = (BucketWalk(old), BucketWalk(new))
        var place = 0
        var oldIndex = left.next()
        while let index = right.next() {
            if oldIndex == index {
                result.append(counts[place])
                place += 1
                oldIndex = left.next()
            } else {
                result.append(0)
            }
        }
        return result
    }
}

extension NativeHistogram {
    /// Takes on spans that speak of all its buckets, and of more that are empty.
    mutating func layOut(positive: [Span], negative: [Span]) {
        switch counts {
        case .integer(var tally):
            tally.positive = BucketFit.laidOut(tally.positive, from: positiveSpans, to: positive)
            tally.negative = BucketFit.laidOut(tally.negative, from: negativeSpans, to: negative)
            counts = .integer(tally)
        case .float(var tally):
            tally.positive = BucketFit.laidOut(tally.positive, from: positiveSpans, to: positive)
            tally.negative = BucketFit.laidOut(tally.negative, from: negativeSpans, to: negative)
            counts = .float(tally)
        }
        positiveSpans = positive
        negativeSpans = negative
    }
}
