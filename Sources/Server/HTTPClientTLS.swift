import Acquisition
import AsyncHTTPClient
import Bytes
import NIOCore
import NIOSSL

extension PEMSource {
    init(_ secret: ScrapeHTTPOptions.Secret) {
        switch secret {
        case .inline(let text): self = .text(text)
        case .file(let path): self = .file(path)
        }
    }
}

extension ScrapeHTTPOptions.TLS {
    /// Files whose change means other connections.
    var files: [String] { [authority, certificate, key].compactMap { $0?.file } }

    /// Reads the files; blocks. Without versions, 1.2 is the least, as in Go.
    func clientConfiguration() throws(TLSMaterialError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = minimumVersion.flatMap { TLSVersionName(rawValue: $0)?.version } ?? .tlsv12
        configuration.maximumTLSVersion = maximumVersion.flatMap { TLSVersionName(rawValue: $0)?.version }
        if let authority { configuration.trustRoots = .certificates(try PEMSource(authority).certificates("ca")) }
        if let certificate, let key {
            configuration.certificateChain = try PEMSource(certificate).certificates("cert").map { .certificate($0) }
            configuration.privateKey = .privateKey(try PEMSource(key).privateKey("key"))
        }
        if skipsVerification { configuration.certificateVerification = .none }
        return configuration
    }
}

extension ScrapeHTTPOptions.Proxy {
    var forClient: HTTPClient.Configuration.Proxy {
        .server(host: host, port: port, authorization: credentials.map { .basic(credentials: Base64.encode(Array($0.utf8))) })
    }
}

/// A TLS handshake that failed, in a sentence.
enum TLSFailure {
    static func sentence(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "tls: failed to verify certificate: it is signed by nobody who is trusted, or has ended, or has not begun" }
        if error is NIOSSLExtraError { return "tls: failed to verify certificate: it is not for the name or address that was asked" }
        if text.contains("WRONG_VERSION_NUMBER") { return "tls: first record does not look like a TLS handshake" }
        if text.contains("CERTIFICATE_REQUIRED") || text.contains("HANDSHAKE_FAILURE_ON_CLIENT_HELLO") { return "tls: the server wants a client certificate, or nothing that both sides speak" }
        if text.contains("PROTOCOL_VERSION") { return "tls: protocol version not supported" }
        return "tls: \(text)"
    }
}
