/// Integers of a histogram chunk: as many ones as tell the width, a zero, and the number (`tsdb/chunkenc/varbit.go`).
enum Varbit {
    /// How many bits follow a prefix of 0 … 7 ones; behind eight follow 64.
    @inline(__always)
    static func width(_ ones: Int) -> Int {
        switch ones {
        case 0: 0
        case 1: 3
        case 2: 6
        case 3: 9
        case 4: 12
        case 5: 18
        case 6: 25
        default: 56
        }
    }

    /// Whether `width` bits hold a number, the largest being one more than two's complement has.
    @inline(__always)
    static func holds(_ value: Int64, _ width: Int) -> Bool { -(1 << (width - 1) - 1) <= value && value <= 1 << (width - 1) }
}

extension BitBuffer {
    mutating func putVarbit(_ value: Int64) {
        if value == 0 { return put(0, 1) }
        for ones in 1...7 where Varbit.holds(value, Varbit.width(ones)) {
            return putVarbit(UInt64(bitPattern: value) & (1 << UInt64(Varbit.width(ones)) - 1), ones)
        }
        put(0xFF, 8)
        put(UInt64(bitPattern: value), 64)
    }

    mutating func putUnsignedVarbit(_ value: UInt64) {
        if value == 0 { return put(0, 1) }
        for ones in 1...7 where value >> UInt64(Varbit.width(ones)) == 0 { return putVarbit(value, ones) }
        put(0xFF, 8)
        put(value, 64)
    }

    private mutating func putVarbit(_ value: UInt64, _ ones: Int) {
        let width = Varbit.width(ones)
        put((1 << UInt64(ones) - 1) << UInt64(width + 1) | value, ones + 1 + width)
    }
}
