/// What fetches an exposition. The server gives one over HTTP; tests give a script.
package protocol ScrapeTransport: Sendable {
    /// Sends one `GET` and returns the answer whatever its status. The body is handed over as it came, still compressed where
    /// `contentEncoding` says so. Must give up at `timeoutNanos`, at `bodyBytesMax`, and when the task is cancelled.
    func fetch(_ request: ScrapeRequest) async throws(ScrapeFailure) -> ScrapeResponse
}

/// One `GET` to a target.
package struct ScrapeRequest: Sendable {
    package let url: String
    /// `Accept`, `Accept-Encoding`, `User-Agent`, `X-Prometheus-Scrape-Timeout-Seconds`, and `Authorization` and others where configured.
    package let headers: [(name: String, value: String)]
    /// For connecting, sending and reading together.
    package let timeoutNanos: UInt64
    /// The most bytes of body to take, as they come over the wire.
    package let bodyBytesMax: Int
    package let followsRedirects: Bool
    package let tls: ScrapeHTTPOptions.TLS?
    package let proxy: ScrapeHTTPOptions.Proxy?
}

/// A target's answer.
package struct ScrapeResponse: Sendable {
    package let status: Int
    /// The reason phrase.
    package let reason: String
    package let contentType: String
    package let contentEncoding: String
    package let body: [UInt8]

    package init(status: Int, reason: String, contentType: String, contentEncoding: String = "", body: [UInt8]) {
        self.status = status
        self.reason = reason
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.body = body
    }
}

/// Why there is no answer.
package enum ScrapeFailure: Error, Equatable, Sendable {
    case timeout
    case bodyTooLarge
    /// Resolving, connecting, TLS or HTTP failed, in the transport's words.
    case connection(String)
    case cancelled
}
