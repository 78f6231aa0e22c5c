import MetricModel

/// How the points of a time become one value.
///
/// Source: grafana `pkg/expr/mathexp/reduce.go`, `pkg/services/alerting/conditions/reducer.go`.
enum AlertReducer {
    /// The values of `expression` over the time before now, reduced.
    static func over(_ expression: String, _ reducer: String, millis: Int64, at key: String) throws(DashboardsError) -> String {
        let window = "(\(expression))[\(ModelDuration(millis: max(millis, 1_000))):]"
        switch reducer.lowercased() {
        case "avg", "mean": return "avg_over_time(\(window))"
        case "min": return "min_over_time(\(window))"
        case "max": return "max_over_time(\(window))"
        case "sum": return "sum_over_time(\(window))"
        case "count", "count_non_null": return "count_over_time(\(window))"
        case "last": return "last_over_time(\(window))"
        case "median": return "quantile_over_time(0.5, \(window))"
        case let other:
            throw .invalidAlertRule(key: key, reason: "the reducer \"\(other)\" cannot be put into one PromQL expression; avg, min, max, sum, count, last and median can")
        }
    }

    /// The one value that there is at a moment, reduced: it stays as it is.
    static func atMoment(_ expression: String, _ reducer: String, at key: String) throws(DashboardsError) -> String {
        switch reducer.lowercased() {
        case "avg", "mean", "min", "max", "sum", "last", "median": return expression
        case let other: throw .invalidAlertRule(key: key, reason: "the reducer \"\(other)\" of an instant query cannot be put into one PromQL expression; avg, min, max, sum, last and median can")
        }
    }
}
