/// The two encodings of OTLP over HTTP.
package enum OTLPEncoding: Sendable {
    case protobuf, json

    /// By a `Content-Type`, parameters ignored; nil for what is neither.
    package init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch type {
        case "application/x-protobuf", "application/protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    package var contentType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }
}
