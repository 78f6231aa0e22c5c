import NIOCore
import NIOHTTP1

/// One unary call on one HTTP/2 stream: sends the request when the stream stands, and tells how the call ended.
final class GRPCCallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: ByteBuffer
    private let promise: EventLoopPromise<GRPCStatus>
    private var httpStatus = 0
    private var status: GRPCStatus?

    /// `promise` is kept, whatever happens.
    init(_ head: HTTPRequestHead, _ body: ByteBuffer, _ promise: EventLoopPromise<GRPCStatus>) {
        self.head = head
        self.body = body
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            httpStatus = Int(head.status.code)
            note(head.headers)
        // An export's answer tells of partial success at most, and nothing that is to be sent again.
        case .body: break
        case .end(let trailers):
            if let trailers { note(trailers) }
            promise.succeed(status ?? GRPCStatus(httpStatus: httpStatus))
            context.close(promise: nil)
        }
    }

    private func note(_ headers: HTTPHeaders) {
        guard let code = headers.first(name: "grpc-status").flatMap({ Int($0) }) else { return }
        status = GRPCStatus(code: code, message: GRPCStatus.unescaped(headers.first(name: "grpc-message") ?? ""))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(status ?? GRPCStatus(code: GRPCStatus.unavailable, message: "the connection was closed"))
        context.fireChannelInactive()
    }
}
