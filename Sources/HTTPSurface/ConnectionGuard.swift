import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands between the HTTP/1 decoder and the application on every connection.
///
/// What is not HTTP gets an answer in words (400, or 431 when a header was too large) instead of silence; an answer that says
/// `Connection: close` does end the connection, without waiting for a body that was refused; a request that stalls is cut off;
/// who works long on an answer hears when nobody waits for it any more.
package final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// A request must bring its next part within this time.
    private let stallTimeout: TimeAmount
    /// How long a closed-for-writing connection still reads, so that the peer gets to read the answer.
    private static let linger = TimeAmount.milliseconds(500)

    private var answering = false
    private var closing = false
    private var reading = false
    private var lastRead = NIODeadline.now()
    private var stallCheck: Scheduled<Void>?
    private var hasLeft = false
    private var departure: (@Sendable () -> Void)?

    package init(stallTimeout: TimeAmount = .seconds(60)) { self.stallTimeout = stallTimeout }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !closing else { return }
        lastRead = .now()
        switch unwrapInboundIn(data) {
        case .head:
            reading = true
            answering = true
            watch(context)
        case .body: break
        case .end:
            reading = false
            stallCheck?.cancel()
            stallCheck = nil
        }
        context.fireChannelRead(data)
    }

    private func watch(_ context: ChannelHandlerContext) {
        guard stallCheck == nil else { return }
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        stallCheck = context.eventLoop.scheduleTask(in: stallTimeout) {
            let (guardian, context) = loopBound.value
            guardian.stallCheck = nil
            guard guardian.reading else { return }
            if NIODeadline.now() - guardian.lastRead >= guardian.stallTimeout { context.close(promise: nil) } else { guardian.watch(context) }
        }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headerFields[.connection]?.lowercased() == "close" { closing = true }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            answering = false
            if closing {
                context.writeAndFlush(data, promise: promise)
                finish(context)
            } else {
                context.write(data, promise: promise)
            }
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        context.close(mode: .output, promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.linger) { loopBound.value.close(promise: nil) }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError, !closing else {
            context.fireErrorCaught(error)
            return
        }
        closing = true
        guard !answering else {
            context.close(promise: nil)
            return
        }
        let (status, sentence): (HTTPResponse.Status, String) = parserError == .headerOverflow
            ? (.requestHeaderFieldsTooLarge, "the request's headers are too large; at most 80 KiB are taken")
            : (.badRequest, "this is not a valid HTTP/1.1 request: \(parserError)")
        var body = context.channel.allocator.buffer(capacity: 128)
        body.writeString(sentence + "\n")
        let fields: HTTPFields = [.contentType: "text/plain; charset=utf-8", .contentLength: "\(body.readableBytes)", .connection: "close"]
        context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        finish(context)
    }

    // MARK: Departure

    /// Calls `action`, on the event loop, when the peer closes its side or the connection ends; at once when that has happened. It takes the place
    /// of what was asked for earlier: a connection has one request at a time.
    package func whenPeerLeaves(_ action: @escaping @Sendable () -> Void) {
        if hasLeft { action() } else { departure = action }
    }

    private func leave() {
        hasLeft = true
        departure?()
        departure = nil
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { stallCheck?.cancel() }
    package func channelInactive(context: ChannelHandlerContext) {
        stallCheck?.cancel()
        leave()
        context.fireChannelInactive()
    }
}
