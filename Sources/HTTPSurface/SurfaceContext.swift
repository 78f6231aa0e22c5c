import Hummingbird
import NIOCore

/// What travels with a request through every door.
package struct SurfaceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address, for logs and limits; nil in router tests.
    package let remoteAddress: SocketAddress?
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
        channel = source.channel
    }

    /// Does `work` in a task that is cancelled when the peer goes away before it is done.
    package func whileConnected<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        let task = Task(operation: work)
        // Router tests have no connection.
        if channel.isActive {
            channel.eventLoop.execute { [channel] in
                (try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self))?.whenPeerLeaves { task.cancel() }
            }
        }
        return await withTaskCancellationHandler { await task.value } onCancel: { task.cancel() }
    }
}
