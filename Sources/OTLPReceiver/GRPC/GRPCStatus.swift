import OTLP
import Pipelines

/// How a call ended.
///
/// Source: grpc `doc/statuscodes.md`.
struct GRPCStatus: Error, Equatable {
    enum Code: Int {
        case ok = 0, invalidArgument = 3, deadlineExceeded = 4, notFound = 5, resourceExhausted = 8, unimplemented = 12, `internal` = 13, unavailable = 14

        /// The code that `google.rpc.Status` carries beside an HTTP status.
        init(httpStatus: Int) {
            self = switch httpStatus {
            case 400, 415: .invalidArgument
            case 413: .resourceExhausted
            case 429, 503: .unavailable
            default: .internal
            }
        }
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String = "") {
        self.code = code
        self.message = message
    }

    /// What a failed export tells its caller.
    init(_ error: any Error) {
        switch error {
        case let status as GRPCStatus: self = status
        case let error as OTLPError: self.init(.invalidArgument, error.description)
        case PipelineError.full, PipelineError.unavailable: self.init(.unavailable, "\(error)")
        case PipelineError.tooLarge: self.init(.resourceExhausted, "\(error)")
        case is PipelineError: self.init(.internal, "\(error)")
        default: self.init(.internal, "the message could not be read: \(error)")
        }
    }

    /// The message as a header carries it: all but printable ASCII, and `%`, percent-encoded.
    var encodedMessage: String {
        var out = ""
        for byte in message.utf8 {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                out.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += digits.count < 2 ? "%0" + digits : "%" + digits
            }
        }
        return out
    }
}
