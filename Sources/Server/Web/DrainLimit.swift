import NIOCore

/// Ends an HTTP/2 connection that outlives its door: who does not answer the ping that goes with the farewell would keep the process from ending.
final class DrainLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// What answers under way have, too.
    private static let limit = TimeAmount.seconds(10)
    private var end: Scheduled<Void>?

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, end == nil {
            let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
            end = context.eventLoop.scheduleTask(in: Self.limit) { loopBound.value.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end?.cancel() }
}
