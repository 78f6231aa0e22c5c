import HTTPSurface
import HTTPTypes
import Hummingbird
import MetricModel
import Platform
import PushGroups
import Synchronization

/// The routes of the Pushgateway on 9091: pushing, deleting, the exposition, the API and the management paths.
///
/// Errors are Go's plain text (`PlainTextEnvelope`). Source: prometheus/pushgateway `main.go`, `handler/`, `api/v1/`.
package struct PushgatewayAPI: Sendable {
    /// What the server knows and the API tells.
    package struct Server: Sendable {
        package var version: String
        package var startMillis: Int64
        /// Name and value of each of upstream's flags, as they are in effect.
        package var flags: [(name: String, value: String)]
        /// Whether `PUT /api/v1/admin/wipe` is served.
        package var isAdminEnabled: Bool
        /// Counters and gauges of the process, exposed beside what was pushed.
        package var processFamilies: @Sendable () -> [MetricFamily]
        /// Ends the process as a signal does; nil where `/-/quit` is not served.
        package var quit: (@Sendable () -> Void)?

        package init(
            version: String, startMillis: Int64, flags: [(name: String, value: String)], isAdminEnabled: Bool, processFamilies: @escaping @Sendable () -> [MetricFamily],
            quit: (@Sendable () -> Void)? = nil
        ) {
            self.version = version
            self.startMillis = startMillis
            self.flags = flags
            self.isAdminEnabled = isAdminEnabled
            self.processFamilies = processFamilies
            self.quit = quit
        }
    }

    let groups: PushGroups
    let server: Server
    let limits: BodyLimits
    let clock: any TimeSource
    let metrics = PushgatewayMetrics()
    let exposition = PushedFamilies()

    package init(groups: PushGroups, server: Server, limits: BodyLimits = BodyLimits(), clock: any TimeSource = SystemClock()) {
        self.groups = groups
        self.server = server
        self.limits = limits
        self.clock = clock
    }

    /// Adds every route; first of all, since paths of groups are longer than any route and are looked at before the router.
    package func addRoutes(to router: Router<SurfaceContext>) {
        router.add(middleware: PushPathMiddleware(api: self))
        addManagementRoutes(to: router)
        addMetricsRoute(to: router)
        addStatusRoutes(to: router)
        addWipeRoute(to: router)
    }

    /// Runs a handler and counts its answer under upstream's name for it.
    func counted(_ handler: String, _ request: Request, _ body: () async throws -> Response) async throws -> Response {
        do {
            let response = try await body()
            metrics.count(handler: handler, method: request.method, code: response.status.code)
            return response
        } catch {
            metrics.count(handler: handler, method: request.method, code: (error as? SurfaceError)?.status.code ?? 500)
            throw error
        }
    }

    private func addManagementRoutes(to router: Router<SurfaceContext>) {
        for (path, handler) in [("/-/healthy", "healthy"), ("/-/ready", "ready")] {
            router.get(RouterPath(path)) { request, _ in try await counted(handler, request) { Response.text("OK") } }
            router.on(RouterPath(path), method: .options) { _, _ in Response(status: .ok, headers: [.allow: "GET, OPTIONS"]) }
        }
        // One process holds the whole stack: it ends as a whole, and only where that was asked for.
        for method in [HTTPRequest.Method.put, .post] {
            router.on("/-/quit", method: method) { _, _ -> Response in
                guard let quit = server.quit else { return Response.text("Lifecycle API is not enabled.", status: .forbidden) }
                quit()
                return Response.text("Requesting termination... Goodbye!")
            }
        }
        router.get("/-/quit") { _, _ in Response.text("Only POST or PUT requests allowed.", status: .methodNotAllowed) }
    }
}
