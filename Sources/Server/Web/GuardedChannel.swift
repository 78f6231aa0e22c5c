import HTTPSurface
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The connections of a door that has a gate: plain HTTP, or TLS with HTTP/1.1 and HTTP/2, as the gate says when each of them comes.
struct GuardedChannel: HTTPChannelHandler {
    struct Value: ServerChildChannelValue {
        enum Wire: Sendable {
            case http1(HTTP1Channel.Value)
            case negotiated(HTTP2UpgradeChannel, HTTP2UpgradeChannel.Value)
        }

        let wire: Wire
        let channel: any Channel
    }

    /// The upgrade belongs to one state of the gate, and is made once for it.
    private final class Upgrades: Sendable {
        private let last = Mutex<(security: DoorSecurity, upgrade: HTTP2UpgradeChannel)?>(nil)

        func upgrade(for security: DoorSecurity, _ make: () throws -> HTTP2UpgradeChannel) rethrows -> HTTP2UpgradeChannel {
            try last.withLock { last in
                if let last, last.security === security { return last.upgrade }
                let upgrade = try make()
                last = (security, upgrade)
                return upgrade
            }
        }
    }

    let gate: WebGate
    let responder: Responder
    private let idleSeconds: Int64
    private let http1: HTTP1Channel
    private let upgrades = Upgrades()

    init(gate: WebGate, idleSeconds: Int64, responder: @escaping Responder) {
        self.gate = gate
        self.responder = responder
        self.idleSeconds = idleSeconds
        http1 = HTTP1Channel(responder: responder, configuration: Self.streams(idleSeconds))
    }

    private static func streams(_ idleSeconds: Int64) -> HTTP1Channel.Configuration {
        .init(additionalChannelHandlers: [ConnectionGuard()], idleTimeout: .seconds(idleSeconds))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard let security = gate.security else { return http1.setup(channel: channel, logger: logger).map { Value(wire: .http1($0), channel: channel) } }
        do {
            try channel.pipeline.syncOperations.addHandlers([PlainRequestRefusal()])
            guard security.allowsHTTP2 else {
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLServerHandler(context: security.context, customVerificationCallback: security.verification, configuration: .init()))
                try Self.limitHandshake(channel)
                return http1.setup(channel: channel, logger: logger).map { Value(wire: .http1($0), channel: channel) }
            }
            let upgrade = try upgrades.upgrade(for: security) {
                try HTTP2UpgradeChannel(
                    tlsChannelConfiguration: .init(
                        tlsConfiguration: security.configuration,
                        customVerificationCallback: security.verification),
                    configuration: .init(idleTimeout: .seconds(idleSeconds), gracefulCloseTimeout: .seconds(5), streamConfiguration: Self.streams(idleSeconds)), responder: responder)
            }
            let negotiated = upgrade.setup(channel: channel, logger: logger).map { Value(wire: .negotiated(upgrade, $0), channel: channel) }
            try Self.limitHandshake(channel)
            return negotiated
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private static func limitHandshake(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HandshakeLimit(), position: .after(pipeline.handler(type: NIOSSLServerHandler.self)))
    }

    func handle(value: Value, logger: Logger) async {
        switch value.wire {
        case .http1(let connection): await http1.handle(value: connection, logger: logger)
        case .negotiated(let upgrade, let connection): await upgrade.handle(value: connection, logger: logger)
        }
    }
}
