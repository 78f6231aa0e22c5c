import Hummingbird
import Logging
import NIOCore

/// What travels with a request through every door.
package struct SurfaceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address, for logs and limits; nil in router tests.
    package let remoteAddress: SocketAddress?
    /// Tells when the peer goes away; nil where that cannot be heard: in router tests, and over HTTP/2.
    var departure: Departure?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }

    private struct WithinProcess: RequestContextSource { let logger: Logger }

    /// For a request that comes from this process itself, past every door.
    package init(logger: Logger) {
        coreContext = CoreRequestContextStorage(source: WithinProcess(logger: logger))
        remoteAddress = nil
    }

    /// Whether the peer is on this machine and came by its loopback; a request within the process is.
    package var isFromLoopback: Bool {
        guard let address = remoteAddress?.ipAddress else { return true }
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }

    /// Does `work`, which is cancelled when the peer goes away before it is done.
    package func whileConnected<Value: Sendable>(_ work: @Sendable () async -> Value) async -> Value {
        guard let departure else { return await work() }
        return await departure.during(work)
    }
}
