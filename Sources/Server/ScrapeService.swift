import Acquisition
import ServiceLifecycle

/// The scrape loops as a service: they end with their task.
struct ScrapeService: Service {
    let manager: ScrapeManager

    func run() async throws {
        await cancelWhenGracefulShutdown { await manager.run() }
    }
}
