import Acquisition
import AsyncHTTPClient
import Bytes
import NIOSSL

/// How a command asks a Prometheus that may want TLS and a password: as a file says, in the format that promtool takes with `--http.config.file`;
/// without a file, as the stack that runs on the data folder left word there.
package struct ClientAccess: Sendable {
    private var options = ScrapeHTTPOptions()
    private var token = ""
    /// Whether the running stack's 9090 wants TLS.
    private var usesTLS = false

    package init() {}

    /// Throws what is wrong with the file. A stack that does not run any more leaves no word.
    package init(file: String?, running: RunFile?) throws(ConfigurationError) {
        let running = running?.isAlive == true ? running : nil
        usesTLS = running?.usesTLS ?? false
        guard let file else {
            token = running?.token ?? ""
            return
        }
        var top = try YAMLSection.document(try ConfigurationFolder.text(file, isNamed: true) ?? "", file: file)
        var notServed: [String] = []
        options = try top.httpOptions(&notServed)
        try top.refuseUnknown()
        if options.tls?.serverName != nil { notServed.append("\(file): tls_config.server_name") }
        if let first = notServed.first { throw ConfigurationError(file: file, line: nil, reason: "\(first) is not served here") }
        if running == nil { usesTLS = options.tls != nil }
    }

    package var scheme: String { usesTLS ? "https" : "http" }

    /// What goes with every request; reads files.
    package func headers() throws -> [(name: String, value: String)] {
        var headers = try options.headers.map { (name: $0.name, value: try Self.text($0.value)) }
        switch options.authorization {
        case .none: if !token.isEmpty { headers.append(("Authorization", "Bearer \(token)")) }
        case .basic(let name, let password): headers.append(("Authorization", "Basic " + Base64.encode(Array("\(try Self.text(name)):\(try Self.text(password))".utf8))))
        case .credentials(let type, let credentials): headers.append(("Authorization", "\(type) \(try Self.text(credentials))"))
        }
        return headers
    }

    /// The stack on this machine is known by its data folder, so its certificate proves nothing more.
    package func clientConfiguration(_ decompression: HTTPClient.Decompression = .disabled) throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(decompression: decompression)
        configuration.tlsConfiguration = try options.tls?.clientConfiguration()
        if configuration.tlsConfiguration == nil, usesTLS, !token.isEmpty {
            var unverified = TLSConfiguration.makeClientConfiguration()
            unverified.certificateVerification = .none
            configuration.tlsConfiguration = unverified
        }
        configuration.proxy = options.proxy?.forClient
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    private static func text(_ secret: ScrapeHTTPOptions.Secret) throws -> String {
        switch secret {
        case .inline(let text): return text
        case .file(let path):
            guard let text = try ConfigurationFolder.text(path, isNamed: true) else { return "" }
            let isBlank = { (character: Character) in character.isWhitespace }
            return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        }
    }
}
