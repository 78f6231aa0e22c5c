import HTTPTypes
import Hummingbird
import NIOCore

/// Takes the pieces of an answer from the task that makes it, and hands them to the connection: a short answer at once, a long one in parts, of which
/// one is on its way while the next is made.
final class AnswerWriter: ResponseBodyWriter {
    /// Bytes that are held before they are sent.
    private static let partBytes = 128 << 10

    var head: HTTPResponse?
    private let connection: NIOLoopBound<HTTP1Connection>
    private let loop: any EventLoop
    private var held: [ByteBuffer] = []
    private var heldBytes = 0
    private var inFlight: EventLoopFuture<Void>?

    init(_ connection: NIOLoopBound<HTTP1Connection>, on loop: any EventLoop) {
        self.connection = connection
        self.loop = loop
    }

    func write(_ buffer: ByteBuffer) async throws {
        held.append(buffer)
        heldBytes += buffer.readableBytes
        guard heldBytes >= Self.partBytes else { return }
        try await inFlight?.get()
        let promise = loop.makePromise(of: Void.self)
        inFlight = promise.futureResult
        loop.execute { [connection, head, held] in connection.value.write(head, held, end: nil, promise: promise) }
        (head, held, heldBytes) = (nil, [], 0)
    }

    func finish(_ trailers: HTTPFields?) async throws {
        try await inFlight?.get()
        loop.execute { [connection, head, held] in connection.value.write(head, held, end: .some(trailers), promise: nil) }
    }

    /// Ends the connection: what was begun cannot be ended in order.
    func abandon() { loop.execute { [connection] in connection.value.abandon() } }
}
