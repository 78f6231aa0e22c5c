/// How a webhook or an alert manager is spoken to.
package struct DeliveryHTTP: Hashable, Sendable {
    /// Text that stands in the configuration, or in a file that is read anew each time.
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

    package var authorization = Authorization.none
    package var tls: TLS?
    package var followsRedirects = true
    package init() {}
}
