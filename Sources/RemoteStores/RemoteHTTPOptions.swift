/// How a remote store is spoken to over HTTP.
package struct RemoteHTTPOptions: Hashable, Sendable {
    /// Text that stands in the configuration, or in a file that is read anew for every request.
    package enum Secret: Hashable, Sendable {
        case inline(String)
        case file(String)
    }

    package enum Authorization: Hashable, Sendable {
        case none
        case basic(username: Secret, password: Secret)
        /// `Authorization: <type> <credentials>`.
        case credentials(type: String, Secret)
    }

    /// Certificates and keys are PEM, read when the sender begins.
    package struct TLS: Hashable, Sendable {
        /// Who may have signed the receiver's certificate; nil for those whom the machine trusts.
        package var authority: Secret?
        package var certificate: Secret?
        package var key: Secret?
        /// The name that the receiver's certificate must be for; nil for the one in its address.
        package var serverName: String?
        package var skipsVerification = false
        /// `TLS10` to `TLS13`; nil for the standard ones.
        package var minimumVersion: String?
        package var maximumVersion: String?
        package init() {}
    }

    /// An HTTP proxy between this and the receiver.
    package struct Proxy: Hashable, Sendable {
        package var host: String
        package var port: Int
        /// `name:password`; nil for none.
        package var credentials: String?

        package init(host: String, port: Int, credentials: String? = nil) {
            self.host = host
            self.port = port
            self.credentials = credentials
        }
    }

    /// A header whose value may be in a file.
    package struct SecretHeader: Hashable, Sendable {
        package var name: String
        package var value: Secret
        package init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var url: String
    package var timeoutMillis: Int64 = 30_000
    package var headers: [Header] = []
    package var authorization = Authorization.none
    package var tls: TLS?
    package var proxy: Proxy?
    /// Beside `headers`.
    package var secretHeaders: [SecretHeader] = []
    package var followsRedirects = true

    package init(url: String) { self.url = url }
}
