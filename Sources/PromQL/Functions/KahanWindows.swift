/// Kahan sums and means over windows, four steps at a time, with the results of `KahanSum` and `KahanMean` to the bit.
///
/// The windows of neighbouring steps mostly hold equally many samples; then each lane goes along a window of its own, and no addition waits for the
/// one before it in another window.
struct KahanWindows {
    private typealias Lanes = SIMD4<Double>
    private static let laneCount = 4

    let values: UnsafePointer<Double>
    let isMean: Bool

    /// Fills `out` with the value at every step. Returns how many samples the windows held.
    func compute(_ input: WindowInput, into out: UnsafeMutablePointer<Double>) -> Int {
        // Where the windows of the steps before this one begin, as long as they follow each other without a gap and are equally long.
        var (starts, waiting, length) = (SIMD4<Int>.zero, 0, 0)
        func finish(before step: Int) {
            if waiting == Self.laneCount {
                sums(starts, length, into: out + step - waiting)
            } else {
                for lane in 0..<waiting { out[step - waiting + lane] = sum(starts[lane]..<starts[lane] + length) }
            }
            waiting = 0
        }
        var next = 0
        let held = input.slide(into: out) { samples, step in
            if step != next || samples.count != length { finish(before: next) }
            (starts[waiting], length, next) = (samples.lowerBound, samples.count, step + 1)
            waiting += 1
            // Written over when the step's lane is full, at the latest at the end.
            if waiting == Self.laneCount { finish(before: next) }
            return out[step]
        }
        finish(before: next)
        return held
    }

    @inline(never)
    private func sum(_ samples: Range<Int>) -> Double {
        if isMean {
            var mean = KahanMean(first: values[samples.lowerBound])
            for i in samples.dropFirst() { mean.add(values[i]) }
            return mean.value
        }
        var sum = KahanSum()
        for i in samples { sum.add(values[i]) }
        return sum.value
    }

    @inline(__always)
    private func sums(_ starts: SIMD4<Int>, _ length: Int, into out: UnsafeMutablePointer<Double>) {
        let (a, b, c, d) = (values + starts[0], values + starts[1], values + starts[2], values + starts[3])
        let (sum, lost) = starts &- starts[0] == SIMD4(0, 1, 2, 3)
            // SAFETY: the lanes' windows lie side by side, so that each load ends within the last one's.
            ? add(length) { UnsafeRawPointer(a + $0).loadUnaligned(as: Lanes.self) }
            : add(length) { Lanes(a[$0], b[$0], c[$0], d[$0]) }
        let all = isMean ? sum / Double(length) + lost / Double(length) : sum + lost
        for lane in 0..<Self.laneCount {
            // What is not finite has rules of its own.
            out[lane] = all[lane].isFinite ? all[lane] : self.sum(starts[lane]..<starts[lane] + length)
        }
    }

    /// What an addition loses is found without looking which operand is larger (Knuth's two-sum): the same as `KahanSum` finds, for both are exact.
    @inline(__always)
    private func add(_ length: Int, _ load: (Int) -> Lanes) -> (sum: Lanes, lost: Lanes) {
        var (sum, lost) = (load(0), Lanes.zero)
        for i in 1..<max(length, 1) {
            let value = load(i)
            let total = sum + value
            let added = total - sum
            lost += (sum - (total - added)) + (value - added)
            sum = total
        }
        return (sum, lost)
    }
}
