/// A function of the language: its name, what it takes and what it gives (upstream `parser/functions.go`).
package struct FunctionSignature: Sendable {
    package var function: Function
    /// The types of the arguments; the last one stands for all that follow when `extra` is not 0.
    package var parameters: [ValueType]
    /// 0 when every parameter is required once; n when the last one may be left out or given up to n times; -1 for any number.
    package var extra: Int
    package var returns: ValueType
    /// Whether it must be enabled.
    package var isExperimental: Bool

    package var name: String { function.rawValue }

    private init(_ function: Function, _ parameters: [ValueType], returns: ValueType = .vector, extra: Int = 0, experimental: Bool = false) {
        self.function = function
        self.parameters = parameters
        self.extra = extra
        self.returns = returns
        isExperimental = experimental
    }

    package static func named(_ name: String) -> FunctionSignature? { Function(rawValue: name).map(of) }

    package static func of(_ function: Function) -> FunctionSignature {
        switch function {
        case .abs, .absent, .acos, .acosh, .asin, .asinh, .atan, .atanh, .ceil, .cos, .cosh, .deg, .exp, .floor, .ln, .log10, .log2, .rad, .sgn,
            .sin, .sinh, .sort, .sortDesc, .sqrt, .tan, .tanh, .timestamp, .histogramAvg, .histogramCount, .histogramSum, .histogramStddev,
            .histogramStdvar:
            FunctionSignature(function, [.vector])
        case .absentOverTime, .avgOverTime, .changes, .countOverTime, .delta, .deriv, .firstOverTime, .idelta, .increase, .irate, .lastOverTime,
            .maxOverTime, .minOverTime, .presentOverTime, .rate, .resets, .stddevOverTime, .stdvarOverTime, .sumOverTime:
            FunctionSignature(function, [.matrix])
        case .madOverTime, .timestampOfFirstOverTime, .timestampOfLastOverTime, .timestampOfMaxOverTime, .timestampOfMinOverTime:
            FunctionSignature(function, [.matrix], experimental: true)
        case .daysInMonth, .dayOfMonth, .dayOfWeek, .dayOfYear, .hour, .minute, .month, .year: FunctionSignature(function, [.vector], extra: 1)
        case .clamp: FunctionSignature(function, [.vector, .scalar, .scalar])
        case .clampMax, .clampMin: FunctionSignature(function, [.vector, .scalar])
        case .round: FunctionSignature(function, [.vector, .scalar], extra: 1)
        case .doubleExponentialSmoothing: FunctionSignature(function, [.matrix, .scalar, .scalar], experimental: true)
        case .predictLinear: FunctionSignature(function, [.matrix, .scalar])
        case .quantileOverTime: FunctionSignature(function, [.scalar, .matrix])
        case .histogramQuantile: FunctionSignature(function, [.scalar, .vector])
        case .histogramFraction: FunctionSignature(function, [.scalar, .scalar, .vector])
        case .histogramQuantiles: FunctionSignature(function, [.vector, .string, .scalar, .scalar], extra: 9, experimental: true)
        case .labelReplace: FunctionSignature(function, [.vector, .string, .string, .string, .string])
        case .labelJoin: FunctionSignature(function, [.vector, .string, .string, .string], extra: -1)
        case .sortByLabel, .sortByLabelDesc: FunctionSignature(function, [.vector, .string], extra: -1, experimental: true)
        case .info: FunctionSignature(function, [.vector, .vector], extra: 1, experimental: true)
        case .startTimestamp: FunctionSignature(function, [.vector], experimental: true)
        case .vector: FunctionSignature(function, [.scalar])
        case .scalar: FunctionSignature(function, [.vector], returns: .scalar)
        case .time, .pi: FunctionSignature(function, [], returns: .scalar)
        case .start, .end, .step, .range: FunctionSignature(function, [], returns: .scalar, experimental: true)
        case .maxOf, .minOf: FunctionSignature(function, [.scalar, .scalar], returns: .scalar, experimental: true)
        }
    }
}

extension FunctionSignature: Hashable {
    package static func == (a: FunctionSignature, b: FunctionSignature) -> Bool { a.function == b.function }
    package func hash(into hasher: inout Hasher) { hasher.combine(function) }
}

/// Every function of the language, by its name in queries.
package enum Function: String, Sendable, Hashable, CaseIterable {
    case abs, absent, acos, acosh, asin, asinh, atan, atanh, ceil, changes, clamp, cos, cosh, deg, delta, deriv, exp, floor, hour, idelta, increase
    case info, irate, ln, log10, log2, minute, month, pi, rad, rate, resets, round, scalar, sgn, sin, sinh, sort, sqrt, tan, tanh, time, timestamp
    case vector, year, start, end, step, range
    case absentOverTime = "absent_over_time"
    case avgOverTime = "avg_over_time"
    case clampMax = "clamp_max"
    case clampMin = "clamp_min"
    case countOverTime = "count_over_time"
    case daysInMonth = "days_in_month"
    case dayOfMonth = "day_of_month"
    case dayOfWeek = "day_of_week"
    case dayOfYear = "day_of_year"
    case doubleExponentialSmoothing = "double_exponential_smoothing"
    case firstOverTime = "first_over_time"
    case histogramAvg = "histogram_avg"
    case histogramCount = "histogram_count"
    case histogramFraction = "histogram_fraction"
    case histogramQuantile = "histogram_quantile"
    case histogramQuantiles = "histogram_quantiles"
    case histogramStddev = "histogram_stddev"
    case histogramStdvar = "histogram_stdvar"
    case histogramSum = "histogram_sum"
    case labelJoin = "label_join"
    case labelReplace = "label_replace"
    case lastOverTime = "last_over_time"
    case madOverTime = "mad_over_time"
    case maxOf = "max_of"
    case maxOverTime = "max_over_time"
    case minOf = "min_of"
    case minOverTime = "min_over_time"
    case predictLinear = "predict_linear"
    case presentOverTime = "present_over_time"
    case quantileOverTime = "quantile_over_time"
    case sortByLabel = "sort_by_label"
    case sortByLabelDesc = "sort_by_label_desc"
    case sortDesc = "sort_desc"
    case startTimestamp = "start_timestamp"
    case stddevOverTime = "stddev_over_time"
    case stdvarOverTime = "stdvar_over_time"
    case sumOverTime = "sum_over_time"
    case timestampOfFirstOverTime = "ts_of_first_over_time"
    case timestampOfLastOverTime = "ts_of_last_over_time"
    case timestampOfMaxOverTime = "ts_of_max_over_time"
    case timestampOfMinOverTime = "ts_of_min_over_time"
}
