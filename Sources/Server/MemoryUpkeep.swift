import HTTPSurface
import Platform
import ServiceLifecycle

/// Gives memory that queries and their answers needed back to the system, a while after them.
struct MemoryUpkeep: Service {
    private static let intervalNanos: UInt64 = 30_000_000_000

    let clock: any TimeSource

    func run() async throws {
        await cancelWhenGracefulShutdown { [clock] in
            while (try? await clock.sleep(nanos: Self.intervalNanos)) != nil {
                ScratchMemory.shared.giveBack()
                AnswerBuffers.shared.giveBack()
            }
        }
    }
}
