import HTTPSurface
import HTTPTypes
import Hummingbird

/// Answers the paths of groups, `/metrics/job/…`, and leads paths that are not in their canonical form to it, as Go's server does.
struct PushPathMiddleware: RouterMiddleware {
    typealias Context = SurfaceContext
    let api: PushgatewayAPI
    private static let methods = "DELETE, OPTIONS, POST, PUT"

    func handle(_ request: Request, context: SurfaceContext, next: (Request, SurfaceContext) async throws -> Response) async throws -> Response {
        let raw = request.uri.path
        if let clean = PathCleaning.cleaned(raw) { return redirect(.movedPermanently, to: clean, request) }
        guard raw.hasPrefix("/metrics/") || raw.hasPrefix("/metrics%") else { return try await next(request, context) }
        guard let path = PercentEncoding.decodeStrictly(raw) else {
            throw SurfaceError(.badRequest, "the path \(raw) has an escape that is none, or does not decode to UTF-8")
        }
        if let group = PushPath(path) { return try await answer(request, group) }
        guard path == "/metrics/" || path == "/metrics/job/" else { return try await next(request, context) }
        return redirect(request.method == .get ? .movedPermanently : .temporaryRedirect, to: String(raw.dropLast()), request)
    }

    private func answer(_ request: Request, _ group: PushPath) async throws -> Response {
        switch request.method {
        case .put: try await api.push(request, group, replaces: true)
        case .post: try await api.push(request, group, replaces: false)
        case .delete: try await api.delete(request, group)
        case .options: Response(status: .ok, headers: [.allow: Self.methods])
        default: throw SurfaceError(.methodNotAllowed, "\(request.uri.path) takes \(Self.methods), not \(request.method.rawValue)", headers: [.allow: Self.methods])
        }
    }

    private func redirect(_ status: HTTPResponse.Status, to path: String, _ request: Request) -> Response {
        Response(status: status, headers: [.location: path + (request.uri.query.map { "?" + $0 } ?? "")])
    }
}
