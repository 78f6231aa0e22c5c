/// Sends bodies over HTTP; who builds the stack brings one.
package protocol AlertTransport: Sendable {
    /// Posts JSON and returns the answer's status and the beginning of its body. Must return within the request's time.
    func post(_ request: AlertRequest) async throws(AlertTransportFailure) -> AlertResponse
}

/// A body on its way.
package struct AlertRequest: Sendable {
    /// The whole address; in a file it is read when the request is made.
    package let url: DeliveryHTTP.Secret
    package let body: [UInt8]
    package let userAgent: String
    package let timeoutMillis: Int64
    package let http: DeliveryHTTP
}

package struct AlertResponse: Sendable {
    package let status: Int
    /// At most a few hundred bytes, for messages.
    package let body: String

    package init(status: Int, body: String) {
        self.status = status
        self.body = body
    }
}

/// Why there was no answer.
package enum AlertTransportFailure: Error, Equatable, Sendable {
    case timeout
    /// Resolving, connecting, TLS or HTTP failed, in the transport's words.
    case connection(String)
    /// A file with a secret or an address cannot be used, or the address is none.
    case unusable(String)
    case cancelled
}

extension AlertTransportFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .timeout: "context deadline exceeded"
        case .connection(let reason), .unusable(let reason): reason
        case .cancelled: "context canceled"
        }
    }
}
