/// Grafana's rule for the step of a range query (`pkg/promlib/models/query.go`, `calculatePrometheusInterval`): the range over the
/// points wanted, rounded to a pleasing length, not under the minimum step, and never more than 11,000 points.
package struct QueryStep: Sendable, Equatable {
    package let stepMillis: Int64
    package let rateIntervalMillis: Int64

    private static let pointsMax = 11_000
    private static let defaultMinimumMillis: Int64 = 15_000
    private static let rateVariables: Set<String> = ["$__rate_interval", "${__rate_interval}"]
    private static let variables: Set<String> = [
        "$__interval", "${__interval}", "$__interval_s", "${__interval_s}", "$__interval_ms", "${__interval_ms}", "$__rate_interval", "${__rate_interval}", "$__rate_interval_s",
        "${__rate_interval_s}", "$__rate_interval_ms", "${__rate_interval_ms}",
    ]

    /// - Parameters:
    ///   - minimum: The query's own minimum step ("Min step"), a duration, one of the interval variables, or "".
    ///   - intervalMillis: What the sender reckoned from its width; 0 for none.
    ///   - scrapeInterval: The data source's, "" when unknown.
    ///   - factor: The old "resolution" of 1/2, 1/5, …; 0 and 1 leave the step.
    package init(rangeMillis: Int64, points: Int, minimum: String, intervalMillis: Int64, scrapeInterval: String, factor: Int) throws(DashboardsError) {
        let isVariable = Self.variables.contains(minimum)
        let own = isVariable || minimum == "0s" ? "" : minimum
        let floor: Int64
        if !own.isEmpty {
            floor = try Self.parse(own, "interval")
        } else if intervalMillis != 0 {
            floor = intervalMillis
        } else {
            floor = scrapeInterval.isEmpty ? Self.defaultMinimumMillis : try Self.parse(scrapeInterval, "timeInterval")
        }
        let exact = Self.nanosPerPoint(rangeMillis, points: points == 0 ? 1_500 : points)
        let wanted = exact < Double(floor) * 1e6 ? floor : Self.rounded(exact)
        let safe = Self.rounded(Self.nanosPerPoint(rangeMillis, points: Self.pointsMax))
        let step = max(wanted, safe, 1)

        let scrape = try Self.parse(scrapeInterval.isEmpty ? "15s" : scrapeInterval, "timeInterval")
        if Self.rateVariables.contains(minimum) {
            rateIntervalMillis = Self.rateInterval(step, scrape: scrape)
            stepMillis = rateIntervalMillis
            return
        }
        let (scaled, overflow) = step.multipliedReportingOverflow(by: Int64(max(factor, 1)))
        guard !overflow else { throw .invalidQuery(reason: "intervalFactor \(factor) makes the step too long") }
        stepMillis = scaled
        let requested: Int64 = switch minimum {
        case "$__interval", "${__interval}": scaled
        case "", "0s": scrape
        default: isVariable ? scrape : try Self.parse(minimum, "interval")
        }
        rateIntervalMillis = Self.rateInterval(intervalMillis == 0 ? 1_000 : intervalMillis, scrape: requested)
    }

    private static func rateInterval(_ interval: Int64, scrape: Int64) -> Int64 { max(interval &+ scrape, 4 * scrape) }

    private static func parse(_ text: String, _ key: String) throws(DashboardsError) -> Int64 {
        guard let millis = DurationText.millis(text), millis >= 0, millis < 1 << 50 else { throw .invalidQuery(reason: "\(key) \"\(text)\" is not a duration such as \"15s\"") }
        return millis
    }

    private static func nanosPerPoint(_ rangeMillis: Int64, points: Int) -> Double {
        (Double(rangeMillis) * 1e6 / Double(points)).rounded(.down)
    }

    /// Up to this many milliseconds a point → this step. Above the last, a year.
    private static let roundings: [(upTo: Double, step: Int64)] = [
        (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000), (3_500, 2_000), (7_500, 5_000), (12_500, 10_000),
        (17_500, 15_000), (25_000, 20_000), (45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000), (750_000, 600_000),
        (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000), (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000),
        (32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000), (1_814_400_000, 604_800_000), (3_628_799_999, 2_592_000_000),
    ]

    private static func rounded(_ nanos: Double) -> Int64 {
        roundings.first { nanos <= $0.upTo * 1e6 }?.step ?? 31_536_000_000
    }
}
