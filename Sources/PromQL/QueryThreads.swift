import Dispatch

/// Threads that may block and compute for long, as many as there are queries; the bound is the engine's queue.
final class QueryThreads: TaskExecutor {
    private let queue = DispatchQueue(label: "promql", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Lets go of what a query needed, on a thread that nobody waits for.
    func free(_ things: any Sendable) { queue.async { withExtendedLifetime(things) {} } }
}
