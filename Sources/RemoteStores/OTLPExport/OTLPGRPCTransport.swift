import Bytes
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// OTLP over gRPC: unary calls over one HTTP/2 connection, made when it is needed and again when it is gone (grpc `doc/PROTOCOL-HTTP2.md`).
final class OTLPGRPCTransport: ExportTransport {
    private struct Connection {
        let channel: any Channel
        let streams: NIOHTTP2Handler.StreamMultiplexer
    }

    private let host: String
    private let port: Int
    private let tls: NIOSSLContext?
    /// The name that the certificate must be for, where it is not the host's.
    private let serverName: String?
    private let options: OTLPExportOptions
    private let group: any EventLoopGroup
    private let connection = Mutex<(future: EventLoopFuture<Connection>, number: Int)?>(nil)
    private let connectionsMade = Atomic<Int>(0)

    init(host: String, port: Int, tls: RemoteHTTPOptions.TLS?, _ options: OTLPExportOptions, eventLoopGroup: any EventLoopGroup) throws {
        self.host = host
        self.port = port
        self.options = options
        group = eventLoopGroup
        serverName = tls?.serverName
        self.tls = try tls.map { tls in
            var configuration = try tls.clientConfiguration()
            configuration.applicationProtocols = ["h2"]
            return try NIOSSLContext(configuration: configuration)
        }
    }

    func export(_ body: [UInt8]) async -> ExportOutcome {
        let message = options.isCompressed ? Compression.gzip.compress(body, level: 1) : body
        do {
            let (future, number) = connect()
            do {
                let status = try await call(try await future.get(), message)
                if status.code == GRPCStatus.unavailable { drop(number) }
                return status.outcome
            } catch {
                drop(number)
                throw error
            }
        } catch let error as NIOConnectionError {
            return .retry(reason: RemoteHTTPClient.reason(error), afterSeconds: nil)
        } catch {
            return Task.isCancelled ? .stopped : .retry(reason: "\(error)", afterSeconds: nil)
        }
    }

    private func connect() -> (EventLoopFuture<Connection>, Int) {
        connection.withLock { current in
            if let current { return current }
            let (tls, host) = (tls, serverName ?? host)
            let future = ClientBootstrap(group: group)
                .connectTimeout(.milliseconds(options.timeoutMillis))
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .connect(host: self.host, port: port)
                .flatMap { channel in
                    channel.eventLoop.submit {
                        if let tls {
                            let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
                            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                        }
                        let streams = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                            mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
                        ) { $0.close() }
                        return Connection(channel: channel, streams: streams)
                    }
                }
            let number = connectionsMade.add(1, ordering: .relaxed).newValue
            current = (future, number)
            // A connection that the other side closes is not tried again.
            future.whenSuccess { [weak self] made in made.channel.closeFuture.whenComplete { [weak self] _ in self?.drop(number) } }
            return (future, number)
        }
    }

    /// Has the next call connect anew, and ends what was.
    private func drop(_ number: Int) {
        let old = connection.withLock { current -> EventLoopFuture<Connection>? in
            guard let now = current, now.number == number else { return nil }
            current = nil
            return now.future
        }
        old?.whenSuccess { $0.channel.close(promise: nil) }
    }

    private func call(_ connection: Connection, _ message: [UInt8]) async throws -> GRPCStatus {
        let loop = connection.channel.eventLoop
        let promise = loop.makePromise(of: GRPCStatus.self)
        var body = ByteBufferAllocator().buffer(capacity: message.count + 5)
        body.writeInteger(UInt8(options.isCompressed ? 1 : 0))
        body.writeInteger(UInt32(message.count))
        body.writeBytes(message)
        let request = (head: head, body: body)
        let isSecure = tls != nil
        let stream = connection.streams.createStreamChannel { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: isSecure ? .https : .http))
                try channel.pipeline.syncOperations.addHandler(GRPCCallHandler(request.head, request.body, promise))
            }
        }
        stream.whenFailure { promise.fail($0) }
        let timeoutMillis = options.timeoutMillis
        let timer = loop.scheduleTask(in: .milliseconds(timeoutMillis)) {
            promise.succeed(GRPCStatus(code: 4, message: "no answer within \(timeoutMillis) ms"))
            stream.whenSuccess { $0.close(promise: nil) }
        }
        defer { timer.cancel() }
        return try await promise.futureResult.get()
    }

    private var head: HTTPRequestHead {
        var headers = HTTPHeaders([("host", "\(host):\(port)"), ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "obstack")])
        if options.isCompressed { headers.add(name: "grpc-encoding", value: "gzip") }
        for header in options.headers { headers.replaceOrAdd(name: header.name.lowercased(), value: header.value) }
        return HTTPRequestHead(version: HTTPVersion(major: 2, minor: 0), method: .POST, uri: options.signal.method, headers: headers)
    }

    func close() async {
        let old = connection.withLock { current in
            defer { current = nil }
            return current?.future
        }
        if let made = try? await old?.get() { try? await made.channel.close() }
    }
}
