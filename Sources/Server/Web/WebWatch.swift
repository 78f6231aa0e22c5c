import Platform
import ServiceLifecycle

/// Looks every second whether `web.yml` or a certificate has changed, so that a renewed one is served without a reload, as upstream.
struct WebWatch: Service {
    let gate: WebGate
    let pool: BlockingPool

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                await pool.run { gate.refresh() }
            }
        }
    }
}
