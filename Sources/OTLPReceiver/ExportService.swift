import OTLP
import Pipelines

/// What one signal does with a body: decode, store, answer. A further signal is a further value.
struct ExportService: Sendable {
    /// Decodes a body and stores what it holds. Throws `OTLPError` or `PipelineError`. The bytes are read only before the store is called.
    let export: @Sendable (_ body: DecodedBody, _ intake: TelemetryIntake, _ origin: TelemetryOrigin) async throws -> PartialSuccess
    /// Encodes the export response.
    let answer: @Sendable (PartialSuccess, OTLPEncoding) -> [UInt8]
}

/// A decompressed body and its encoding.
struct DecodedBody: Sendable {
    let bytes: [UInt8]
    let encoding: OTLPEncoding
}

extension OTLPReceiver {
    static let traces = ExportService(
        export: { body, intake, origin in
            let batch = switch body.encoding {
            case .protobuf: try OTLPTraces.decode(protobuf: body.bytes)
            case .json: try OTLPTraces.decode(json: body.bytes)
            }
            return try await intake.traces(batch, from: origin)
        },
        answer: { OTLPAnswer.traces(rejected: $0.rejected, message: $0.message, as: $1) })

    static let metrics = ExportService(
        export: { body, intake, origin in
            let options = intake.options.metricTranslation
            let translation = switch body.encoding {
            case .protobuf: try OTLPMetrics.translate(protobuf: body.bytes, options: options)
            case .json: try OTLPMetrics.translate(json: body.bytes, options: options)
            }
            return try await intake.metrics(
                translation,
                body: {
                    switch body.encoding {
                    case .protobuf: body.bytes
                    case .json: (try? OTLPMetrics.protobuf(json: body.bytes)) ?? []
                    }
                }, from: origin)
        },
        answer: { OTLPAnswer.metrics(rejected: $0.rejected, message: $0.message, as: $1) })

    /// Runs a service within the intake's memory limit.
    func run(_ service: ExportService, _ body: DecodedBody, from origin: TelemetryOrigin) async throws -> PartialSuccess {
        try intake.admit(bytes: body.bytes.count)
        defer { intake.release(bytes: body.bytes.count) }
        return try await service.export(body, intake, origin)
    }
}
