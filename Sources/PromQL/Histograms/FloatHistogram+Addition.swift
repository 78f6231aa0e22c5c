import MetricModel

extension FloatHistogram {
    /// What rounding lost while a histogram was added up: a number for each of its numbers, or nothing when nobody keeps account of it.
    struct Lost: Sendable {
        var isTracked = false
        var zeroCount = 0.0
        var count = 0.0
        var sum = 0.0
        var positive: [Double] = []
        var negative: [Double] = []

        static let untracked = Lost()

        private init() {}

        init(like histogram: FloatHistogram) {
            isTracked = true
            positive = [Double](repeating: 0, count: histogram.positive.count)
            negative = [Double](repeating: 0, count: histogram.negative.count)
        }

        mutating func scale(by factor: Double) {
            zeroCount *= factor
            count *= factor
            sum *= factor
            for index in positive.indices { positive[index] *= factor }
            for index in negative.indices { negative[index] *= factor }
        }

        mutating func divide(by divisor: Double) {
            zeroCount /= divisor
            count /= divisor
            sum /= divisor
            for index in positive.indices { positive[index] /= divisor }
            for index in negative.indices { negative[index] /= divisor }
        }
    }

    /// Exponential and custom buckets cannot be added to each other.
    struct IncompatibleSchemas: Error {}

    /// What is to be said of an addition that was done.
    struct AdditionRemarks {
        /// One begins with a counter reset and the other surely does not.
        var countersCollide = false
        /// Custom bounds differed; only common ones remain.
        var boundsWereReconciled = false
    }

    @discardableResult
    mutating func add(_ other: FloatHistogram) throws(IncompatibleSchemas) -> AdditionRemarks {
        var lost = Lost.untracked
        return try combine(other, sign: 1, &lost)
    }

    @discardableResult
    mutating func subtract(_ other: FloatHistogram) throws(IncompatibleSchemas) -> AdditionRemarks {
        var lost = Lost.untracked
        return try combine(other, sign: -1, &lost)
    }

    /// Adds, keeping account of what rounding loses (`KahanAdd`).
    mutating func add(_ other: FloatHistogram, compensating lost: inout Lost) throws(IncompatibleSchemas) -> AdditionRemarks {
        if hasCustomBuckets != other.hasCustomBuckets { throw IncompatibleSchemas() }
        if !lost.isTracked { lost = Lost(like: self) }
        return try combine(other, sign: 1, &lost)
    }

    /// Adds what was lost.
    mutating func settle(_ lost: Lost) {
        if !lost.isTracked { return }
        zeroCount += lost.zeroCount
        count += lost.count
        sum += lost.sum
        for index in positive.indices { positive[index] += lost.positive[index] }
        for index in negative.indices { negative[index] += lost.negative[index] }
    }

    private mutating func combine(_ other: FloatHistogram, sign: Double, _ lost: inout Lost) throws(IncompatibleSchemas) -> AdditionRemarks {
        if hasCustomBuckets != other.hasCustomBuckets { throw IncompatibleSchemas() }
        var remarks = AdditionRemarks()
        remarks.countersCollide = adoptCounterReset(of: other)
        if !hasCustomBuckets {
            let theirs = reconcileZeroBuckets(with: other, lost: &lost)
            Self.add(sign * theirs.sum, to: &zeroCount, &lost.zeroCount, lost.isTracked)
            if lost.isTracked { Self.add(theirs.compensation, to: &zeroCount, &lost.zeroCount, true) }
        }
        Self.add(sign * other.count, to: &count, &lost.count, lost.isTracked)
        Self.add(sign * other.sum, to: &sum, &lost.sum, lost.isTracked)
        if hasCustomBuckets {
            if customValues == other.customValues {
                addSide(other, isPositive: true, sign, &lost)
            } else {
                remarks.boundsWereReconciled = true
                addReconciled(other, sign, &lost)
            }
            return remarks
        }
        if other.schema < schema { reduce(to: other.schema, &lost) }
        addSide(other, isPositive: true, sign, &lost)
        addSide(other, isPositive: false, sign, &lost)
        return remarks
    }

    @inline(__always)
    private static func add(_ value: Double, to field: inout Double, _ lost: inout Double, _ isTracked: Bool) {
        guard isTracked else {
            field += value
            return
        }
        var total = KahanSum(field, compensation: lost)
        total.add(value)
        (field, lost) = (total.sum, total.compensation)
    }

    private mutating func reduce(to target: Int32, _ lost: inout Lost) {
        let shift = Int(schema - target)
        put(side(isPositive: true, lost).reduced(by: shift), isPositive: true, &lost)
        put(side(isPositive: false, lost).reduced(by: shift), isPositive: false, &lost)
        schema = target
    }

    private mutating func addSide(_ other: FloatHistogram, isPositive: Bool, _ sign: Double, _ lost: inout Lost) {
        var theirs = other.side(isPositive: isPositive, .untracked)
        if theirs.counts.isEmpty { return }
        if !hasCustomBuckets, other.schema > schema {
            if lost.isTracked {
                theirs.isTracked = true
                theirs.lost = [Double](repeating: 0, count: theirs.counts.count)
            }
            theirs = theirs.reduced(by: Int(other.schema - schema))
        }
        // Their buckets below the threshold are in their zero count already.
        let skipped = hasCustomBuckets || zeroThreshold == 0 ? 0 : theirs.bucketsBelow(zeroThreshold, schema: schema)
        var mine = take(isPositive: isPositive, &lost)
        mine.add(theirs, sign: sign, skipping: skipped)
        put(mine, isPositive: isPositive, &lost)
    }

    private mutating func addReconciled(_ other: FloatHistogram, _ sign: Double, _ lost: inout Lost) {
        let common = Self.commonBounds(customValues, other.customValues)
        var totals = [KahanSum](repeating: KahanSum(), count: common.count + 1)
        Self.add(side(isPositive: true, lost), bounds: customValues, sign: 1, to: &totals, commonBounds: common)
        Self.add(other.side(isPositive: true, .untracked), bounds: other.customValues, sign: sign, to: &totals, commonBounds: common)
        let kept = totals.indices.filter { totals[$0].sum != 0 || totals[$0].compensation != 0 }
        positiveSpans = NativeHistogram.spans(of: kept)
        positive = kept.map { totals[$0].sum }
        if lost.isTracked { lost.positive = kept.map { totals[$0].compensation } }
        customValues = common
    }

    /// Settles what the sum knows of a counter reset; true when the two contradict each other.
    private mutating func adoptCounterReset(of other: FloatHistogram) -> Bool {
        switch (counterReset, other.counterReset) {
        case let (mine, theirs) where mine == theirs: break
        case (.gauge, _): break
        case (_, .gauge): counterReset = .gauge
        case (.unknown, _): break
        case (_, .unknown): counterReset = .unknown
        default:
            counterReset = .unknown
            return true
        }
        return false
    }
}
