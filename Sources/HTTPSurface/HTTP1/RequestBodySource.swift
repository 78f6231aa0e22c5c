import NIOCore

/// Where a connection puts the body of a request while it comes in; the request's reader takes it from the other end.
struct RequestBodySource {
    typealias Producer = NIOThrowingAsyncSequenceProducer<ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Reader>

    /// What the reader does that the connection must hear of.
    struct Reader: NIOAsyncSequenceProducerDelegate {
        let connection: NIOLoopBound<HTTP1Connection>
        let loop: any EventLoop
        func produceMore() { loop.execute { connection.value.resumeBody() } }
        func didTerminate() { loop.execute { connection.value.resumeBody() } }
    }

    private let source: Producer.Source

    static func make(for connection: NIOLoopBound<HTTP1Connection>, on loop: any EventLoop) -> (Producer, RequestBodySource) {
        let made = Producer.makeSequence(
            elementType: ByteBuffer.self, failureType: (any Error).self, backPressureStrategy: .init(lowWatermark: 2, highWatermark: 8), finishOnDeinit: false,
            delegate: Reader(connection: connection, loop: loop))
        return (made.sequence, RequestBodySource(source: made.source))
    }

    /// Whether there is room for more. What nobody reads any more is dropped, and there is always room for that.
    func yield(_ buffer: ByteBuffer) -> Bool {
        if case .stopProducing = source.yield(buffer) { return false }
        return true
    }

    func finish(_ error: (any Error)?) {
        if let error { source.finish(error) } else { source.finish() }
    }
}
