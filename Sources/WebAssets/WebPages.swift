import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird

/// Serves the pages of one door: `/assets/**`, the HTML of each page route, and `/-/doors`, which tells the pages where the
/// other doors are.
package struct WebPages: Sendable {
    /// Route → file under `pages/`, for example `/query` → `metrics/query.html`. `{name}` parameters are allowed.
    package var routes: [(route: String, file: String)]
    /// Route → where it leads instead, the query string kept.
    package var redirects: [(route: String, target: String)]
    /// Asked before a page (not an asset) is given out; what it answers goes out instead, as a redirect to a login does.
    package var gate: (@Sendable (Request, SurfaceContext) async -> Response?)?
    /// Door name → port in use, once all doors are open, and whether it wants TLS.
    package var doors: @Sendable () -> [(name: String, port: Int, usesTLS: Bool)]

    package init(
        routes: [(route: String, file: String)], redirects: [(route: String, target: String)] = [], gate: (@Sendable (Request, SurfaceContext) async -> Response?)? = nil,
        doors: @escaping @Sendable () -> [(name: String, port: Int, usesTLS: Bool)]
    ) {
        self.routes = routes
        self.redirects = redirects
        self.gate = gate
        self.doors = doors
    }

    package func addRoutes(to router: Router<SurfaceContext>) {
        router.get("/assets/**") { request, context -> Response in
            let path = context.parameters.getCatchAll().joined(separator: "/")
            return try Self.respond(with: path, to: request)
        }
        router.get("/favicon.ico") { request, _ -> Response in try Self.respond(with: "icon.svg", to: request) }
        router.get("/-/doors") { _, _ -> Response in
            var json = JSONWriter()
            json.object { json in
                for door in doors() { json.member(door.name, "\(door.port)") }
                let secure = doors().filter(\.usesTLS).map(\.name)
                if !secure.isEmpty { json.member("https", secure.joined(separator: " ")) }
            }
            return .json(json.finish())
        }
        for (route, file) in routes {
            router.get(RouterPath(route)) { request, context -> Response in
                if let instead = await gate?(request, context) { return instead }
                return try Self.respond(with: file, to: request)
            }
        }
        for (route, target) in redirects {
            router.get(RouterPath(route)) { request, _ -> Response in
                .redirect(to: target + (request.uri.query.map { "?" + $0 } ?? ""), type: .found)
            }
        }
    }

    private static let link = HTTPField.Name("Link")!

    private static func respond(with path: String, to request: Request) throws -> Response {
        guard let asset = try PageFiles.shared.asset(at: path) else { throw SurfaceError(.notFound, "/assets/\(path) does not exist") }
        // Always asked again, answered with 304: a new binary shows its new pages at once.
        var headers: HTTPFields = [
            .contentType: asset.contentType, .eTag: asset.entityTag, .cacheControl: "no-cache", .vary: "Accept-Encoding",
            .contentSecurityPolicy: "default-src 'self'; connect-src *; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'",
            .xContentTypeOptions: "nosniff",
        ]
        if !asset.modules.isEmpty { headers[Self.link] = asset.modules.map { "<\($0)>; rel=modulepreload" }.joined(separator: ", ") }
        if request.headers[.ifNoneMatch]?.contains(asset.entityTag) == true { return Response(status: .notModified, headers: headers) }
        var body = asset.bytes
        if Compression.preferred(by: request.headers[.acceptEncoding]) != nil, request.headers[.acceptEncoding]?.contains("gzip") == true {
            body = asset.gzipped
            headers[.contentEncoding] = "gzip"
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
