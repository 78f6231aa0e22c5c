/// How a gRPC call ended (grpc `doc/statuscodes.md`).
struct GRPCStatus: Sendable, Equatable {
    var code: Int
    var message: String

    static let unavailable = 14

    /// From a response without a status of its own (grpc `doc/http-grpc-status-mapping.md`).
    init(httpStatus: Int) {
        code = [429, 502, 503, 504].contains(httpStatus) ? Self.unavailable : httpStatus == 401 ? 16 : httpStatus == 403 ? 7 : httpStatus == 404 ? 12 : 2
        message = "HTTP status \(httpStatus)"
    }

    init(code: Int, message: String) {
        self.code = code
        self.message = message
    }

    /// What it means to an exporter of OTLP (opentelemetry-proto `docs/specification.md`, "Failures").
    var outcome: ExportOutcome {
        switch code {
        case 0: .delivered
        // Cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
        case 1, 4, 10, 11, 14, 15: .retry(reason: "gRPC status \(code): \(message)", afterSeconds: nil)
        default: .refused(reason: "gRPC status \(code): \(message)")
        }
    }

    /// Undoes the percent-encoding of `grpc-message`.
    static func unescaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
