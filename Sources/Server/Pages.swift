import HTTPSurface
import Hummingbird
import WebAssets

/// Which pages each door shows, under the originals' paths.
enum Pages {
    typealias Doors = @Sendable () -> [(name: String, port: Int, usesTLS: Bool)]

    static func prometheus(_ doors: @escaping Doors) -> WebPages {
        WebPages(
            routes: [
                ("/query", "metrics/query.html"), ("/alerts", "metrics/rules.html"), ("/rules", "metrics/rules.html"), ("/targets", "metrics/targets.html"),
                ("/status", "metrics/status.html"),
            ],
            redirects: [("/", "/query"), ("/graph", "/query"), ("/tsdb-status", "/status"), ("/flags", "/status"), ("/config", "/status")], doors: doors)
    }

    static func pushgateway(_ doors: @escaping Doors) -> WebPages {
        WebPages(routes: [("/", "push/push.html"), ("/status", "push/push.html")], doors: doors)
    }

    static func jaeger(_ doors: @escaping Doors) -> WebPages {
        WebPages(routes: [("/", "traces/search.html"), ("/search", "traces/search.html"), ("/trace/:id", "traces/trace.html")], doors: doors)
    }

    static func grafana(_ doors: @escaping Doors, gate: @escaping @Sendable (Request, SurfaceContext) async -> Response?) -> WebPages {
        WebPages(
            routes: [
                ("/login", "grafana/login.html"), ("/", "grafana/home.html"), ("/dashboards", "grafana/dashboards.html"), ("/d/:uid", "grafana/dashboard.html"),
                ("/d/:uid/:slug", "grafana/dashboard.html"), ("/alerting", "metrics/rules.html"), ("/alerting/list", "metrics/rules.html"),
            ], gate: { request, context in request.uri.path == "/login" ? nil : await gate(request, context) }, doors: doors)
    }
}
