import Hummingbird
import NIOCore

/// What travels with a request through every door.
package struct SurfaceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address, for logs and limits; nil in router tests.
    package let remoteAddress: SocketAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
