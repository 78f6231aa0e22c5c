/// By which door telemetry came in, in the words of the collector's self-metrics.
package struct TelemetryOrigin: Hashable, Sendable {
    package let receiver: String
    package let transport: String

    package init(receiver: String, transport: String) {
        self.receiver = receiver
        self.transport = transport
    }

    package static let otlpHTTP = TelemetryOrigin(receiver: "otlp", transport: "http")
    package static let otlpGRPC = TelemetryOrigin(receiver: "otlp", transport: "grpc")
}
