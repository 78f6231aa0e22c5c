import HTTPSurface
import Hummingbird

/// A door's routes behind its gate, where it has one.
struct GuardedResponder: HTTPResponder {
    let routes: RouterResponder<SurfaceContext>
    let gate: WebGate?

    func respond(to request: Request, context: SurfaceContext) async throws -> Response {
        guard let gate else { return try await routes.respond(to: request, context: context) }
        var response: Response
        if let refusal = await gate.refusal(of: request) { response = refusal } else { response = try await routes.respond(to: request, context: context) }
        gate.addHeaders(to: &response)
        return response
    }
}
