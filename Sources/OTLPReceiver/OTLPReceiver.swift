import Bytes
import HTTPSurface
import Hummingbird
import OTLP
import Pipelines

/// OTLP's doors: HTTP on 4318 and gRPC on 4317, for every signal that the intake takes.
///
/// Source: opentelemetry-proto `docs/specification.md`; grpc `doc/PROTOCOL-HTTP2.md`. Messages are framed and answered here on plain
/// HTTP/2, since a unary call needs no more.
package struct OTLPReceiver: Sendable {
    package struct Limits: Sendable {
        /// Bodies over HTTP.
        package var http: BodyLimits
        /// Messages over gRPC.
        package var grpc: BodyLimits

        package init(
            http: BodyLimits = BodyLimits(encodedBytesMax: 20 << 20, decodedBytesMax: 64 << 20),
            grpc: BodyLimits = BodyLimits(encodedBytesMax: 20 << 20, decodedBytesMax: 64 << 20)
        ) {
            self.http = http
            self.grpc = grpc
        }
    }

    let intake: TelemetryIntake
    let limits: Limits

    package init(intake: TelemetryIntake, limits: Limits = Limits()) {
        self.intake = intake
        self.limits = limits
    }

    /// Adds `POST /v1/traces` and `POST /v1/metrics`.
    package func addHTTPRoutes(to router: Router<SurfaceContext>) {
        addHTTPRoute(to: router, at: "/v1/traces", Self.traces)
        addHTTPRoute(to: router, at: "/v1/metrics", Self.metrics)
    }

    /// Adds metrics alone under another path, such as Prometheus's `/api/v1/otlp/v1/metrics`.
    package func addMetricsRoute(to router: Router<SurfaceContext>, at path: RouterPath) { addHTTPRoute(to: router, at: path, Self.metrics) }

    /// Adds the export services and the health service; every other method answers UNIMPLEMENTED. For a router of its own,
    /// served over HTTP/2.
    package func addGRPCRoutes(to router: Router<SurfaceContext>) {
        addGRPCRoute(to: router, service: "opentelemetry.proto.collector.trace.v1.TraceService", Self.traces)
        addGRPCRoute(to: router, service: "opentelemetry.proto.collector.metrics.v1.MetricsService", Self.metrics)
        addHealthRoute(to: router, services: [
            "opentelemetry.proto.collector.trace.v1.TraceService", "opentelemetry.proto.collector.metrics.v1.MetricsService",
        ])
        addFallback(to: router)
    }
}
