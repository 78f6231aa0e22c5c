/// What a counter's values do that was not reset.
enum Rising {
    private typealias Lanes = SIMD4<Double>
    private static let laneCount = 4
    /// How many values are looked at before it is asked whether it is worth to go on.
    private static let blockCount = 256

    /// Whether no value is less than the one before it, and none is NaN.
    static func holds(_ values: UnsafePointer<Double>, _ count: Int) -> Bool {
        if count > 0, values[0].isNaN { return false }
        var place = 1
        while place + laneCount <= count {
            let end = min(count, place + blockCount)
            var holds = SIMDMask<SIMD4<Int64>>(repeating: true)
            while place + laneCount <= end {
                // SAFETY: the loop's condition leaves four values behind each place.
                let before = UnsafeRawPointer(values + place - 1).loadUnaligned(as: Lanes.self)
                holds = holds .& (UnsafeRawPointer(values + place).loadUnaligned(as: Lanes.self) .>= before)
                place += laneCount
            }
            guard all(holds) else { return false }
        }
        while place < count {
            if !(values[place] >= values[place - 1]) { return false }
            place += 1
        }
        return true
    }
}
