import Logging
import ServiceLifecycle
import TraceStore

/// The sealing and the retention of traces as a service.
struct TraceUpkeep: Service {
    let store: TraceStore
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown { [store, logger] in
            await store.run { logger.error("traces: \($0); what was taken is kept, and it is tried again") }
        }
    }
}
