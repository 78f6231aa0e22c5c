/// A sum and what rounding lost of it (Kahan's algorithm with Neumaier's improvement, as upstream `util/kahansum`).
struct KahanSum {
    var sum: Double
    var compensation: Double

    @inline(__always) init(_ sum: Double = 0, compensation: Double = 0) {
        self.sum = sum
        self.compensation = compensation
    }

    @inline(__always) mutating func add(_ value: Double) {
        let total = sum + value
        if total.isInfinite {
            compensation = 0
        } else if abs(sum) >= abs(value) {
            compensation += (sum - total) + value
        } else {
            compensation += (value - total) + sum
        }
        sum = total
    }

    /// The sum with what was lost.
    @inline(__always) var value: Double { sum.isInfinite ? sum : sum + compensation }
}

/// A mean that is summed directly until the sum would overflow, and incrementally from there on.
struct KahanMean {
    private var total: KahanSum
    private var mean = KahanSum()
    private(set) var count = 1.0
    private var isIncremental = false

    @inline(__always) init(first: Double) { total = KahanSum(first) }

    @inline(__always) mutating func add(_ value: Double) {
        count += 1
        if !isIncremental {
            var next = total
            next.add(value)
            if !next.sum.isInfinite { total = next; return }
            isIncremental = true
            mean = KahanSum(total.sum / (count - 1), compensation: total.compensation / (count - 1))
        }
        let weight = (count - 1) / count
        mean = KahanSum(weight * mean.sum, compensation: weight * mean.compensation)
        mean.add(value / count)
    }

    @inline(__always) var value: Double {
        isIncremental ? mean.sum + mean.compensation : total.sum / count + total.compensation / count
    }
}
