/// How a remote store is spoken to over HTTP.
package struct RemoteHTTPOptions: Hashable, Sendable {
    /// Text that stands in the configuration, or in a file that is read anew for every request.
    package enum Secret: Hashable, Sendable {
        case inline(String)
        case file(String)
    }

    package enum Authorization: Hashable, Sendable {
        case none
        case basic(username: String, password: Secret)
        /// `Authorization: <type> <credentials>`.
        case credentials(type: String, Secret)
    }

    package struct TLS: Hashable, Sendable {
        package var caFile: String?
        package var certificateFile: String?
        package var keyFile: String?
        package var skipsVerification = false
        package init() {}
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
    package var followsRedirects = true

    package init(url: String) { self.url = url }
}
