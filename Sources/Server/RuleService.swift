import Rules
import ServiceLifecycle

/// The evaluation of rules as a service: it ends with its task.
struct RuleService: Service {
    let manager: RuleManager

    func run() async throws {
        await cancelWhenGracefulShutdown { await manager.run() }
    }
}
