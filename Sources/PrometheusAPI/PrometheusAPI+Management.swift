import HTTPSurface
import Hummingbird
import MetricFormats

extension PrometheusAPI {
    /// `/-/healthy`, `/-/ready`, `/-/reload`, `/metrics`, with upstream's sentences.
    func addManagementRoutes(to router: Router<SurfaceContext>) {
        router.get("/-/healthy") { _, _ in Response.text("Prometheus Server is Healthy.\n") }
        router.get("/-/ready") { _, _ in Response.text("Prometheus Server is Ready.\n") }
        for method in [HTTPRequest.Method.post, .put] {
            router.on("/-/reload", method: method) { _, _ -> Response in
                do {
                    try await server.reload()
                } catch {
                    return Response.text("failed to reload config: \(error)\n", status: .internalServerError)
                }
                return Response(status: .ok)
            }
        }
        router.get("/metrics") { request, _ -> Response in
            let format: TextExposition.Format = request.headers[.accept]?.contains("application/openmetrics-text") == true ? .openMetrics : .text
            return .bytes(TextExposition.encode(server.metricFamilies(), format: format), contentType: format.contentType, for: request)
        }
    }
}
