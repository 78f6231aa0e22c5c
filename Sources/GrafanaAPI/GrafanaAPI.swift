import Bytes
import Dashboards
import HTTPSurface
import HTTPTypes
import Hummingbird

/// Grafana's HTTP API over the dashboards room: login, users, search, dashboards, folders, data sources and their queries, in
/// Grafana's own paths, bodies and statuses.
///
/// A caller is known by the session cookie or by basic authentication; without either every route but the login and the health check
/// answers 401. Paths under `/api` that are not served answer 404 `{"message": "Not found"}`.
package struct GrafanaAPI: Sendable {
    /// Passes a request on to the Prometheus routes of this process.
    package typealias Forward = @Sendable (Request, SurfaceContext) async throws -> Response

    package struct Options: Sendable {
        /// What `/api/health` and the settings say.
        package var version: String
        package var commit: String
        /// The name of the one organisation.
        package var organisation = "Main Org."
        /// Whether the cookie is only sent over TLS.
        package var secureCookie = false
        /// The role of those who are not signed in: "Viewer", "Editor" or "Admin"; nil where everybody must sign in.
        package var anonymousRole: String?
        /// Whether a name and a password cannot be sent to `/login`.
        package var loginFormIsDisabled = false
        /// Whether a name and a password are heeded in `Authorization`.
        package var basicAuthIsEnabled = true
        /// Where people find this server, for `appUrl` of the settings.
        package var rootURL = "/"

        package init(version: String, commit: String) {
            self.version = version
            self.commit = commit
        }
    }

    let dashboards: DashboardStore
    let queries: PanelQueries
    let options: Options
    let limits: BodyLimits
    /// nil leaves the data source proxy out.
    let prometheus: Forward?
    /// nil leaves the alert rules out.
    let alertRules: AlertRuleHost?

    /// - Parameters:
    ///   - prometheus: the responder of the Prometheus door's router, `router.buildResponder().respond`.
    ///   - alertRules: who evaluates the rules that are made here.
    package init(
        dashboards: DashboardStore, queries: PanelQueries, options: Options, limits: BodyLimits = BodyLimits(encodedBytesMax: 16 << 20), prometheus: Forward? = nil,
        alertRules: AlertRuleHost? = nil
    ) {
        self.dashboards = dashboards
        self.queries = queries
        self.options = options
        self.limits = limits
        self.prometheus = prometheus
        self.alertRules = alertRules
    }

    /// The envelope that the router of this door is made with.
    package static var envelope: any ErrorEnvelope { GrafanaEnvelope() }

    /// Adds every route. Pages may add theirs beside them; `/api/**` is taken whole.
    package func addRoutes(to router: some RouterMethods<SurfaceContext>) {
        addAccessRoutes(to: router)
        addUserRoutes(to: router)
        addDashboardRoutes(to: router)
        addFolderRoutes(to: router)
        addDataSourceRoutes(to: router)
        addQueryRoutes(to: router)
        addSettingsRoutes(to: router)
        if let alertRules { addAlertRoutes(to: router, alertRules) }
        for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete] {
            router.on("/api/**", method: method) { _, _ -> Response in throw SurfaceError(.notFound, "Not found") }
        }
    }

    /// Who asks.
    struct Caller: Sendable {
        let user: User
        /// The session's secret; nil under basic authentication.
        let token: String?
        var isAnonymous = false
    }

    /// A handler that only known callers reach, anonymous ones as far as `access` lets them, and that tells of the room's errors as Grafana does.
    func signedIn(_ access: Access = .byMethod, _ body: @escaping @Sendable (Request, SurfaceContext, Caller) async throws -> Response) -> @Sendable (Request, SurfaceContext) async throws -> Response {
        { request, context in
            do {
                guard let caller = try await caller(of: request, context) else { return GrafanaFailure.unauthorized }
                if let kind = Self.refusal(of: access, request.method, caller) { return GrafanaFailure.response(kind) }
                return try await body(request, context, caller)
            } catch let error as DashboardsError {
                return GrafanaFailure.response(error)
            }
        }
    }

    /// The body as JSON; 400 for what is not.
    func json(of request: Request) async throws -> JSONValue {
        let bytes = try await request.decodedBody(limits)
        do { return try JSONParser.parse(bytes) } catch { throw SurfaceError(.badRequest, "bad request data: \(error)") }
    }
}
