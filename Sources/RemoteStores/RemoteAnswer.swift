/// What a remote store answered to one request, or why it did not.
package enum RemoteAnswer: Sendable, Equatable {
    /// `message` is the beginning of the body; `retryAfterSeconds` what the receiver asked for.
    case answered(status: Int, message: String, retryAfterSeconds: Double?)
    /// No answer came: no connection, none in time, or one that broke off.
    case failed(String)
    /// The sender was told to stop.
    case cancelled
}

/// What sends bodies to a remote store.
package protocol RemoteTransport: Sendable {
    func post(_ body: [UInt8], _ headers: [RemoteHTTPOptions.Header]) async -> RemoteAnswer
    /// Lets go of connections. Called once, last.
    func close() async
}
