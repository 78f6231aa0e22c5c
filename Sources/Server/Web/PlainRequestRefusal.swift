import NIOCore

/// Tells somebody who speaks plain HTTP to a door with TLS what is wrong, in Go's words (net/http `server.go`), and takes itself away otherwise.
final class PlainRequestRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let starts: Set<String> = ["GET /", "HEAD ", "POST ", "PUT /", "OPTIO"]
    private static let answer = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        let bytes = unwrapInboundIn(data)
        guard let start = bytes.getString(at: bytes.readerIndex, length: min(5, bytes.readableBytes)), Self.starts.contains(start) else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            return
        }
        isRefused = true
        // Past the TLS handler, which stands behind this one.
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: Self.answer))).whenComplete { _ in loopBound.value.close(promise: nil) }
    }
}
