import RemoteStores
import ServiceLifecycle

/// The queues of remote write as a service: they end with their task.
struct RemoteWriteService: Service {
    let writer: RemoteWriter

    func run() async throws {
        await cancelWhenGracefulShutdown { await writer.run() }
    }
}
