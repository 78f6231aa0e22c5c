import HTTPTypes
import Hummingbird

/// The router of a door, with the manners that every door shares: HEAD beside GET, 405 with `Allow` for a path that is served
/// under other methods, errors in the door's envelope, and who else's pages may read the answers.
package enum SurfaceRouter {
    package static func make(envelope: any ErrorEnvelope = PlainTextEnvelope(), crossOrigin: CrossOrigin? = nil) -> Router<SurfaceContext> {
        let router = Router(context: SurfaceContext.self, options: [.autoGenerateHeadEndpoints])
        if let crossOrigin { router.add(middleware: CrossOriginMiddleware(crossOrigin)) }
        router.add(middleware: ErrorEnvelopeMiddleware(envelope))
        return router
    }

    /// Answers 405 on every path registered so far for the methods it does not have. Call it once, after the last route.
    package static func closeMethods(of router: Router<SurfaceContext>) {
        let methods: [HTTPRequest.Method] = [.get, .post, .put, .delete, .patch, .options]
        var allowed: [String: Set<HTTPRequest.Method>] = [:]
        for route in router.routes { allowed[route.path.description, default: []].insert(route.method) }
        for (path, present) in allowed where !path.contains("**") {
            let names = (present.contains(.get) ? present.union([.head]) : present).map(\.rawValue).sorted().joined(separator: ", ")
            for method in methods where !present.contains(method) {
                router.on(RouterPath(path), method: method) { request, _ -> Response in
                    throw SurfaceError(.methodNotAllowed, "\(request.uri.path) takes \(names), not \(request.method.rawValue)", headers: [.allow: names])
                }
            }
        }
    }
}
