/// How a pool speaks to its targets.
package struct ScrapeHTTPOptions: Hashable, Sendable {
    /// Text that stands in the configuration, or in a file that is read anew for every scrape.
    package enum Secret: Hashable, Sendable {
        case inline(String)
        case file(String)

        package var file: String? { if case .file(let path) = self { path } else { nil } }
    }

    package enum Authorization: Hashable, Sendable {
        case none
        case basic(username: Secret, password: Secret)
        /// `Authorization: <type> <credentials>`.
        case credentials(type: String, Secret)
    }

    /// Certificates and keys are PEM. A file of theirs that changes is in force from the next scrape on.
    package struct TLS: Hashable, Sendable {
        /// Who may have signed the target's certificate; nil for those whom the machine trusts.
        package var authority: Secret?
        package var certificate: Secret?
        package var key: Secret?
        /// The name that the target's certificate must be for; nil for the one in its address.
        package var serverName: String?
        package var skipsVerification = false
        /// `TLS10` to `TLS13`; nil for the standard ones.
        package var minimumVersion: String?
        package var maximumVersion: String?
        package init() {}
    }

    /// A header sent with each scrape, beside its own.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var value: Secret

        package init(name: String, value: Secret) {
            self.name = name
            self.value = value
        }
    }

    /// An HTTP proxy between this and the targets.
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

    package var authorization = Authorization.none
    package var tls: TLS?
    package var headers: [Header] = []
    package var proxy: Proxy?
    package var followsRedirects = true
    package init() {}
}
