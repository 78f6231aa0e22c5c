import Hummingbird
import Logging
import NIOCore

/// What travels with a request through every door.
package struct SurfaceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address, for logs and limits; nil in router tests.
    package let remoteAddress: SocketAddress?
    /// nil for what is asked within the process.
    private let channel: (any Channel)?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
        channel = source.channel
    }

    private struct WithinProcess: RequestContextSource { let logger: Logger }

    /// For a request that comes from this process itself, past every door.
    package init(logger: Logger) {
        coreContext = CoreRequestContextStorage(source: WithinProcess(logger: logger))
        remoteAddress = nil
        channel = nil
    }

    /// Whether the peer is on this machine and came by its loopback; a request within the process is.
    package var isFromLoopback: Bool {
        guard let address = remoteAddress?.ipAddress else { return true }
        return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }

    /// Does `work` in a task that is cancelled when the peer goes away before it is done.
    package func whileConnected<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        let task = Task(operation: work)
        // Router tests have no connection.
        if let channel, channel.isActive {
            channel.eventLoop.execute {
                (try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self))?.whenPeerLeaves { task.cancel() }
            }
        }
        return await withTaskCancellationHandler { await task.value } onCancel: { task.cancel() }
    }
}
