import Bytes
import HTTPTypes
import Hummingbird

/// The body in which a door tells of an error. One a protocol: Go's plain text, Prometheus's, Jaeger's, Grafana's JSON.
package protocol ErrorEnvelope: Sendable {
    func encode(_ error: SurfaceError) -> (contentType: String, body: [UInt8])
}

/// What Go's `http.Error` writes: the sentence and a line feed.
package struct PlainTextEnvelope: ErrorEnvelope {
    package init() {}
    package func encode(_ error: SurfaceError) -> (contentType: String, body: [UInt8]) {
        ("text/plain; charset=utf-8", Array(error.message.utf8) + [UInt8(ascii: "\n")])
    }
}

/// Turns what handlers throw into the door's envelope; what nobody foresaw becomes a 500 with a sentence and a line in the log.
package struct ErrorEnvelopeMiddleware: RouterMiddleware {
    package typealias Context = SurfaceContext
    private let envelope: any ErrorEnvelope

    package init(_ envelope: any ErrorEnvelope) { self.envelope = envelope }

    package func handle(_ request: Request, context: SurfaceContext, next: (Request, SurfaceContext) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as SurfaceError {
            return response(error)
        } catch let error as HTTPError {
            let reason = error.status == .notFound ? "\(request.uri.path) is not served here" : error.body ?? error.status.reasonPhrase
            return response(SurfaceError(error.status, reason))
        } catch is CancellationError {
            return response(SurfaceError(.init(code: 499, reasonPhrase: "Client Closed Request"), "the request was cancelled"))
        } catch {
            context.logger.error("a request failed unexpectedly", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return response(SurfaceError(.internalServerError, "internal error: \(error)"))
        }
    }

    private func response(_ error: SurfaceError) -> Response {
        let (contentType, body) = envelope.encode(error)
        var response = Response.bytes(body, contentType: contentType, status: error.status)
        for field in error.headers { response.headers[field.name] = field.value }
        return response
    }
}
