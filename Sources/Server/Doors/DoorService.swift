import HTTPSurface
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// One door as a service: binds, tells the board which port it got, serves, and on a graceful shutdown takes no new requests
/// and finishes those it has.
struct DoorService: Service {
    enum Wire { case http1, plaintextHTTP2 }

    let door: DoorName
    let wire: Wire
    let address: String
    let port: Int
    let responder: GuardedResponder
    /// Requests that may be begun on the event loop.
    var goesElsewhere: HTTP1Connection.GoesElsewhere = { _ in false }
    let board: DoorBoard
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    /// Connections a door holds at once; more wait in the backlog.
    private static let connectionsMax = 2_048
    private static let idleSeconds: Int64 = 120

    func run() async throws {
        do {
            switch wire {
            case .http1: try await serveHTTP1()
            case .plaintextHTTP2: try await serveHTTP2()
            }
        } catch {
            board.failed(door, reason: "\(door.title) cannot listen on \(address):\(port): \(error)")
            throw error
        }
    }

    private func serveHTTP1() async throws {
        // Connections live on the loop that takes them: handed to another, each would wake a second thread before its first byte is read. What takes
        // long is not done on loops, so that one serves a door, and doors are spread over them.
        let loop = eventLoopGroup.next()
        let quiescing = ServerQuiescingHelper(group: loop)
        let listening = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AvailableConnectionsChannelHandler(maxConnections: Self.connectionsMax))
                    try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [responder, goesElsewhere, logger] channel in
                let answer: HTTP1Connection.Answer = { try await responder.respond(to: $0, context: $1) }
                return channel.eventLoop.makeCompletedFuture {
                    guard let security = responder.gate?.security else {
                        return try HTTP1Connection.configure(channel, logger: logger, goesElsewhere: goesElsewhere, answer: answer)
                    }
                    try SecureConnection(security: security, idleSeconds: Self.idleSeconds, logger: logger, answer: answer).configure(channel)
                }
            }
            .bind(host: address, port: port).get()
        board.opened(door, port: listening.localAddress?.port ?? port)
        try? await gracefulShutdown()
        // No new connections; those there are end with the answer under way.
        let ended = listening.eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: ended)
        try await ended.futureResult.get()
    }

    private func serveHTTP2() async throws {
        let app = Application(
            responder: responder, server: .plaintextHTTP2(configuration: .init(idleTimeout: .seconds(Self.idleSeconds), gracefulCloseTimeout: .seconds(5))),
            configuration: .init(address: .hostname(address, port: port), serverName: nil, availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionsMax)),
            onServerRunning: { channel in board.opened(door, port: channel.localAddress?.port ?? port) },
            eventLoopGroupProvider: .shared(eventLoopGroup), logger: logger)
        try await app.run()
    }
}
