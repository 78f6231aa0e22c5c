import Bytes
import NIOCore

/// OTLP over HTTP with protobuf bodies (opentelemetry-proto `docs/specification.md`, "OTLP/HTTP").
struct OTLPHTTPTransport: ExportTransport {
    private let client: RemoteHTTPClient
    private let headers: [RemoteHTTPOptions.Header]
    private let isCompressed: Bool

    init(url: String, tls: RemoteHTTPOptions.TLS?, _ options: OTLPExportOptions, eventLoopGroup: any EventLoopGroup) throws {
        var http = RemoteHTTPOptions(url: url)
        http.tls = tls
        http.timeoutMillis = options.timeoutMillis
        http.headers = options.headers
        client = try RemoteHTTPClient(http, eventLoopGroup: eventLoopGroup)
        isCompressed = options.isCompressed
        headers = [.init("Content-Type", "application/x-protobuf"), .init("User-Agent", "obstack")] + (isCompressed ? [.init("Content-Encoding", "gzip")] : [])
    }

    func export(_ body: [UInt8]) async -> ExportOutcome {
        Self.outcome(await client.post(isCompressed ? Compression.gzip.compress(body, level: 1) : body, headers))
    }

    static func outcome(_ answer: RemoteAnswer) -> ExportOutcome {
        switch answer {
        case .cancelled: .stopped
        case .failed(let reason): .retry(reason: reason, afterSeconds: nil)
        case .answered(200..<300, _, _): .delivered
        case .answered(let status, _, let seconds) where [429, 502, 503, 504].contains(status): .retry(reason: "HTTP status \(status)", afterSeconds: seconds)
        // The body is a status in protobuf as a rule, whose text can be read anyhow.
        case .answered(let status, let message, _): .refused(reason: "HTTP status \(status): \(message.filter { $0.isASCII && !$0.isNewline && $0 >= " " }.prefix(200))")
        }
    }

    func close() async { await client.close() }
}
