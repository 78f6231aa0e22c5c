import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The last handler of an HTTP/1 connection, and what answers on it: one task a request, one request at a time.
///
/// Hummingbird's own channel costs a connection a dozen changes of thread, which is more than a small query does; here a request wakes the task that answers
/// it, and the answer wakes the event loop. What is not HTTP gets an answer in words (400, or 431 when a header was too large) instead of silence; an
/// answer that says `Connection: close` does end the connection, without waiting for a body that was refused; a request that stalls is cut off, and a connection
/// that is idle; who works long on an answer hears when nobody waits for it any more.
package final class HTTP1Connection: ChannelDuplexHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart
    package typealias Answer = @Sendable (Request, SurfaceContext) async throws -> Response

    /// Which requests' handlers do next to nothing before they go elsewhere by themselves: they are begun on the event loop.
    package typealias GoesElsewhere = @Sendable (HTTPRequest) -> Bool

    /// How long a connection may do what.
    package struct Patience: Sendable {
        /// A request must bring its next part within this time.
        package var stall = TimeAmount.seconds(60)
        /// Between requests.
        package var idle = TimeAmount.seconds(120)
        package init() {}
    }

    /// How long a connection closed for writing still reads, so that the peer gets to read the answer.
    private static let linger = TimeAmount.milliseconds(500)
    /// Parts of requests that came before their turn; with more of them nothing is read.
    private static let queuedMax = 32

    private let answer: Answer
    private let goesElsewhere: GoesElsewhere
    private let onLoop: LoopExecutor
    private let patience: Patience
    private let logger: Logger
    private var context: ChannelHandlerContext?

    /// A head whose body, or the lack of one, is not known yet.
    private var head: HTTPRequest?
    /// Where the body that comes in goes; nil where there is none, or nobody reads it any more.
    private var body: RequestBodySource?
    /// Whether a request is being answered, and whether all of it has come.
    private var isAnswering = false
    private var isWhole = true
    private var departure: Departure?
    private var queued = CircularBuffer<HTTPRequestPart>()
    /// The connection ends with the answer that is under way, or has ended for writing.
    private var endsAfterAnswer = false
    private var isClosing = false
    private var hasInputEnded = false
    /// Nothing is read while the body's reader, or the queue, has enough; a wish to read is kept.
    private var isBodyFull = false
    private var wantsRead = false
    private var lastActivity = NIODeadline.now()
    private var watch: Scheduled<Void>?

    init(_ loop: any EventLoop, patience: Patience, logger: Logger, goesElsewhere: @escaping GoesElsewhere, answer: @escaping Answer) {
        onLoop = LoopExecutor(loop)
        self.goesElsewhere = goesElsewhere
        self.answer = answer
        self.patience = patience
        self.logger = logger
    }

    /// Makes `channel` one on which requests are answered by `answer`. To be called on its event loop.
    package static func configure(
        _ channel: any Channel, isSecure: Bool = false, patience: Patience = Patience(), logger: Logger, goesElsewhere: @escaping GoesElsewhere = { _ in false }, answer: @escaping Answer
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 80 << 10
        limits.maxHeaderListSize = 80 << 10
        limits.maxHeaderFieldCount = 1_000
        // Header fields have been validated by their type; pipelining is this handler's.
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
        try pipeline.addHandlers(HTTP1ToHTTPServerCodec(secure: isSecure), HTTP1Connection(channel.eventLoop, patience: patience, logger: logger, goesElsewhere: goesElsewhere, answer: answer))
    }

    // MARK: What comes in

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastActivity = .now()
        keepWatch(context, patience.stall)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        watch?.cancel()
        self.context = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        lastActivity = .now()
        let part = unwrapInboundIn(data)
        if isAnswering && isWhole || !queued.isEmpty { queued.append(part) } else { take(part, context) }
    }

    /// Takes a part whose turn it is.
    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let request):
            head = request
            isWhole = false
            if request.headerFields[.connection]?.lowercased() == "close" { endsAfterAnswer = true }
        case .body(let buffer):
            if let head {
                let (stream, source) = RequestBodySource.make(for: NIOLoopBound(self, eventLoop: context.eventLoop), on: context.eventLoop)
                body = source
                begin(head, RequestBody(asyncSequence: stream), context)
            }
            if body?.yield(buffer) == false { isBodyFull = true }
        case .end:
            isWhole = true
            if let head {
                begin(head, RequestBody(buffer: ByteBuffer()), context)
            } else {
                body?.finish(nil)
                body = nil
                isBodyFull = false
                if !isAnswering { endTurn(context) }
            }
        }
    }

    /// Whoever reads the body has room for more, or does not want any.
    func resumeBody() {
        isBodyFull = false
        resume()
    }

    package func read(context: ChannelHandlerContext) {
        if isBodyFull || queued.count >= Self.queuedMax { wantsRead = true } else { context.read() }
    }

    private func resume() {
        guard wantsRead, !isBodyFull, queued.count < Self.queuedMax else { return }
        wantsRead = false
        context?.read()
    }

    // MARK: The answer

    private func begin(_ head: HTTPRequest, _ body: RequestBody, _ context: ChannelHandlerContext) {
        self.head = nil
        isAnswering = true
        let departure = Departure(hasLeft: hasInputEnded)
        self.departure = departure
        var surface = SurfaceContext(source: ApplicationRequestContextSource(channel: context.channel, logger: logger))
        surface.departure = departure
        let request = Request(head: head, body: body)
        let writer = AnswerWriter(NIOLoopBound(self, eventLoop: context.eventLoop), on: context.eventLoop)
        let task = Task(executorPreference: goesElsewhere(head) ? onLoop : nil) { [answer, logger, surface] in
            var response: Response
            do {
                response = try await answer(request, surface)
            } catch {
                logger.debug("a request was not answered: \(error)")
                response = Response(status: .internalServerError)
            }
            response.headers[.date] = HTTPDate.now
            writer.head = response.head
            do {
                // What is made while it is sent, compressed for example, is made elsewhere.
                try await withTaskExecutorPreference(response.body.contentLength == nil ? globalConcurrentExecutor : nil) { try await response.body.write(writer) }
            } catch {
                writer.abandon()
            }
        }
        departure.watched(task)
    }

    /// Writes a part of the answer, with `end` the last one. `promise` is kept when the pieces have been handed to the system.
    func write(_ head: HTTPResponse?, _ pieces: [ByteBuffer], end: HTTPFields??, promise: EventLoopPromise<Void>?) {
        guard let context, context.channel.isActive else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        if let head {
            if head.headerFields[.connection]?.lowercased() == "close" { endsAfterAnswer = true }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
        }
        let pieces = pieces.filter { $0.readableBytes > 0 }
        for piece in pieces.dropLast() { context.write(wrapOutboundOut(.body(piece)), promise: nil) }
        // The last piece's fate is all pieces' fate.
        if let last = pieces.last { context.write(wrapOutboundOut(.body(last)), promise: promise) } else { promise?.succeed() }
        guard let trailers = end else { return context.flush() }
        isAnswering = false
        departure?.forget()
        departure = nil
        lastActivity = .now()
        if endsAfterAnswer || hasInputEnded {
            // With nothing left to read, nothing can be lost by closing at once.
            let isDone = isWhole && queued.isEmpty
            let written = context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in if isDone { bound.value.close(promise: nil) } }
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: written)
            isClosing = true
            if !isDone { finish(context) }
        } else {
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
            if isWhole { endTurn(context) } else { body = nil; resumeBody() }
        }
    }

    /// An answer that was begun cannot be ended.
    func abandon() { context?.close(promise: nil) }

    /// The next request's turn, where one has come.
    private func endTurn(_ context: ChannelHandlerContext) {
        while !(isAnswering && isWhole), let part = queued.popFirst() { take(part, context) }
        if hasInputEnded, !isAnswering, queued.isEmpty { return context.close(promise: nil) }
        resume()
    }

    private func finish(_ context: ChannelHandlerContext) {
        isClosing = true
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.linger) { bound.value.close(promise: nil) }
    }

    // MARK: What goes wrong, and what ends

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError, !isClosing else {
            logger.debug("a connection ends: \(error)")
            context.close(promise: nil)
            return
        }
        guard !isAnswering else {
            context.close(promise: nil)
            return
        }
        let (status, sentence): (HTTPResponse.Status, String) = parserError == .headerOverflow
            ? (.requestHeaderFieldsTooLarge, "the request's headers are too large; at most 80 KiB are taken")
            : (.badRequest, "this is not a valid HTTP/1.1 request: \(parserError)")
        let body = context.channel.allocator.buffer(string: sentence + "\n")
        let fields: HTTPFields = [.contentType: "text/plain; charset=utf-8", .contentLength: "\(body.readableBytes)", .connection: "close"]
        context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        finish(context)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            hasInputEnded = true
            departure?.leave()
            if !isAnswering, !isClosing { context.close(promise: nil) }
        case is ChannelShouldQuiesceEvent:
            endsAfterAnswer = true
            if !isAnswering, head == nil, queued.isEmpty { context.close(promise: nil) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        watch?.cancel()
        departure?.leave()
        body?.finish(ChannelError.inputClosed)
        body = nil
        queued.removeAll()
        context.fireChannelInactive()
    }

    /// Looks, in `time`, whether the connection is to be cut off.
    private func keepWatch(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        watch = context.eventLoop.scheduleTask(in: time) {
            let (connection, context) = bound.value
            let silent = NIODeadline.now() - connection.lastActivity
            // While its answer is made, a whole request waits for us; a reader that has enough does, too.
            let isOurTurn = connection.isAnswering && connection.isWhole || connection.isBodyFull
            let patience = connection.isWhole ? connection.patience.idle : connection.patience.stall
            if !isOurTurn, silent >= patience { return context.close(promise: nil) }
            connection.keepWatch(context, isOurTurn ? connection.patience.stall : min(patience, .nanoseconds(max(1, patience.nanoseconds - silent.nanoseconds))))
        }
    }
}
