import HTTPSurface
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// A connection with TLS before it: HTTP/1.1, or HTTP/2 where both sides have it (ALPN, RFC 7301).
struct SecureConnection: Sendable {
    let security: DoorSecurity
    let idleSeconds: Int64
    let logger: Logger
    let answer: HTTP1Connection.Answer

    /// To be called on the channel's event loop.
    func configure(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let tls = NIOSSLServerHandler(context: security.context, customVerificationCallback: security.verification, configuration: .init())
        try pipeline.addHandlers([PlainRequestRefusal(), tls, HandshakeLimit()])
        guard security.allowsHTTP2 else { return try HTTP1Connection.configure(channel, isSecure: true, logger: logger, answer: answer) }
        try pipeline.addHandler(ApplicationProtocolNegotiationHandler { outcome, channel in
            if case .negotiated("h2") = outcome { return serveHTTP2(channel) }
            return channel.eventLoop.makeCompletedFuture { try HTTP1Connection.configure(channel, isSecure: true, logger: logger, answer: answer) }
        })
    }

    private func serveHTTP2(_ channel: any Channel) -> EventLoopFuture<Void> {
        let wire = HTTP2Channel(
            responder: { [answer, logger] request, writer, stream in
                var response: Response
                do {
                    response = try await answer(request, SurfaceContext(source: ApplicationRequestContextSource(channel: stream, logger: logger)))
                } catch {
                    logger.debug("a request was not answered: \(error)")
                    response = Response(status: .internalServerError)
                }
                response.headers[.date] = HTTPDate.now
                // A stream ends with its answer; HTTP/2 has no such field (RFC 9113, 8.2.2).
                response.headers[.connection] = nil
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(idleTimeout: .seconds(idleSeconds), gracefulCloseTimeout: .seconds(5)))
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(DrainLimit(), position: .after(pipeline.handler(type: NIOSSLServerHandler.self)))
        }.flatMap {
            wire.setup(channel: channel, logger: logger)
        }.map { [logger] connection in
            Task { await wire.handle(value: connection, logger: logger) }
        }
    }
}
