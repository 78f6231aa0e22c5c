import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import OTLP
import Pipelines

extension OTLPReceiver {
    func addGRPCRoute(to router: Router<SurfaceContext>, service: String, _ export: ExportService) {
        addUnary(to: router, service: service, method: "Export") { message in
            let outcome = try await run(export, DecodedBody(bytes: message, encoding: .protobuf), from: .otlpGRPC)
            return export.answer(outcome, .protobuf)
        }
    }

    /// `grpc.health.v1.Health/Check`: SERVING for the whole server ("") and for each of `services`.
    func addHealthRoute(to router: Router<SurfaceContext>, services: [String]) {
        addUnary(to: router, service: "grpc.health.v1.Health", method: "Check") { message in
            let service = try Self.healthCheckService(message)
            guard service.isEmpty || services.contains(service) else { throw GRPCStatus(.notFound, "unknown service \"\(service)\"") }
            return [0x08, 0x01]  // HealthCheckResponse { status: SERVING }
        }
    }

    /// UNIMPLEMENTED for every method of other services, as gRPC servers answer.
    func addFallback(to router: Router<SurfaceContext>) { addFallback(to: router, at: "**") }

    private func addFallback(to router: Router<SurfaceContext>, at path: RouterPath) {
        router.post(path) { request, _ in
            guard request.headers[.contentType]?.hasPrefix("application/grpc") == true else { return Self.notGRPC }
            return GRPCResponse.make(nil, GRPCStatus(.unimplemented, "unknown method \(request.uri.path)"))
        }
    }

    private static var notGRPC: Response {
        .text("this port speaks gRPC (Content-Type application/grpc); OTLP over HTTP has a port of its own\n", status: .unsupportedMediaType)
    }

    private func addUnary(
        to router: Router<SurfaceContext>, service: String, method: String, _ body: @escaping @Sendable ([UInt8]) async throws -> [UInt8]
    ) {
        // The router does not come back from a service's node to the general fallback.
        addFallback(to: router, at: "/\(service)/**")
        router.post("/\(service)/\(method)") { request, _ in
            do {
                guard let call = try GRPCRequest(request, limits: limits.grpc) else { return Self.notGRPC }
                return GRPCResponse.make(try await body(try await call.message()))
            } catch {
                return GRPCResponse.make(nil, GRPCStatus(error))
            }
        }
    }

    /// Field 1 of `HealthCheckRequest`.
    private static func healthCheckService(_ message: [UInt8]) throws(GRPCStatus) -> String {
        do throws(ByteError) {
            return try message.withUnsafeBufferPointer { (bytes) throws(ByteError) in
                var cursor = ProtobufCursor(bytes)
                var service = ""
                while let field = try cursor.next() {
                    if field.number == 1, field.wire == .lengthDelimited { service = try cursor.readString() } else { try cursor.skip(field.wire) }
                }
                return service
            }
        } catch {
            throw GRPCStatus(.invalidArgument, "HealthCheckRequest is malformed: \(error)")
        }
    }
}
