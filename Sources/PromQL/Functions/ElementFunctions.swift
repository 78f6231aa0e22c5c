/// The functions of one sample at a time, over a column.
enum ElementFunctions {
    /// Fills `out` with the function of `values` wherever there is one. `function` nil negates.
    static func compute(
        _ function: Function?, _ values: UnsafePointer<Double>, grid: TimeGrid, scalars: [[Double]], into out: UnsafeMutablePointer<Double>
    ) {
        @inline(__always) func each(_ body: (Double) -> Double) {
            for i in 0..<grid.count { out[i] = isPresent(values[i]) ? body(values[i]) : absent }
        }
        @inline(__always) func eachStep(_ body: (Double, Int) -> Double) {
            for i in 0..<grid.count { out[i] = isPresent(values[i]) ? body(values[i], i) : absent }
        }
        switch function {
        case nil: each { -$0 }
        case .abs: each { Swift.abs($0) }
        case .ceil: each { $0.rounded(.up) }
        case .floor: each { $0.rounded(.down) }
        case .exp: each { RealMath.exponential($0) }
        case .sqrt: each { $0.squareRoot() }
        case .ln: each { RealMath.naturalLogarithm($0) }
        case .log2: each { RealMath.binaryLogarithm($0) }
        case .log10: each { RealMath.decimalLogarithm($0) }
        case .sin: each { RealMath.sine($0) }
        case .cos: each { RealMath.cosine($0) }
        case .tan: each { RealMath.tangent($0) }
        case .asin: each { RealMath.arcSine($0) }
        case .acos: each { RealMath.arcCosine($0) }
        case .atan: each { RealMath.arcTangent($0) }
        case .sinh: each { RealMath.hyperbolicSine($0) }
        case .cosh: each { RealMath.hyperbolicCosine($0) }
        case .tanh: each { RealMath.hyperbolicTangent($0) }
        case .asinh: each { RealMath.areaSine($0) }
        case .acosh: each { RealMath.areaCosine($0) }
        case .atanh: each { RealMath.areaTangent($0) }
        case .rad: each { $0 * .pi / 180 }
        case .deg: each { $0 * 180 / .pi }
        case .sgn: each { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }
        case .round:
            let inverse = scalars.first.map { $0.map { 1 / $0 } } ?? [Double](repeating: 1, count: grid.count)
            eachStep { ($0 * inverse[$1] + 0.5).rounded(.down) / inverse[$1] }
        case .clamp: eachStep { clamp($0, scalars[0][$1], scalars[1][$1]) }
        case .clampMin: eachStep { clamp($0, scalars[0][$1], .infinity) }
        case .clampMax: eachStep { clamp($0, -.infinity, scalars[0][$1]) }
        case .timestamp: eachStep { Double(grid.time($1)) / 1000 }
        // These look at native histograms and start timestamps, which a plain sample has not.
        case .histogramAvg, .histogramCount, .histogramSum, .histogramStddev, .histogramStdvar, .startTimestamp: out.update(repeating: absent, count: grid.count)
        case .minute: each { CalendarDate(seconds: $0).minute }
        case .hour: each { CalendarDate(seconds: $0).hour }
        case .dayOfWeek: each { CalendarDate(seconds: $0).dayOfWeek }
        case .dayOfMonth: each { CalendarDate(seconds: $0).day }
        case .dayOfYear: each { CalendarDate(seconds: $0).dayOfYear }
        case .daysInMonth: each { CalendarDate(seconds: $0).daysInMonth }
        case .month: each { CalendarDate(seconds: $0).month }
        case .year: each { CalendarDate(seconds: $0).year }
        case .some(let other): preconditionFailure("\(other.rawValue) is not a function of one sample")
        }
    }

    /// Nothing when the bounds are crossed; NaN when any of the three is, but for an infinity that decides all by itself, as in Go's `math.Max`.
    private static func clamp(_ value: Double, _ low: Double, _ high: Double) -> Double {
        if high < low { return absent }
        let upper = high == -.infinity || value == -.infinity ? -.infinity : high.isNaN || value.isNaN ? .nan : min(high, value)
        return low == .infinity || upper == .infinity ? .infinity : low.isNaN || upper.isNaN ? .nan : max(low, upper)
    }
}

/// A day of the Gregorian calendar, UTC, from seconds since the epoch.
struct CalendarDate {
    private let secondOfDay: Int64
    private let daysSinceEpoch: Int64
    private let civil: (year: Int64, month: Int64, day: Int64)

    init(seconds: Double) {
        // Go's conversion of what does not fit is the smallest integer.
        let whole = seconds.isNaN || abs(seconds) >= 0x1p63 ? Int64.min : Int64(seconds)
        // Go counts from the year -292277022400 on, in 64 bits; a moment before it is one 2^64 seconds later (`time.absSeconds`).
        let (quotient, remainder) = UInt64(bitPattern: whole &- Self.secondsOfYearZero).quotientAndRemainder(dividingBy: 86_400)
        daysSinceEpoch = Int64(quotient) + Self.secondsOfYearZero / 86_400
        secondOfDay = Int64(remainder)
        civil = Self.civil(daysSinceEpoch)
    }

    /// The first of March of that year, in seconds since the epoch.
    private static let secondsOfYearZero: Int64 = -(292_277_022_400 / 400 * 146_097 + 719_468) * 86_400

    var minute: Double { Double(secondOfDay / 60 % 60) }
    var hour: Double { Double(secondOfDay / 3600) }
    var dayOfWeek: Double { Double(((daysSinceEpoch + 4) % 7 + 7) % 7) }
    var day: Double { Double(civil.day) }
    var month: Double { Double(civil.month) }
    var year: Double { Double(civil.year) }
    var dayOfYear: Double { Double(daysSinceEpoch - Self.days(civil.year, 1, 1) + 1) }
    var daysInMonth: Double {
        let next = civil.month == 12 ? Self.days(civil.year + 1, 1, 1) : Self.days(civil.year, civil.month + 1, 1)
        return Double(next - Self.days(civil.year, civil.month, 1))
    }

    /// Date and time to the second, such as `1970-01-01T00:01:40Z`.
    static func rfc3339(millis: Int64) -> String {
        let date = CalendarDate(seconds: (Double(millis) / 1000).rounded(.down))
        func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let year = String(repeating: "0", count: max(0, 4 - "\(date.civil.year)".count)) + "\(date.civil.year)"
        let time = [date.secondOfDay / 3600, date.secondOfDay / 60 % 60, date.secondOfDay % 60].map(padded).joined(separator: ":")
        return "\(year)-\(padded(date.civil.month))-\(padded(date.civil.day))T\(time)Z"
    }

    /// Howard Hinnant's `civil_from_days`: eras of 400 years, years that begin in March.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Days since the epoch of a day; the inverse of `civil`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
