/// Kahan sums of whole columns, four steps at a time, with the results of `KahanSum` to the bit.
enum KahanColumns {
    private typealias Lanes = SIMD4<Double>
    private typealias Bits = SIMD4<UInt64>
    private static let laneCount = 4

    /// Adds a column of floats to `sums` over `steps`; `lost` holds the compensations, 0 where a sum is absent. Absent values add nothing.
    static func add(_ column: UnsafePointer<Double>, to sums: UnsafeMutablePointer<Double>, _ lost: UnsafeMutablePointer<Double>, _ steps: Range<Int>) {
        var step = steps.lowerBound
        while step + laneCount <= steps.upperBound {
            // SAFETY: the loop's condition leaves as many values as lanes behind each place.
            let value = UnsafeRawPointer(column + step).loadUnaligned(as: Lanes.self)
            let sum = UnsafeRawPointer(sums + step).loadUnaligned(as: Lanes.self)
            let compensation = UnsafeRawPointer(lost + step).loadUnaligned(as: Lanes.self)
            let total = sum + value
            // Where everything is finite, nothing is absent and nothing has rules of its own: what was lost is found as `KahanWindows` does.
            let added = total - sum
            let exact = compensation + ((sum - (total - added)) + (value - added))
            let check = total + exact
            if all((check - check) .== 0) {
                UnsafeMutableRawPointer(sums + step).storeBytes(of: total, as: Lanes.self)
                UnsafeMutableRawPointer(lost + step).storeBytes(of: exact, as: Lanes.self)
                step += laneCount
                continue
            }
            let sumIsLarger = abs(sum) .>= abs(value)
            let larger = value.replacing(with: sum, where: sumIsLarger)
            let smaller = sum.replacing(with: value, where: sumIsLarger)
            var newSum = total
            var newCompensation = compensation + ((larger - total) + smaller)
            newCompensation.replace(with: 0, where: abs(total) .== Lanes(repeating: .infinity))
            let absentLanes = Bits(repeating: absent.bitPattern)
            let isFirst = bits(sum) .== absentLanes
            newSum.replace(with: value, where: isFirst)
            newCompensation.replace(with: compensation, where: isFirst)
            let isMissing = bits(value) .== absentLanes
            newSum.replace(with: sum, where: isMissing)
            newCompensation.replace(with: compensation, where: isMissing)
            UnsafeMutableRawPointer(sums + step).storeBytes(of: newSum, as: Lanes.self)
            UnsafeMutableRawPointer(lost + step).storeBytes(of: newCompensation, as: Lanes.self)
            step += laneCount
        }
        while step < steps.upperBound {
            if isPresent(column[step]) { add(column[step], to: &sums[step], &lost[step]) }
            step += 1
        }
    }

    /// Adds one float.
    @inline(__always)
    static func add(_ value: Double, to sum: inout Double, _ lost: inout Double) {
        if isAbsent(sum) { sum = value; return }
        var total = KahanSum(sum, compensation: lost)
        total.add(value)
        sum = total.sum
        lost = total.compensation
    }

    @inline(__always) private static func bits(_ lanes: Lanes) -> Bits { unsafeBitCast(lanes, to: Bits.self) }
    @inline(__always) private static func abs(_ lanes: Lanes) -> Lanes { unsafeBitCast(bits(lanes) & Bits(repeating: 1 << 63 - 1), to: Lanes.self) }
}
