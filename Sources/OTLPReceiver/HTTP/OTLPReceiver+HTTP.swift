import HTTPSurface
import HTTPTypes
import Hummingbird
import OTLP
import Pipelines

extension OTLPReceiver {
    func addHTTPRoute(to router: Router<SurfaceContext>, at path: RouterPath, _ service: ExportService) {
        router.post(path) { request, _ in await answer(request, service) }
    }

    /// Answers in the encoding that the request came in, errors as `google.rpc.Status`.
    private func answer(_ request: Request, _ service: ExportService) async -> Response {
        guard let encoding = request.headers[.contentType].flatMap(OTLPEncoding.init(contentType:)) else {
            return .text("415 unsupported media type, supported: [application/json, application/x-protobuf]\n", status: .unsupportedMediaType)
        }
        do {
            let body = DecodedBody(bytes: try await request.decodedBody(limits.http), encoding: encoding)
            let outcome = try await run(service, body, from: .otlpHTTP)
            return .bytes(service.answer(outcome, encoding), contentType: encoding.contentType)
        } catch {
            return Self.refusal(error, encoding)
        }
    }

    private static func refusal(_ error: any Error, _ encoding: OTLPEncoding) -> Response {
        let refusal = switch error {
        case let error as SurfaceError: error
        case let error as OTLPError: SurfaceError(.badRequest, error.description)
        case PipelineError.full, PipelineError.unavailable: SurfaceError(.serviceUnavailable, "\(error)", headers: [.retryAfter: "1"])
        case PipelineError.tooLarge: SurfaceError(.contentTooLarge, "\(error)")
        case is PipelineError: SurfaceError(.internalServerError, "\(error)")
        default: SurfaceError(.badRequest, "the request body could not be read: \(error)")
        }
        let code = GRPCStatus.Code(httpStatus: refusal.status.code).rawValue
        var response = Response.bytes(
            OTLPAnswer.status(code: code, message: refusal.message, as: encoding), contentType: encoding.contentType, status: refusal.status)
        for field in refusal.headers { response.headers[field.name] = field.value }
        return response
    }
}
