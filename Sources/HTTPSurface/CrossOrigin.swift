import HTTPTypes
import Hummingbird

/// Which pages of other origins may read a door's answers (the Fetch standard's CORS protocol).
package struct CrossOrigin: Sendable {
    /// Only requests whose path begins so are concerned.
    package var pathPrefix: String
    /// What goes out as `Access-Control-Allow-Origin` for a request from `origin`; nil allows it nothing.
    package var allowance: @Sendable (_ origin: String, _ request: Request) -> String?

    package init(pathPrefix: String, allowance: @escaping @Sendable (_ origin: String, _ request: Request) -> String?) {
        self.pathPrefix = pathPrefix
        self.allowance = allowance
    }

    /// Prometheus's default, `--web.cors.origin=.*`: its API may be read by every page.
    package static func everyone(pathPrefix: String) -> CrossOrigin { CrossOrigin(pathPrefix: pathPrefix) { _, _ in "*" } }

    /// The pages behind this stack's other doors: of the host that the request names, on one of `ports`.
    package static func sameHost(pathPrefix: String, ports: @escaping @Sendable () -> [Int]) -> CrossOrigin {
        CrossOrigin(pathPrefix: pathPrefix) { origin, request in
            guard let authority = request.head.authority, let host = Self.host(of: authority) else { return nil }
            return ports().contains { origin == "http://\(host):\($0)" || origin == "https://\(host):\($0)" } ? origin : nil
        }
    }

    /// `localhost` of `localhost:16686`, `[::1]` of `[::1]:16686`.
    private static func host(of authority: String) -> Substring? {
        let host = authority.hasSuffix("]") ? authority[...] : authority.lastIndex(of: ":").map { authority[..<$0] } ?? authority[...]
        return host.isEmpty ? nil : host
    }
}

/// Puts the headers of `CrossOrigin` on answers, errors too, and answers the question a browser asks beforehand.
/// Source: Prometheus's `util/httputil/cors.go`, which sends all of them whenever there is an `Origin`.
package struct CrossOriginMiddleware: RouterMiddleware {
    package typealias Context = SurfaceContext
    private let crossOrigin: CrossOrigin

    package init(_ crossOrigin: CrossOrigin) { self.crossOrigin = crossOrigin }

    package func handle(_ request: Request, context: SurfaceContext, next: (Request, SurfaceContext) async throws -> Response) async throws -> Response {
        guard request.uri.path.hasPrefix(crossOrigin.pathPrefix) else { return try await next(request, context) }
        var response = request.method == .options ? Response(status: .noContent) : try await next(request, context)
        response.headers.append(HTTPField(name: .vary, value: "Origin"))
        guard let origin = request.headers[.origin], let allowed = crossOrigin.allowance(origin, request) else { return response }
        response.headers[.accessControlAllowOrigin] = allowed
        response.headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
        response.headers[.accessControlAllowHeaders] = "Accept, Authorization, Content-Type, Origin"
        response.headers[.accessControlExposeHeaders] = "Date"
        return response
    }
}
