import HTTPSurface
import Hummingbird
import MetricFormats

extension PrometheusAPI {
    /// `/-/healthy`, `/-/ready`, `/-/reload`, `/-/quit`, `/metrics`, with upstream's sentences (web/web.go).
    func addManagementRoutes(to router: Router<SurfaceContext>) {
        router.get("/-/healthy") { _, _ in Response.text("Prometheus Server is Healthy.\n") }
        router.get("/-/ready") { _, _ in Response.text("Prometheus Server is Ready.\n") }
        for method in [HTTPRequest.Method.post, .put] {
            router.on("/-/reload", method: method) { _, context -> Response in
                // A person on the machine itself may always; the stack's guide has the line.
                guard server.lifecycleIsEnabled || context.isFromLoopback else { return Self.lifecycleRefusal }
                do {
                    try await server.reload()
                } catch {
                    return Response.text("failed to reload config: \(error)\n", status: .internalServerError)
                }
                return Response(status: .ok)
            }
            router.on("/-/quit", method: method) { _, _ -> Response in
                guard server.lifecycleIsEnabled else { return Self.lifecycleRefusal }
                server.quit()
                return Response.text("Requesting termination... Goodbye!")
            }
        }
        for path in ["/-/reload", "/-/quit"] as [RouterPath] {
            router.get(path) { _, _ in Response.text("Only POST or PUT requests allowed", status: .methodNotAllowed) }
        }
        router.get("/metrics") { request, _ -> Response in
            let format: TextExposition.Format = request.headers[.accept]?.contains("application/openmetrics-text") == true ? .openMetrics : .text
            return .bytes(TextExposition.encode(server.metricFamilies(), format: format), contentType: format.contentType, for: request)
        }
    }

    private static var lifecycleRefusal: Response { Response.text("Lifecycle API is not enabled.", status: .forbidden) }
}
