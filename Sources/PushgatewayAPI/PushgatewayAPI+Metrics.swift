import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricFormats
import MetricModel
import PushGroups

extension PushgatewayAPI {
    /// `GET /metrics`: what was pushed, and what the gateway says of itself, as text or, where a scraper would rather have it, as protobuf.
    func addMetricsRoute(to router: Router<SurfaceContext>) {
        router.get("/metrics") { request, _ -> Response in
            let own = metrics.families(version: server.version, nowNanos: clock.monotonicNanos) + server.processFamilies().map(Self.clientFamily)
            let families = PushedFamilies.merge(exposition.families(of: groups.snapshot), own: own)
            if Self.prefersProtobuf(request.headers[.accept]) {
                let contentType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores"
                return .bytes(ClientMetricFamily.encodeDelimited(families), contentType: contentType, for: request)
            }
            return .bytes(ClientMetricFamily.encodeText(families), contentType: "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", for: request)
        }
        router.on("/metrics", method: .options) { _, _ in Response(status: .ok, headers: [.allow: "GET, OPTIONS"]) }
    }

    /// Names and kinds of everything that `GET /metrics` shows beside what was pushed, for `PushGroups.open`.
    package static func ownKinds(_ processFamilies: [MetricFamily]) -> [String: ClientMetricFamily.Kind] {
        var kinds = PushgatewayMetrics.kinds
        for family in processFamilies { kinds[family.name] = clientFamily(family).kind }
        return kinds
    }

    /// Whether protobuf is what `Accept` wants most (prometheus/common `expfmt.Negotiate`).
    private static func prefersProtobuf(_ accept: String?) -> Bool {
        let wanted = (accept ?? "").split(separator: ",").map { MediaType($0) }
        guard let best = wanted.max(by: { $0.quality < $1.quality })?.quality, best > 0 else { return false }
        return wanted.first { $0.quality == best }?.isDelimitedProtobuf == true
    }

    /// A family of counters or gauges.
    private static func clientFamily(_ family: MetricFamily) -> ClientMetricFamily {
        let isCounter = family.metadata.kind == .counter
        return ClientMetricFamily(
            name: family.name, kind: isCounter ? .counter : .gauge, help: family.metadata.help,
            metrics: family.points.map { point in
                .init(labels: point.labels.map { .init($0.name, $0.value) }, value: isCounter ? .counter(point.value) : .gauge(point.value))
            })
    }
}
