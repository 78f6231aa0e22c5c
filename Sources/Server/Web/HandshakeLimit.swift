import NIOCore
import NIOTLS

/// Ends a connection on which nobody finishes the TLS handshake in time, so that silent ones do not fill the door. Stands behind the TLS handler.
final class HandshakeLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private static let limit = TimeAmount.seconds(10)
    private var end: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        end = context.eventLoop.scheduleTask(in: Self.limit) { loopBound.value.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            end?.cancel()
            end = nil
        }
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end?.cancel() }
}
