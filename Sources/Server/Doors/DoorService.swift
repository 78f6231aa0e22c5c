import HTTPSurface
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
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
    let board: DoorBoard
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    /// Connections a door holds at once; more wait in the backlog.
    private static let connectionsMax = 2_048
    private static let idleSeconds: Int64 = 120

    func run() async throws {
        let delegate = MaximumAvailableConnections(Self.connectionsMax)
        let server: HTTPServerBuilder =
            switch (wire, responder.gate) {
            case (.http1, let gate?): HTTPServerBuilder { GuardedChannel(gate: gate, idleSeconds: Self.idleSeconds, responder: $0) }
            case (.http1, nil):
                .http1(configuration: .init(additionalChannelHandlers: [ConnectionGuard()], idleTimeout: .seconds(Self.idleSeconds)))
            case (.plaintextHTTP2, _):
                .plaintextHTTP2(configuration: .init(idleTimeout: .seconds(Self.idleSeconds), gracefulCloseTimeout: .seconds(5)))
            }
        let app = Application(
            responder: responder, server: server,
            configuration: .init(address: .hostname(address, port: port), serverName: nil, availableConnectionsDelegate: delegate),
            onServerRunning: { channel in board.opened(door, port: channel.localAddress?.port ?? port) },
            eventLoopGroupProvider: .shared(eventLoopGroup), logger: logger)
        do {
            try await app.run()
        } catch {
            board.failed(door, reason: "\(door.title) cannot listen on \(address):\(port): \(error)")
            throw error
        }
    }
}
