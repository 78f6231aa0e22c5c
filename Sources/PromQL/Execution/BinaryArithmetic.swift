extension BinaryOperator {
    /// The operation between two scalars; comparisons give 1 or 0.
    func applied(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .modulo: RealMath.remainder(a, b)
        case .power: RealMath.power(a, b)
        case .atan2: RealMath.arcTangent(a, b)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: holds(a, b) ? 1 : 0
        case .trimUpper, .trimLower, .and, .or, .unless: absent
        }
    }

    /// Whether a comparison is true.
    @inline(__always) func holds(_ a: Double, _ b: Double) -> Bool {
        switch self {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        default: false
        }
    }

    /// The operation between the samples of two columns, absent where either is. A comparison keeps the left value, or `kept` when
    /// given, where it holds; with `returnsBool` it gives 1 or 0 instead.
    func apply(
        _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, keeping kept: UnsafePointer<Double>? = nil, returnsBool: Bool, count: Int,
        into out: UnsafeMutablePointer<Double>
    ) {
        @inline(__always) func each(_ body: (Double, Double) -> Double) {
            for i in 0..<count { out[i] = isPresent(left[i]) && isPresent(right[i]) ? body(left[i], right[i]) : absent }
        }
        @inline(__always) func compare(_ body: (Double, Double) -> Bool) {
            if returnsBool { return each { body($0, $1) ? 1 : 0 } }
            let kept = kept ?? left
            for i in 0..<count { out[i] = isPresent(left[i]) && isPresent(right[i]) && body(left[i], right[i]) ? kept[i] : absent }
        }
        switch self {
        case .add: each { $0 + $1 }
        case .subtract: each { $0 - $1 }
        case .multiply: each { $0 * $1 }
        case .divide: each { $0 / $1 }
        case .equal: compare { $0 == $1 }
        case .notEqual: compare { $0 != $1 }
        case .less: compare { $0 < $1 }
        case .lessOrEqual: compare { $0 <= $1 }
        case .greater: compare { $0 > $1 }
        case .greaterOrEqual: compare { $0 >= $1 }
        default: each { applied($0, $1) }
        }
    }

    /// Whether the result measures something else than the operands did, so that their name no longer holds.
    var changesMeaning: Bool {
        switch self {
        case .add, .subtract, .multiply, .divide, .power, .modulo, .atan2: true
        default: false
        }
    }
}
