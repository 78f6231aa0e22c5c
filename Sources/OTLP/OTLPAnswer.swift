import Bytes

/// What a receiver of OTLP answers: export responses (opentelemetry/proto/collector/**) and `google.rpc.Status`.
package enum OTLPAnswer {
    /// `ExportTraceServiceResponse`.
    package static func traces(rejected: Int, message: String, as encoding: OTLPEncoding) -> [UInt8] {
        export(rejected: rejected, message: message, as: encoding, .exportTracesResponse)
    }

    /// `ExportMetricsServiceResponse`.
    package static func metrics(rejected: Int, message: String, as encoding: OTLPEncoding) -> [UInt8] {
        export(rejected: rejected, message: message, as: encoding, .exportMetricsResponse)
    }

    /// `google.rpc.Status`; `code` is a gRPC status code.
    package static func status(code: Int, message: String, as encoding: OTLPEncoding) -> [UInt8] {
        var out = ByteWriter()
        if code != 0 { out.appendField(1, varint: UInt64(code)) }
        out.appendNonEmpty(2, message)
        return encoded(out, as: encoding, .rpcStatus)
    }

    private static func export(rejected: Int, message: String, as encoding: OTLPEncoding, _ schema: Schema) -> [UInt8] {
        var out = ByteWriter()
        if rejected != 0 || !message.isEmpty || encoding == .json {
            out.appendMessage(1) { out in
                if rejected != 0 { out.appendField(1, varint: UInt64(rejected)) }
                out.appendNonEmpty(2, message)
            }
        }
        return encoded(out, as: encoding, schema)
    }

    private static func encoded(_ message: borrowing ByteWriter, as encoding: OTLPEncoding, _ schema: Schema) -> [UInt8] {
        switch encoding {
        case .protobuf: message.array()
        case .json: message.withBytes { JSONTranscoder.json(protobuf: $0, as: schema) }
        }
    }
}
