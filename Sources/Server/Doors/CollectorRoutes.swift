import Bytes
import HTTPSurface
import Hummingbird
import MetricFormats
import MetricModel

/// The collector's two side doors: its own metrics on 8888 and the health check extension on 13133.
enum CollectorRoutes {
    /// `GET /metrics`: the collector's counters.
    static func addMetrics(to router: Router<SurfaceContext>, families: @escaping @Sendable () -> [MetricFamily]) {
        router.get("/metrics") { request, _ -> Response in
            .bytes(TextExposition.encode(families()), contentType: TextExposition.Format.text.contentType, for: request)
        }
    }

    /// `GET /`: what the `health_check` extension answers (opentelemetry-collector-contrib extension/healthcheckextension).
    static func addHealth(to router: Router<SurfaceContext>, upSince: String, uptimeSeconds: @escaping @Sendable () -> Double) {
        router.get("/") { _, _ -> Response in
            var json = JSONWriter()
            json.object { json in
                json.member("status", "Server available")
                json.member("upSince", upSince)
                json.member("uptime", "\((uptimeSeconds() * 1_000).rounded() / 1_000)s")
            }
            return .json(json.finish())
        }
    }
}
