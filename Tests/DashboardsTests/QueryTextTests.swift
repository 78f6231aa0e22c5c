import Dashboards
import MetricModel
import Testing

struct QueryTextTests {
    private static let hour: Int64 = 3_600_000

    /// Known answers of `pkg/promlib/models/query_test.go`: range, minimum, sent interval, scrape interval, factor → step, rate interval.
    @Test("the step of a query is Grafana's", arguments: [
        (12 * hour, "", 60_000, "15s", 1, 60_000, 75_000), (12 * hour, "", 0, "15s", 1, 30_000, 60_000), (hour, "", 0, "15s", 1, 15_000, 60_000),
        (48 * hour, "", 0, "15s", 10, 1_200_000, 60_000), (48 * hour, "", 0, "15s", 1, 120_000, 60_000), (48 * hour, "", 0, "240s", 1, 240_000, 960_000),
        (300_000, "5m", 60_000, "15s", 1, 300_000, 1_200_000), (300_000, "$__rate_interval", 0, "15s", 1, 60_000, 60_000),
        (48 * hour, "", 120_000, "15s", 1, 120_000, 135_000), (2 * 24 * hour, "$__interval", 0, "15s", 1, 120_000, 480_000), (15 * 60_000, "0s", 0, "5s", 1, 5_000, 20_000),
        (365 * 24 * hour, "1s", 0, "15s", 1, 21_600_000, 4_000), (hour, "", 0, "", 1, 15_000, 60_000),
    ] as [(Int64, String, Int64, String, Int, Int64, Int64)])
    func step(range: Int64, minimum: String, interval: Int64, scrape: String, factor: Int, step: Int64, rate: Int64) throws {
        let found = try QueryStep(rangeMillis: range, points: 1_500, minimum: minimum, intervalMillis: interval, scrapeInterval: scrape, factor: factor)
        #expect(found.stepMillis == step && (found.rateIntervalMillis == rate))
    }

    @Test("a minimum step that is no duration is refused")
    func badMinimum() {
        #expect(throws: DashboardsError.invalidQuery(reason: #"interval "soon" is not a duration such as "15s""#)) {
            try QueryStep(rangeMillis: 1, points: 1, minimum: "soon", intervalMillis: 0, scrapeInterval: "", factor: 1)
        }
    }

    @Test("variables are put in by name, in every spelling; what is unknown stays", arguments: [
        ("rate(x[$__interval])", "rate(x[2m])"), ("rate(x[${__rate_interval}])", "rate(x[2m15s])"), ("[[__interval_ms]]|$__interval_s", "120000|120"),
        ("$__rate_interval_ms $__rate_interval_s", "135000 135"), ("$__range ${__range_s} $__range_ms", "172800s 172800 172800000"), ("$__from-${__to}", "1000-172801000"),
        (#"up{job=~"$job"}"#, #"up{job=~"(api\\.v1|web)"}"#), (#"up{job="${env}"}"#, #"up{job="a\"b\\c"}"#), ("${job:csv} ${job:pipe} ${job:raw} ${env:raw}", #"api.v1,web api.v1|web api.v1,web a"b\c"#),
        (#"label_replace(x, "a", "$1", "b", "(.*)$")"#, #"label_replace(x, "a", "$1", "b", "(.*)$")"#), ("$unknown ${unknown:regex} [[unknown]] $ ${ [[", "$unknown ${unknown:regex} [[unknown]] $ ${ [["),
        ("x[5m] == $one", "x[5m] == lonely"), (#"{a=~"${dot:regex}"}"#, #"{a=~"\."}"#), ("", ""),
    ])
    func interpolation(text: String, expected: String) throws {
        let step = try QueryStep(rangeMillis: 48 * Self.hour, points: 1_500, minimum: "", intervalMillis: 120_000, scrapeInterval: "15s", factor: 1)
        let interpolation = Interpolation(
            step: step, rangeMillis: 48 * Self.hour, fromMillis: 1_000, toMillis: 1_000 + 48 * Self.hour,
            variables: ["job": .many(["api.v1", "web"]), "env": .one(#"a"b\c"#), "one": .many(["lonely"]), "dot": .one(".")])
        #expect(interpolation.apply(to: text) == expected)
    }

    /// 2023-11-14T22:13:20Z, a Tuesday.
    private static let now: Int64 = 1_700_000_000_000

    @Test("times are read as dashboards write them", arguments: [
        ("now", false, "2023-11-14T22:13:20Z"), ("now-1h", false, "2023-11-14T21:13:20Z"), ("now-90m+30s", false, "2023-11-14T20:43:50Z"), ("now/d", false, "2023-11-14T00:00:00Z"),
        ("now/d", true, "2023-11-14T23:59:59.999Z"), ("now-1d/d", false, "2023-11-13T00:00:00Z"), ("now/w", false, "2023-11-13T00:00:00Z"), ("now/M", true, "2023-11-30T23:59:59.999Z"),
        ("now-9M", false, "2023-02-14T22:13:20Z"), ("now-1y/y", false, "2022-01-01T00:00:00Z"), ("1700000000123", false, "2023-11-14T22:13:20.123Z"),
        ("2024-02-29T12:00:00+02:00", false, "2024-02-29T10:00:00Z"), ("2024-02-29T12:00:00.5Z", false, "2024-02-29T12:00:00.500Z"),
    ])
    func times(text: String, roundsUp: Bool, expected: String) {
        #expect(TimeText.millis(text, now: Self.now, roundsUp: roundsUp).map(TimeText.rfc3339) == expected)
    }

    @Test("what is no time is refused", arguments: ["", "then", "now-", "now-1", "now-1x", "now*2", "now-99999999999999999999s", "-5", "9999999999999999", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "now-300y"])
    func notTimes(text: String) { #expect(TimeText.millis(text, now: Self.now) == nil) }

    @Test("durations are read and written", arguments: [("90s", 90_000, "1m", "1m30s"), ("1h30m", 5_400_000, "1h", "1h30m0s"), ("250ms", 250, "250ms", "250ms"), ("15", 15_000, "15s", "15s"), (">10s", 10_000, "10s", "10s"), ("2d", 172_800_000, "2d", "48h0m0s"), ("1s500ms", 1_500, "1s", "1s500ms")] as [(String, Int64, String, String)])
    func durations(text: String, millis: Int64, interval: String, exact: String) {
        #expect(DurationText.millis(text) == millis)
        #expect(DurationText.interval(millis) == interval)
        #expect(DurationText.exact(millis) == exact)
    }

    @Test("what is no duration is refused", arguments: ["", "s", "1x", "-5s", "1.5h", "5 m", "99999999999999999999s", "9999999999999y"])
    func notDurations(text: String) { #expect(DurationText.millis(text) == nil) }
}
