import RemoteStores
import ServiceLifecycle

/// The exporters of the collector's pipelines as a service: they end with their task, after what waits in them has had its chance.
struct ForwardingService: Service {
    let forwarding: OTLPForwarding

    func run() async throws {
        await cancelWhenGracefulShutdown { await forwarding.run() }
    }
}
