import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricFormats
import Platform
import PushGroups

extension PushgatewayAPI {
    /// `GET /api/v1/status` and `GET /api/v1/metrics`, open to pages of other origins (api/v1/api.go).
    func addStatusRoutes(to router: Router<SurfaceContext>) {
        router.get("/api/v1/status") { request, _ in
            try await counted("api/v1/status", request) { Self.success(for: request) { json in writeStatus(to: &json) } }
        }
        router.get("/api/v1/metrics") { request, _ in
            try await counted("api/v1/metrics", request) {
                let groups = groups.snapshot.groups.values.sorted { GroupingKey.precedes($0.key, $1.key) }
                return Self.success(for: request) { json in json.array { json in for group in groups { Self.write(group, to: &json) } } }
            }
        }
        for path in ["/api/v1/status", "/api/v1/metrics", "/api/v1/admin/wipe"] {
            router.on(RouterPath(path), method: .options) { request, _ in
                try await counted("api/v1/options", request) { Response(status: .ok, headers: Self.crossOrigin) }
            }
        }
    }

    private static let crossOrigin: HTTPFields = [
        .accessControlAllowHeaders: "Accept, Authorization, Content-Type, Origin", .accessControlAllowMethods: "GET, POST, DELETE, OPTIONS",
        .accessControlAllowOrigin: "*", .accessControlExposeHeaders: "Date", .cacheControl: "no-cache, no-store, must-revalidate",
    ]

    private static func success(for request: Request, _ data: (inout JSONWriter) -> Void) -> Response {
        var json = JSONWriter(capacity: 1 << 12)
        json.object { json in
            json.member("status", "success")
            json.key("data")
            data(&json)
        }
        var response = Response.json(json.finish(), for: request)
        for field in crossOrigin { response.headers[field.name] = field.value }
        return response
    }

    private func writeStatus(to json: inout JSONWriter) {
        json.object { json in
            json.key("build_information")
            json.object { json in
                for name in ["branch", "buildDate", "buildUser", "goVersion", "revision"] { json.member(name, "") }
                json.member("version", server.version)
            }
            json.key("flags")
            json.object { json in for flag in server.flags { json.member(flag.name, flag.value) } }
            json.member("start_time", RFC3339.text(millis: server.startMillis))
        }
    }

    /// One group: its labels, whether its last push was taken, and a member for every family.
    private static func write(_ group: PushGroup, to json: inout JSONWriter) {
        json.object { json in
            if group.families["labels"] == nil {
                json.key("labels")
                write(group.key.labels, to: &json)
            }
            if group.families["last_push_successful"] == nil { json.member("last_push_successful", group.lastPushSucceeded) }
            for entry in (Array(group.families.values) + group.timeFamilies).sorted(by: { $0.family.name < $1.family.name }) {
                json.key(entry.family.name)
                json.object { json in
                    json.member("time_stamp", RFC3339.text(millis: entry.pushedNanos / 1_000_000))
                    json.member("type", entry.family.kind.protobufName)
                    if !entry.family.help.isEmpty { json.member("help", entry.family.help) }
                    json.key("metrics")
                    json.array { json in for metric in entry.family.metrics { write(metric, to: &json) } }
                }
            }
        }
    }

    private static func write(_ labels: [ClientMetricFamily.Label], to json: inout JSONWriter) {
        json.object { json in for label in labels { json.member(label.name, label.value) } }
    }

    /// Numbers go as text, so that infinities and NaN can.
    private static func write(_ metric: ClientMetricFamily.Metric, to json: inout JSONWriter) {
        json.object { json in
            json.key("labels")
            write(metric.labels, to: &json)
            switch metric.value {
            case .counter(let value), .gauge(let value), .untyped(let value): json.member("value", text(value))
            case .summary(let summary):
                json.key("quantiles")
                json.object { json in
                    for quantile in summary.quantiles { json.member(text(quantile.quantile), text(quantile.value)) }
                }
                json.member("count", "\(summary.sampleCount)")
                json.member("sum", text(summary.sampleSum))
            case .histogram(let histogram):
                func count(_ value: Double) -> String {
                    histogram.hasFloatCounts ? text(value) : UInt64(exactly: value).map { "\($0)" } ?? text(value)
                }
                json.key("buckets")
                json.object { json in for bucket in histogram.buckets { json.member(text(bucket.upperBound), count(bucket.cumulativeCount)) } }
                json.member("count", count(histogram.sampleCount))
                json.member("sum", text(histogram.sampleSum))
            case nil: break
            }
        }
    }

    /// As Go's `fmt.Sprint`, which knows a negative zero.
    private static func text(_ value: Double) -> String { value == 0 && value.sign == .minus ? "-0" : ExpositionNumber.text(value) }
}
